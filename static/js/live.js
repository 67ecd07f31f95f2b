// A part that renews itself waits while somebody works in it, and while nobody sees it.
document.addEventListener("htmx:beforeRequest", (event) => {
  const part = event.target.closest("[data-live]");
  if (!part || event.target !== part) return;
  const inUse = part.contains(document.activeElement) || part.querySelector("details[open]");
  if (inUse || document.hidden) event.preventDefault();
});
