/* Forms: a second press while the first is on its way does nothing, and buttons say so; coming back to the page
   enables them again. data-no-busy on a form (an export, a download) leaves it alone.
   data-keep="key" on a form keeps what was typed in this tab until a page with data-kept="key" says it was taken.
   What was entered before the scripts came is marked data-early and heard as soon as they all listen. */
(() => {
  "use strict";
  /* Scripts are deferred: over a slow connection a form can be filled in before any of them hears it. DOMContentLoaded
     comes when all have run; htmx, the first of them, has found its forms by then. Searches (method get) are left
     alone: a browser that puts an old one back when it reloads would otherwise never get past it. */
  const FIELDS = "input:not([type=hidden], [type=submit], [type=button], [type=reset], [type=image]), select, textarea";

  function entered(field) {
    if (field.type === "file") return field.files.length > 0;
    if (field.type === "checkbox" || field.type === "radio") return field.checked !== field.defaultChecked;
    if (field.type === "select-one") {
      return field.selectedIndex !== Math.max(0, [...field.options].findLastIndex((option) => option.defaultSelected));
    }
    if (field.type === "select-multiple") return [...field.options].some((one) => one.selected !== one.defaultSelected);
    return field.value !== field.defaultValue;
  }

  document.addEventListener("DOMContentLoaded", () => {
    const early = [];
    for (const form of document.forms) {
      if (form.method !== "post") continue;
      const fields = [...form.elements].filter((field) => field.matches(FIELDS));
      for (const field of fields.filter(entered)) {
        early.push(field);
        const choices = field.type === "radio" ? fields.filter((other) => other.name === field.name) : [field];
        for (const choice of choices) choice.dataset.early = "";
      }
    }
    if (!early.length) return;
    setTimeout(() => {
      for (const field of early) {
        if (field.type === "radio" && !field.checked) continue;
        field.dispatchEvent(new Event("input", { bubbles: true }));
        field.dispatchEvent(new Event("change", { bubbles: true }));
      }
    });
  });

  const buttonsOf = (form) => [...form.elements].filter((element) => element.type === "submit");

  function free(form) {
    delete form.dataset.sending;
    form.removeAttribute("aria-busy");
    for (const button of buttonsOf(form)) {
      if (button.dataset.busy === undefined) continue;
      delete button.dataset.busy;
      button.disabled = false;
    }
  }

  function hold(form) {
    form.dataset.sending = "";
    form.setAttribute("aria-busy", "true");
    /* After the event, so that the pressed button's own name and value are still sent. */
    setTimeout(() => {
      if (form.dataset.sending === undefined) return;
      for (const button of buttonsOf(form)) {
        if (button.disabled) continue;
        button.dataset.busy = "";
        button.disabled = true;
      }
    });
  }

  document.addEventListener(
    "submit",
    (event) => {
      const form = event.target;
      if (form.method !== "post" || form.dataset.noBusy !== undefined) return;
      if (form.dataset.sending !== undefined) {
        event.preventDefault();
        event.stopImmediatePropagation();
        return;
      }
      hold(form);
    },
    true,
  );
  window.addEventListener("pageshow", () => document.querySelectorAll("form[data-sending]").forEach(free));
  document.addEventListener("htmx:afterRequest", (event) => {
    const form = event.detail.elt.closest("form");
    if (form) free(form);
  });

  const KEPT = "kept:";
  const keepable = (element) =>
    element.name && !["hidden", "password", "file", "submit", "button"].includes(element.type);

  function keep(form) {
    const values = {};
    for (const element of form.elements) {
      if (!keepable(element)) continue;
      if (element.type === "radio" || element.type === "checkbox") {
        (values[element.name] ??= []).push(...(element.checked ? [element.value] : []));
      } else {
        values[element.name] = element.value;
      }
    }
    sessionStorage.setItem(KEPT + form.dataset.keep, JSON.stringify(values));
  }

  function restore(form) {
    const values = JSON.parse(sessionStorage.getItem(KEPT + form.dataset.keep) || "{}");
    for (const element of form.elements) {
      if (!keepable(element) || "early" in element.dataset || !(element.name in values)) continue;
      const value = values[element.name];
      if (Array.isArray(value)) {
        element.checked = value.includes(element.value);
      } else if (!element.value) {
        element.value = value;
      }
    }
  }

  document.addEventListener("input", (event) => {
    const form = event.target.form;
    if (form && form.dataset.keep) keep(form);
  });
  document.addEventListener("DOMContentLoaded", () => {
    for (const taken of document.querySelectorAll("[data-kept]")) sessionStorage.removeItem(KEPT + taken.dataset.kept);
    for (const form of document.querySelectorAll("form[data-keep]")) {
      if (!form.querySelector("[data-form-errors]")) restore(form);
    }
  });
})();
