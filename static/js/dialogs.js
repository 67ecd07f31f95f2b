// Native dialogs, the menu, printing, the place to look after an error. The script that first marks the page as alive.
document.documentElement.classList.add("js");

document.addEventListener("click", (event) => {
  const opener = event.target.closest("[data-opens]");
  if (opener) document.getElementById(opener.dataset.opens)?.showModal();
  const closer = event.target.closest("[data-closes]");
  if (closer) closer.closest("dialog")?.close();
  if (event.target.matches("dialog")) event.target.close(); // the backdrop belongs to the dialog
  if (event.target.closest("[data-print]")) window.print();
  for (const menu of document.querySelectorAll("[data-menu][open]")) {
    if (!menu.contains(event.target) || opener) menu.open = false;
  }
});

document.addEventListener("keydown", (event) => {
  const menu = event.key === "Escape" && document.querySelector("[data-menu][open]");
  if (!menu) return;
  menu.open = false;
  menu.querySelector("summary").focus();
});

// A table on paper is worth more than a closed lid.
window.addEventListener("beforeprint", () => {
  for (const table of document.querySelectorAll("details.chart-table")) table.open = true;
});

const lookHere = (root) => root.querySelector("[data-focus]")?.focus();
document.addEventListener("DOMContentLoaded", () => lookHere(document));
document.addEventListener("htmx:afterSwap", (event) => lookHere(event.target));
