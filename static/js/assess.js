// The assessment: the reason is asked for only where one's own stage differs from the suggested one.
(() => {
  const form = document.querySelector("form.assess");
  if (!form) return;
  const reason = form.querySelector("[data-override]");
  const UNKNOWN = "indeterminate";

  function settle() {
    const suggested = form.querySelector("[data-suggested]")?.dataset.suggested;
    const held = form.querySelector("[name=counselor_stage]:checked")?.value;
    const differs = Boolean(held) && suggested !== UNKNOWN && held !== suggested;
    reason.hidden = !differs && !reason.querySelector(".errorlist");
  }

  form.addEventListener("change", settle);
  document.addEventListener("htmx:afterSettle", settle);
  // What this device had kept comes back without an event of its own: ask for the suggestion again.
  form.addEventListener("autosave:state", (event) => {
    if (event.detail.state === "restored") form.dispatchEvent(new Event("change", { bubbles: true }));
  });
  settle();

  // By keyboard alone: a number pressed anywhere begins with the first open question, "d" goes to the decision.
  const open = () => [...form.querySelectorAll("[data-four-way]")].find((group) => !group.querySelector(":checked"));

  function decide() {
    const suggested = form.querySelector("[data-suggested]")?.dataset.suggested;
    const stages = [...form.querySelectorAll("[name=counselor_stage]")];
    const chosen = stages.find((stage) => stage.checked) ?? stages.find((stage) => stage.value === suggested);
    (chosen ?? stages[0])?.focus();
  }

  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    if (document.querySelector("dialog[open]") || event.target.matches("textarea, select, input:not([type=radio], [type=checkbox])")) return;
    if (event.key === "d") decide();
    else if (/^[0-3]$/.test(event.key) && !event.target.closest("[data-four-way], .held")) {
      const first = open()?.querySelector("input");
      first?.focus();
      first?.dispatchEvent(new KeyboardEvent("keydown", { key: event.key, bubbles: true, cancelable: true }));
    } else return;
    event.preventDefault();
  });
})();
