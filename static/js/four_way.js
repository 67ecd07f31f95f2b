// The four-way choice: 0 to 3 choose and go on, Backspace clears; a second click on the chosen one clears it too.
(() => {
  const group = (element) => element.closest?.("[data-four-way]");
  const radios = (fieldset) => [...fieldset.querySelectorAll("input[type=radio]")];
  const tell = (radio) => radio.dispatchEvent(new Event("change", { bubbles: true }));

  function next(fieldset) {
    const all = [...document.querySelectorAll("[data-four-way]:not(:disabled)")];
    const following = all[all.indexOf(fieldset) + 1];
    const target = following && (radios(following).find((radio) => radio.checked) ?? radios(following)[0]);
    target?.focus();
  }

  function clear(fieldset) {
    const chosen = radios(fieldset).find((radio) => radio.checked);
    if (!chosen) return;
    chosen.checked = false;
    tell(chosen);
  }

  document.addEventListener("keydown", (event) => {
    const fieldset = group(event.target);
    if (!fieldset || event.ctrlKey || event.metaKey || event.altKey) return;
    const wanted = radios(fieldset).find((radio) => radio.value === event.key);
    if (wanted) {
      wanted.checked = true;
      tell(wanted);
      next(fieldset);
    } else if (event.key === "Backspace" || event.key === "Delete") clear(fieldset);
    else return;
    event.preventDefault();
  });

  let wasChosen = null;
  document.addEventListener("pointerdown", (event) => {
    const radio = group(event.target) && event.target.closest("label")?.querySelector("input[type=radio]");
    wasChosen = radio?.checked ? radio : null;
  });
  document.addEventListener("click", (event) => {
    if (event.target === wasChosen) clear(group(wasChosen));
    if (event.target.matches?.("[data-four-way] input")) wasChosen = null;
  });
})();
