/* Loaded early in <head>: writes the reader's choice of theme into data-theme before anything is painted,
   and remembers it (localStorage, and a cookie so that the server can tick the right choice). */
(() => {
  "use strict";
  const root = document.documentElement;
  const known = ["auto", "light", "dark"];

  function stored() {
    try {
      const theme = localStorage.getItem("theme");
      return known.includes(theme) ? theme : "auto";
    } catch {
      return "auto";
    }
  }

  function apply(theme) {
    root.dataset.theme = theme;
    const choice = document.getElementById(`theme-${theme}`);
    if (choice) choice.checked = true;
  }

  apply(stored());
  document.addEventListener("DOMContentLoaded", () => apply(stored()));
  document.addEventListener("change", (event) => {
    if (event.target.name !== "theme" || !known.includes(event.target.value)) return;
    const theme = event.target.value;
    try {
      localStorage.setItem("theme", theme);
    } catch {
      /* Without storage the choice lasts for this page. */
    }
    const secure = location.protocol === "https:" ? "; secure" : "";
    document.cookie = `theme=${theme}; path=/; max-age=31536000; samesite=lax${secure}`;
    apply(theme);
  });
})();
