// A measure by keyboard: a digit chooses and goes on, Enter goes on, Backspace clears. What is out of sight is passed over.
(() => {
  const form = document.querySelector("form[data-measure]");
  if (!form) return;
  const inputs = (question) => [...question.querySelectorAll("input")];
  const seen = (element) => element.getClientRects().length > 0;

  function next(question) {
    const all = [...form.querySelectorAll("[data-question]")].filter(seen);
    const following = all[all.indexOf(question) + 1];
    const target = following
      ? (inputs(following).find((input) => input.checked) ?? inputs(following)[0])
      : form.querySelector("[name=taken_at], button");
    target?.focus();
    following?.scrollIntoView({ block: "nearest" });
  }

  form.addEventListener("keydown", (event) => {
    const question = event.target.closest("[data-question]");
    if (!question || event.ctrlKey || event.metaKey || event.altKey) return;
    const wanted = inputs(question).find((input) => input.dataset.digit === event.key);
    if (wanted) {
      wanted.checked = true;
      next(question);
    } else if (event.key === "Enter") next(question);
    else if (event.key === "Backspace" && event.target.type === "radio") inputs(question).forEach((input) => (input.checked = false));
    else return;
    event.preventDefault();
  });

  if (!document.querySelector("[data-focus]")) form.querySelector("[data-question] input")?.focus();
})();
