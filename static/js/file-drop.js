/* A file input that also takes a drop: shows the name and size, says at once what the server would refuse
   (the server decides), and shows the progress of an upload sent through htmx. Without this script it is a
   plain file input. */
(() => {
  "use strict";
  const boxOf = (element) => element.closest?.("[data-file-drop]");
  const inputOf = (box) => box.querySelector('input[type="file"]');

  function size(bytes) {
    const unit = bytes < 1e6 ? "kilobyte" : "megabyte";
    return new Intl.NumberFormat(document.documentElement.lang, {
      style: "unit",
      unit,
      maximumFractionDigits: unit === "megabyte" ? 1 : 0,
    }).format(bytes / (unit === "megabyte" ? 1e6 : 1e3));
  }

  function complaint(box, file) {
    const kinds = (box.dataset.accept || "").toLowerCase().split(",").filter(Boolean);
    if (kinds.length && !kinds.some((kind) => file.name.toLowerCase().endsWith(kind.trim()))) return box.dataset.wrongKind;
    if (box.dataset.maxBytes && file.size > Number(box.dataset.maxBytes)) return box.dataset.tooLarge;
    return "";
  }

  function show(box) {
    const input = inputOf(box);
    const file = input.files[0];
    const problem = file ? complaint(box, file) : "";
    const name = document.createElement("strong");
    name.textContent = file ? file.name : "";
    box.querySelector("[data-file-name]").replaceChildren(name, file ? `${size(file.size)} ` : "", problem);
    input.setCustomValidity(problem);
    input.toggleAttribute("aria-invalid", false);
    if (problem) input.setAttribute("aria-invalid", "true");
  }

  function prepare() {
    for (const box of document.querySelectorAll("[data-file-drop]")) box.dataset.fileDropReady = "";
  }

  document.addEventListener("DOMContentLoaded", prepare);
  document.addEventListener("htmx:afterSettle", prepare);
  document.addEventListener("change", (event) => {
    const box = boxOf(event.target);
    if (box && event.target.type === "file") show(box);
  });
  document.addEventListener("dragover", (event) => {
    const box = boxOf(event.target);
    if (!box) return;
    event.preventDefault();
    box.dataset.over = "";
  });
  document.addEventListener("dragleave", (event) => {
    const box = boxOf(event.target);
    if (box && !box.contains(event.relatedTarget)) delete box.dataset.over;
  });
  document.addEventListener("drop", (event) => {
    const box = boxOf(event.target);
    if (!box) return;
    event.preventDefault();
    delete box.dataset.over;
    if (!event.dataTransfer.files.length) return;
    const input = inputOf(box);
    input.files = event.dataTransfer.files;
    input.dispatchEvent(new Event("change", { bubbles: true }));
  });

  document.addEventListener("htmx:xhr:progress", (event) => {
    const bar = event.target.querySelector?.("[data-file-drop] progress");
    if (!bar || !event.detail.lengthComputable) return;
    bar.hidden = false;
    bar.value = (100 * event.detail.loaded) / event.detail.total;
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    const bar = event.target.querySelector?.("[data-file-drop] progress");
    if (bar) bar.hidden = true;
  });
})();
