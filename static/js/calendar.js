// The calendar: keys to turn its pages, and a session that is dragged opens its form with the new time filled in.
// Nothing is moved by the drag itself, so a slip of the hand tells nobody anything.
(() => {
  const calendar = document.querySelector("[data-calendar]");
  if (!calendar) return;

  const PATHS = { j: "later", k: "earlier", d: "day", w: "week", l: "list", t: "today" };
  const QUARTER = 15;
  const typing = (element) => element.closest("input, textarea, select, [contenteditable]");

  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
    if (document.querySelector("dialog[open]")) return;
    const move = event.target.closest("[data-move]");
    if (event.key === "m" && move) location.assign(move.dataset.move);
    else if (PATHS[event.key]) calendar.querySelector(`[data-page="${PATHS[event.key]}"]`)?.click();
    else return;
    event.preventDefault();
  });

  let held = null;
  let grip = 0;
  const pad = (number) => String(number).padStart(2, "0");

  calendar.addEventListener("dragstart", (event) => {
    held = event.target.closest?.("[data-move]");
    if (!held) return;
    grip = event.clientY - held.getBoundingClientRect().top;
    event.dataTransfer.effectAllowed = "move";
    event.dataTransfer.setData("text/plain", "");
  });

  for (const day of calendar.querySelectorAll("[data-day]")) {
    day.addEventListener("dragover", (event) => {
      if (!held) return;
      event.preventDefault();
      day.classList.add("is-over");
    });
    day.addEventListener("dragleave", () => day.classList.remove("is-over"));
    day.addEventListener("drop", (event) => {
      if (!held) return;
      event.preventDefault();
      const box = day.getBoundingClientRect();
      const hours = Number(calendar.dataset.hours);
      const share = Math.min(Math.max((event.clientY - grip - box.top) / box.height, 0), 1);
      const quarter = Math.min(Math.round((share * hours * 60) / QUARTER), hours * 4 - 1);
      const minutes = Number(calendar.dataset.first) * 60 + quarter * QUARTER;
      const at = `${day.dataset.day}T${pad(Math.floor(minutes / 60))}:${pad(minutes % 60)}`;
      location.assign(`${held.dataset.move}?to=${at}`);
    });
  }
  calendar.addEventListener("dragend", () => {
    held = null;
    calendar.querySelector(".is-over")?.classList.remove("is-over");
  });
})();
