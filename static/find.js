// The search: reached by Ctrl+K (a key by itself would get in the way of who speaks to the computer), walked through with the arrow keys.
// Without this file the field sends its form to the page of the search.
(() => {
  "use strict";
  const on = (type, handler) => document.addEventListener(type, handler);
  const seen = (element) => element?.checkVisibility();

  const mac = /^Mac|iPhone|iPad/.test(navigator.platform);
  const hint = document.querySelector("[data-find-key]");
  if (hint) {
    hint.textContent = mac ? "⌘ K" : "Ctrl K";
    hint.hidden = false;
  }

  // What was found stands below the header's field while the focus is on either.
  const show = (found, is) => found && (found.hidden = !is);
  on("focusin", (e) => {
    document.querySelectorAll("[data-find-found]").forEach((found) => show(found, found.parentElement.contains(e.target)));
  });
  on("click", (e) => {
    if (!e.target.closest("[data-find]")) document.querySelectorAll("[data-find-found]").forEach((found) => show(found, false));
  });
  on("input", (e) => {
    const found = e.target.matches("[data-find-field]") && e.target.closest("[data-find]").querySelector("[data-find-found]");
    if (found) show(found, e.target.value.trim() !== "");
  });

  on("keydown", (e) => {
    if (e.key.toLowerCase() === "k" && (e.ctrlKey || e.metaKey) && !e.altKey && !e.shiftKey) {
      const field = [...document.querySelectorAll("[data-find-field]")].find(seen);
      const link = document.querySelector("[data-find-link]");
      if (!field && !link) return;
      e.preventDefault();
      field ? (field.focus(), field.select()) : link.click();
      return;
    }
    const finder = e.target.closest?.("[data-find]");
    if (!finder) return;
    const field = finder.querySelector("[data-find-field]");
    const stops = [field, ...finder.querySelectorAll("[data-find-result]")];
    const at = stops.indexOf(e.target);
    if (at < 0) return;
    const found = finder.querySelector("[data-find-found]");
    if (e.key === "ArrowDown" || e.key === "ArrowUp") {
      const next = stops[at + (e.key === "ArrowDown" ? 1 : -1)];
      if (!next || found?.hidden) return;
      e.preventDefault();
      next.focus();
    } else if (e.key === "Escape" && found && !found.hidden) {
      e.preventDefault();
      field.focus();
      show(found, false);
      document.querySelector("[data-find-said]").textContent = "";
    } else if (at > 0 && (e.key.length === 1 || e.key === "Backspace") && !e.ctrlKey && !e.metaKey && !e.altKey && e.key !== " ") {
      field.focus();
      field.setSelectionRange(field.value.length, field.value.length); // one goes on typing
    }
  });
})();
