/* Conveniences of every page: menus close on Escape and on a click elsewhere; trouble with a partial update is
   said; a partial update that met the sign-in page goes there as a whole page; changed findings are shown. */
(() => {
  "use strict";
  const menus = () => document.querySelectorAll("details[data-menu][open]");

  document.addEventListener("click", (event) => {
    for (const menu of menus()) if (!menu.contains(event.target)) menu.open = false;
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    for (const menu of menus()) {
      menu.open = false;
      menu.querySelector("summary").focus();
    }
  });

  /* A word in the corner, read out by screen readers, gone after a while. */
  function toast(text) {
    const place = document.querySelector("[data-toasts]");
    if (!place || !text) return;
    const box = document.createElement("div");
    box.className = "notice message hue-red";
    box.append(document.createElement("span"), text);
    place.replaceChildren(box);
    setTimeout(() => box.remove(), 12000);
  }
  for (const trouble of ["htmx:sendError", "htmx:timeout", "htmx:responseError"]) {
    document.addEventListener(trouble, () => toast(document.body.dataset.trouble));
  }

  document.addEventListener("htmx:beforeSwap", (event) => {
    const answered = new URL(event.detail.xhr.responseURL || location.href);
    const boosted = event.detail.boosted || event.detail.requestConfig?.boosted;
    if (boosted || !answered.pathname.startsWith("/accounts/login")) return;
    event.detail.shouldSwap = false;
    location.assign(`${answered.pathname}?next=${encodeURIComponent(location.pathname + location.search)}`);
  });

  /* Motion only to show what changed: a finding that turned is marked for a moment. */
  const states = new Map();
  const findings = () => document.querySelectorAll("[data-checklist] [data-clause]");
  document.addEventListener("htmx:beforeSwap", () => {
    states.clear();
    for (const finding of findings()) states.set(finding.dataset.clause, finding.classList.contains("is-met"));
  });
  document.addEventListener("htmx:afterSettle", () => {
    for (const finding of findings()) {
      const before = states.get(finding.dataset.clause);
      if (before !== undefined && before !== finding.classList.contains("is-met")) finding.classList.add("changed");
    }
  });

  /* Errors of a form are where the reader looks next. */
  const goToErrors = () => document.querySelector("[data-form-errors]")?.focus();
  document.addEventListener("DOMContentLoaded", () => {
    /* Whoever has begun to type while the scripts were on their way is left where they are. */
    if (!document.activeElement?.matches("input:not([autofocus]), select, textarea")) goToErrors();
  });
  document.addEventListener("htmx:afterSettle", (event) => {
    if (event.detail.elt.querySelector?.("[data-form-errors]")) goToErrors();
  });
})();
