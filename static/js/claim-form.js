/* The claim form. What is typed is kept in this tab until the draft on the server has it, so that a session that
   ended in between, or a page left too soon, loses nothing; it is put back when the form opens again.
   Each change is sent with the names of the fields, so that the answer brings only what depends on them. What was
   entered before this script came is told by forms.js, and is newer than what was kept. */
(() => {
  "use strict";
  const KEPT = "claim:";
  for (const taken of document.querySelectorAll("[data-claim-taken]")) {
    sessionStorage.removeItem(KEPT + taken.dataset.claimTaken);
  }
  const form = document.querySelector("form[data-claim-form]");
  if (!form) return;
  const key = KEPT + form.dataset.claimForm;
  const keepable = (field) => field.name && !["hidden", "file", "submit", "button"].includes(field.type);
  const changed = new Set();
  let waiting = 0;
  let typing;

  function keep() {
    const values = {};
    for (const field of form.elements) {
      if (!keepable(field) || (field.type === "radio" && !field.checked)) continue;
      values[field.name] = field.value;
    }
    waiting += 1;
    sessionStorage.setItem(key, JSON.stringify(values));
  }

  function putBack() {
    const values = JSON.parse(sessionStorage.getItem(key) || "{}");
    const different = [];
    for (const field of form.elements) {
      if (!keepable(field) || "early" in field.dataset || !(field.name in values)) continue;
      if (field.type === "radio") {
        const on = field.value === values[field.name];
        if (on !== field.checked) different.push(field.name);
        field.checked = on;
      } else if (field.value !== values[field.name]) {
        different.push(field.name);
        field.value = values[field.name];
      }
    }
    if (!different.length) return;
    document.querySelector("[data-restored]").hidden = false;
    for (const name of different) changed.add(name);
    htmx.trigger(form, "keep");
  }

  form.addEventListener("input", (event) => {
    keep();
    changed.add(event.target.name);
    clearTimeout(typing);
    /* Text is sent when the typing pauses; everything else when it is chosen. */
    if (event.target.matches("textarea")) typing = setTimeout(() => htmx.trigger(form, "keep"), 1200);
  });
  form.addEventListener("change", (event) => {
    changed.add(event.target.name);
  });
  form.addEventListener("htmx:configRequest", (event) => {
    event.detail.parameters.changed = [...changed];
    changed.clear();
    form.dataset.sent = String(waiting);
  });
  form.addEventListener("htmx:afterRequest", (event) => {
    const note = form.querySelector("[data-kept-note]");
    const kept = event.detail.successful && !event.detail.xhr.getResponseHeader("HX-Redirect");
    if (kept && form.dataset.sent === String(waiting)) sessionStorage.removeItem(key);
    note.textContent = kept ? note.dataset.keptText : "";
  });
  document.addEventListener("DOMContentLoaded", () => {
    if (!("claimSent" in form.dataset)) putBack();
  });
})();
