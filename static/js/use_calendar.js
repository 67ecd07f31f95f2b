// The use calendar by keyboard: arrows move, Shift and arrows tick several, "n" and "u" mark and go on to the next day.
(() => {
  const STEPS = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -7, ArrowDown: 7 };
  const page = () => document.getElementById("use-calendar");
  const days = () => [...(page()?.querySelectorAll("[data-day]") ?? [])];
  let goTo = "";

  function oneStop(at) {
    for (const day of days()) day.tabIndex = day === at ? 0 : -1;
  }

  function say(day) {
    const place = page()?.querySelector("[data-day-said]");
    if (place && day) place.textContent = day.dataset.says;
  }

  function mark(day, key) {
    const all = days();
    if (!all.some((one) => one.checked)) day.checked = true;
    const ticked = all.filter((one) => one.checked);
    const after = all[all.indexOf(ticked.at(-1)) + 1];
    goTo = (after ?? ticked.at(-1)).value;
    page().querySelector(`[data-mark="${key}"]`)?.click();
  }

  function tickUnknown() {
    for (const day of days()) if ("unknown" in day.dataset) day.checked = true;
  }

  document.addEventListener("keydown", (event) => {
    const day = event.target.closest?.("[data-day]");
    if (!day || event.ctrlKey || event.metaKey || event.altKey) return;
    const all = days();
    const at = all.indexOf(day);
    const next = { Home: 0, End: all.length - 1 }[event.key] ?? at + (STEPS[event.key] ?? 0);
    if (event.key in STEPS || event.key === "Home" || event.key === "End") {
      const found = all[next];
      if (found && event.shiftKey) for (const one of all.slice(Math.min(at, next), Math.max(at, next) + 1)) one.checked = true;
      found?.focus();
    } else if (event.key === "n" || event.key === "u") mark(day, event.key);
    else if (event.key === "a") tickUnknown();
    else return;
    event.preventDefault();
    event.stopPropagation();
  }, true);

  document.addEventListener("focusin", (event) => {
    const day = event.target.closest?.("[data-day]");
    if (!day) return;
    oneStop(day);
    say(day);
  });

  function begin() {
    const all = days();
    const today = all.at(-1);
    const found = all.find((day) => day.value === goTo);
    if (all.length) oneStop(found ?? today);
    if (found && !page().querySelector(".error-summary")) {
      const kept = page().querySelector("[data-day-said]")?.textContent;
      found.focus();
      if (kept) page().querySelector("[data-day-said]").textContent = kept;
    }
    goTo = "";
    page()?.querySelector(".error-summary")?.focus();
  }

  document.addEventListener("htmx:afterSettle", begin);
  document.addEventListener("DOMContentLoaded", begin);
  begin();
})();
