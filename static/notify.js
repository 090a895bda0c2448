// Notices of the browser when a run ends and nobody looks at Segue. Nothing is asked for but by the button of a part marked
// data-notify; that somebody pressed it is kept in this browser, and pressing it again ends it.
(() => {
  "use strict";
  const key = "segue-notify";
  const chosen = () => {
    try {
      return localStorage.getItem(key) === "on";
    } catch {
      return false;
    }
  };
  const state = () => {
    if (!("Notification" in window)) return "missing"; // as where the connection is not secure
    if (Notification.permission === "denied") return "denied";
    return chosen() && Notification.permission === "granted" ? "on" : "off";
  };

  const draw = () => {
    const now = state();
    document.querySelectorAll("[data-notify]").forEach((part) => {
      const button = part.querySelector("button");
      button.hidden = now === "missing" || now === "denied";
      button.querySelector(".button-label").textContent = now === "on" ? button.dataset.off : button.dataset.on;
      part.querySelectorAll("[data-state]").forEach((text) => (text.hidden = text.dataset.state !== now));
      part.hidden = false;
    });
  };
  document.addEventListener("click", async (e) => {
    if (!e.target.closest("[data-notify] button")) return;
    const wanted = state() === "off";
    if (wanted) await Notification.requestPermission();
    try {
      localStorage.setItem(key, wanted ? "on" : "off");
    } catch {} // then it is not remembered, and stays off
    draw();
    lead();
  });
  addEventListener("storage", draw);
  addEventListener("pageshow", draw);

  document.addEventListener("segue:ended", ({ detail: item }) => {
    if (!document.hidden || state() !== "on") return;
    const part = (name) => item.querySelector(name).textContent.trim();
    try {
      const notice = new Notification(part("a") + " · " + part(".news-state"), { body: part(".news-text"), tag: "segue-run-" + item.dataset.run });
      notice.onclick = () => {
        focus();
        location.assign(item.querySelector("a").href);
      };
    } catch {} // Android shows them from service workers alone
  });

  // Of the tabs that nobody looks at, one keeps listening.
  let release = null;
  const lead = () => {
    release?.();
    release = null;
    if (!document.hidden || state() !== "on") return;
    navigator.locks.request("segue-notify", { ifAvailable: true }, (lock) => lock && new Promise((done) => {
      release = () => {
        document.dispatchEvent(new CustomEvent("segue:watch", { detail: false }));
        done();
      };
      document.dispatchEvent(new CustomEvent("segue:watch", { detail: true }));
    }));
  };
  document.addEventListener("visibilitychange", lead);
})();
