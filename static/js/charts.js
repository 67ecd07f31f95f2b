// A chart says its marks below itself when pointed at or focused; one tab stop, then the arrow keys.
(() => {
  const markOf = (event) => event.target.closest?.("[data-chart] .chart-mark");
  const place = (mark) => mark.closest("[data-chart]").querySelector("[data-chart-said]");

  function say(mark, text) {
    const said = place(mark);
    said.dataset.silent ??= said.textContent;
    said.textContent = text ?? said.dataset.silent;
    said.classList.toggle("speaks", Boolean(text));
  }

  for (const [begin, end] of [["mouseover", "mouseout"], ["focusin", "focusout"]]) {
    document.addEventListener(begin, (event) => markOf(event) && say(markOf(event), markOf(event).getAttribute("aria-label")));
    document.addEventListener(end, (event) => markOf(event) && say(markOf(event)));
  }

  document.addEventListener("keydown", (event) => {
    const mark = markOf(event);
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (!mark || !step) return;
    const marks = [...mark.parentElement.children];
    const next = marks[marks.indexOf(mark) + step];
    event.preventDefault();
    if (!next) return;
    mark.tabIndex = -1;
    next.tabIndex = 0;
    next.focus();
  });
})();
