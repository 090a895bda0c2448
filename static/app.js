// What HTML cannot do alone, and nothing that a page needs: everything works without this file.
(() => {
  "use strict";
  const on = (type, handler, capture) => document.addEventListener(type, handler, capture);

  // A select or checkbox marked data-autosubmit sends its form as soon as it changes.
  on("change", (e) => {
    if (e.target.closest("[data-autosubmit]")) e.target.form?.requestSubmit();
  });

  // A form is sent once: a second submit is held back until the answer came, or ten seconds went by (downloads).
  const release = (form) => {
    form.removeAttribute("aria-busy");
    form.querySelectorAll(".is-busy").forEach((b) => b.classList.remove("is-busy"));
  };
  on("submit", (e) => {
    const form = e.target;
    if (e.defaultPrevented || form.method !== "post") return;
    if (form.getAttribute("aria-busy") === "true") return e.preventDefault();
    form.setAttribute("aria-busy", "true");
    e.submitter?.classList.add("is-busy");
    setTimeout(release, 10000, form);
  });
  addEventListener("pageshow", () => document.querySelectorAll("form[aria-busy]").forEach(release));

  // A button with data-copy puts the text of the element it names on the clipboard, and says so in data-copied's words.
  on("click", async (e) => {
    const button = e.target.closest("[data-copy]");
    if (!button) return;
    const source = document.getElementById(button.dataset.copy);
    const text = source.value ?? source.textContent;
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      source.select?.(); // no permission: the text is marked, ready for the keyboard
      return;
    }
    const label = button.querySelector(".button-label");
    const before = label.textContent;
    label.textContent = button.dataset.copied;
    setTimeout(() => (label.textContent = before), 2000);
  });

  // Menus close on Escape, on a click elsewhere and when the focus leaves them.
  const openMenus = () => document.querySelectorAll("details[data-menu][open]");
  on("keydown", (e) => {
    if (e.key !== "Escape") return;
    openMenus().forEach((menu) => {
      const inside = menu.contains(document.activeElement);
      menu.open = false;
      if (inside) menu.querySelector("summary").focus();
    });
  });
  const closeOthers = (e) => openMenus().forEach((menu) => menu.contains(e.target) || (menu.open = false));
  on("click", closeOthers);
  on("focusin", closeOthers);

  // Where a part of the page is exchanged, what the reader opened or closed in it stays so, if it has an id.
  const unfolded = new Map();
  on("toggle", (e) => e.target.id && !("menu" in e.target.dataset) && unfolded.set(e.target.id, e.target.open), true);
  on("htmx:afterSwap", () => unfolded.forEach((open, id) => document.getElementById(id)?.toggleAttribute("open", open)));

  Idiomorph.defaults.callbacks.beforeAttributeUpdated = (name, element) => !(name === "open" && element.localName === "details");

  // A page is left when its session is over: whether it is, is asked when the page is looked at again, and when its live stream ended.
  const stay = async () => {
    if (!document.querySelector("form[action='/sign-out']")) return;
    const answer = await fetch("/session", { redirect: "manual" }).catch(() => null);
    if (answer?.type === "opaqueredirect") location.reload();
  };
  on("visibilitychange", () => document.hidden || stay());
  on("htmx:sseError", stay);
  on("segue:streamended", stay);
  addEventListener("pageshow", (e) => e.persisted && stay());

  // After an htmx swap the focus goes to a new error summary; otherwise htmx keeps it where it was.
  on("htmx:afterSettle", (e) => e.target.querySelector?.(".error-summary")?.focus());
})();
