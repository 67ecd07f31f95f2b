// Keys for those who like them: "/" search, "g" then a letter to go, "n" new note, "a" assess, "?" the list. Never while typing.
(() => {
  const DOORS = {
    t: ["desk:today"],
    c: ["supervision:caseload", "desk:clients"],
    s: ["counseling:calendar"],
    i: ["followup:inbox"],
  };
  const PATIENCE_MS = 1200;
  let leader = 0;

  const typing = (element) =>
    element.closest("input:not([type=radio], [type=checkbox], [type=button], [type=submit]), textarea, select, [contenteditable]");

  function go(letter) {
    for (const door of DOORS[letter] ?? []) {
      const link = document.querySelector(`[data-door="${door}"]`);
      if (link) return link.click();
    }
  }

  const press = {
    "/": () => document.querySelector("[data-search]")?.focus(),
    "?": () => document.getElementById("keys")?.showModal(),
    n: () => document.querySelector('[data-key="n"]')?.click(),
    a: () => document.querySelector('[data-key="a"]')?.click(),
    g: () => (leader = Date.now()),
  };

  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
    if (document.querySelector("dialog[open]")) return;
    const led = Date.now() - leader < PATIENCE_MS;
    leader = 0;
    if (led && DOORS[event.key]) go(event.key);
    else if (press[event.key]) press[event.key]();
    else return;
    event.preventDefault();
  });

  // Where a page is for typing one begins at once; nothing scrolls away. On a phone that would open its keyboard.
  if (matchMedia("(pointer: fine)").matches && location.hash === "") {
    const first = document.querySelector("[data-focus]");
    first?.focus({ preventScroll: true });
    if (first?.setSelectionRange) first.setSelectionRange(first.value.length, first.value.length);
  }
})();
