// A notice when a run ends, wherever one is, and the list of the runs that ended last. What is shown comes from /news each time; a
// browser keeps numbers alone: up to when the list was read (all tabs), and which notices are shown for how much longer (this tab).
(() => {
  "use strict";
  const list = document.getElementById("news-list");
  if (!list) return;
  const toasts = document.getElementById("toasts");
  const mould = document.getElementById("toast-mould").content.firstElementChild;
  const menu = document.getElementById("news");
  const shownFor = 10000, tick = 500; // milliseconds
  const atOnce = 3;

  const kept = (store, key, otherwise) => {
    try {
      return JSON.parse(store.getItem(key)) ?? otherwise;
    } catch {
      return otherwise; // the browser keeps nothing for us
    }
  };
  const keep = (store, key, value) => {
    try {
      store.setItem(key, JSON.stringify(value));
    } catch {} // then the next page knows less
  };
  const tab = kept(sessionStorage, "segue-news", { from: 0, left: {} }); // left: milliseconds for each notice, 0 once it is gone
  const keepTab = () => keep(sessionStorage, "segue-news", tab);
  const items = () => [...list.querySelectorAll("[data-run]")];
  const ended = (item) => Number(item.dataset.ended);

  // How many of the list are new since it was last opened, in any tab.
  const mark = () => {
    const since = kept(localStorage, "segue-news-read", 0);
    const fresh = items().filter((item) => ended(item) > since).length;
    menu.querySelector(".news-new").hidden = fresh === 0;
    menu.querySelector(".news-count").textContent = fresh;
  };
  const markRead = (upTo) => {
    keep(localStorage, "segue-news-read", upTo);
    mark();
  };
  menu.addEventListener("toggle", () => menu.open && markRead(Math.max(...items().map(ended), kept(localStorage, "segue-news-read", 0))));
  addEventListener("storage", mark);

  let cameFrom = null; // where the focus was before it went to a notice
  toasts.addEventListener("focusin", (e) => {
    if (!toasts.contains(e.relatedTarget)) cameFrom = e.relatedTarget;
  });
  const remove = (toast) => {
    const focused = toast.contains(document.activeElement);
    tab.left[toast.dataset.run] = 0;
    keepTab();
    toast.remove();
    if (!focused) return;
    const next = toasts.querySelector("button") ?? (cameFrom?.isConnected ? cameFrom : document.getElementById("main"));
    next.focus({ preventScroll: true });
  };
  toasts.addEventListener("click", (e) => e.target.closest("button") && remove(e.target.closest("[data-run]")));
  toasts.addEventListener("keydown", (e) => e.key === "Escape" && remove(e.target.closest("[data-run]")));

  // A notice goes by itself, but not while somebody points at one, or is in one, or looks at another tab.
  const wait = () => {
    if (document.hidden || toasts.matches(":hover, :focus-within")) return;
    for (const toast of [...toasts.children]) {
      if ((tab.left[toast.dataset.run] -= tick) <= 0) remove(toast);
    }
    keepTab();
  };
  setInterval(wait, tick);

  const show = (item) => {
    const toast = mould.cloneNode(true), run = item.dataset.run;
    toast.dataset.run = run;
    toast.classList.add(...[...item.classList].filter((name) => name.startsWith("tone-")));
    toast.prepend(...[...item.cloneNode(true).children]);
    const link = toast.querySelector("a");
    link.id = "toast-" + run;
    toast.querySelector("button").setAttribute("aria-describedby", link.id);
    toasts.append(toast);
  };

  const take = (markup) => {
    const focused = list.contains(document.activeElement) && document.activeElement.id;
    list.replaceChildren(...new DOMParser().parseFromString(markup, "text/html").body.childNodes);
    if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
    const now = Number(list.querySelector("[data-now]").dataset.now);
    tab.from ||= now;
    if (kept(localStorage, "segue-news-read", 0) === 0) keep(localStorage, "segue-news-read", now);
    mark();
    const here = document.querySelector("[data-watched-run]")?.dataset.watchedRun; // whose page says so itself
    const fresh = items().filter((item) => ended(item) > tab.from && !(item.dataset.run in tab.left));
    fresh.forEach((item, i) => {
      tab.left[item.dataset.run] = i < atOnce && item.dataset.run !== here ? shownFor : 0;
      if (i < atOnce) document.dispatchEvent(new CustomEvent("segue:ended", { detail: item }));
    });
    // What was on the page before is shown again, and not read out again.
    const again = items().filter((item) => tab.left[item.dataset.run] > 0 && !fresh.includes(item) && !document.getElementById("toast-" + item.dataset.run));
    if (again.length > 0) {
      toasts.setAttribute("aria-live", "off");
      again.reverse().forEach(show);
      setTimeout(() => toasts.removeAttribute("aria-live"), 100);
    }
    fresh.filter((item) => tab.left[item.dataset.run] > 0).reverse().forEach(show);
    keepTab();
  };

  let reading = false, again = false;
  const read = async () => {
    if (reading) return void (again = true);
    reading = true;
    const answer = await fetch("/news", { headers: { "HX-Request": "true" }, redirect: "manual" }).catch(() => null);
    if (answer?.ok) take(await answer.text());
    reading = false;
    if (again) {
      again = false;
      read();
    }
  };

  // A page that is live has a stream, which tells of news as well. Others open one while they are looked at, since browsers allow a site
  // six connections in all; and while they are not, if this tab is the one that notifies.
  let own = null, whileHidden = false;
  const listen = () => {
    if (document.querySelector("[sse-connect]") || (document.hidden && !whileHidden)) {
      own?.close();
      own = null;
    } else if (!own || own.readyState === EventSource.CLOSED) {
      own = new EventSource("/events?topic=news");
      own.addEventListener("news", read);
      own.onerror = () => document.dispatchEvent(new Event("segue:streamended"));
    }
  };
  document.addEventListener("htmx:sseOpen", (e) => {
    e.detail.source.addEventListener("news", read);
    read();
  });
  document.addEventListener("htmx:sseClose", () => setTimeout(listen)); // when the part that listened is gone
  document.addEventListener("visibilitychange", listen);
  document.addEventListener("segue:watch", (e) => {
    whileHidden = e.detail;
    listen();
  });
  addEventListener("pagehide", () => own?.close());
  addEventListener("pageshow", listen);
})();
