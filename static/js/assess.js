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
})();
