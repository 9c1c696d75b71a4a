/* Keys for a queue. On the list: data-shortcuts. On each row: data-shortcut-row and tabindex="-1"; in it a link
   with data-shortcut="open", a checkbox with data-shortcut="tick". Anywhere on the page: data-shortcut="approve"
   and "reject". Deciding always takes a second key: a and r only move to the button, Enter presses it.
   Keys can be turned off (components/shortcuts.html), and never act while something is being typed. */
(() => {
  "use strict";
  const SWITCH = "shortcuts";
  const on = () => {
    try {
      return localStorage.getItem(SWITCH) !== "off";
    } catch {
      return true;
    }
  };
  const typing = (element) =>
    element.isContentEditable || element.matches("textarea, select, input:not([type=checkbox], [type=radio])");
  const rows = () => [...document.querySelectorAll("[data-shortcuts] [data-shortcut-row]")];
  const rowOf = (element) => element.closest?.("[data-shortcut-row]");

  function move(step) {
    const all = rows();
    if (!all.length) return;
    const here = all.indexOf(rowOf(document.activeElement));
    const next = here < 0 ? (step > 0 ? 0 : all.length - 1) : Math.min(Math.max(here + step, 0), all.length - 1);
    all[next].focus();
    all[next].scrollIntoView({ block: "nearest" });
  }

  function find(name) {
    const selector = `[data-shortcut="${name}"]`;
    return rowOf(document.activeElement)?.querySelector(selector) || document.querySelector(selector);
  }

  const keys = {
    j: () => move(1),
    k: () => move(-1),
    x: () => rowOf(document.activeElement)?.querySelector('[data-shortcut="tick"]')?.click(),
    a: () => find("approve")?.focus(),
    r: () => find("reject")?.focus(),
    Enter: () => {
      if (document.activeElement === rowOf(document.activeElement)) find("open")?.click();
    },
  };

  document.addEventListener("keydown", (event) => {
    const act = keys[event.key];
    if (!act || event.ctrlKey || event.metaKey || event.altKey || !on() || typing(event.target)) return;
    if (event.key !== "Enter") event.preventDefault();
    act();
  });
  document.addEventListener("DOMContentLoaded", () => {
    for (const box of document.querySelectorAll("[data-shortcuts-switch]")) {
      const store = () => localStorage.setItem(SWITCH, box.checked ? "on" : "off");
      if (box.checked !== box.defaultChecked) store(); /* pressed before this script came */
      box.checked = on();
      box.addEventListener("change", store);
    }
  });
})();
