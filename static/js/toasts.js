// Notices float by and stay in the log at the foot of the page. From the server: HX-Trigger {"toast": {"text": "…"}}.
(() => {
  const SHOWN_MS = 7000;
  const TONES = ["plain", "attention", "danger", "done"];
  const timeZone = document.body.dataset.zone;
  const clock = () => new Date().toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone });

  function keep(text) {
    const log = document.querySelector("[data-notices]");
    if (!log) return;
    const line = document.createElement("li");
    line.textContent = `${clock()} ${text}`;
    log.querySelector("ol").append(line);
    log.querySelector(".count").textContent = log.querySelectorAll("li").length;
    log.hidden = false;
  }

  function retire(toast) {
    let timer;
    const start = () => (timer = setTimeout(() => toast.remove(), SHOWN_MS));
    const wait = () => clearTimeout(timer);
    toast.addEventListener("mouseenter", wait);
    toast.addEventListener("mouseleave", start);
    toast.addEventListener("click", () => toast.remove());
    start();
  }

  function show({ text, tone }) {
    const toast = document.createElement("p");
    toast.className = `toast toast-${TONES.includes(tone) ? tone : "plain"}`;
    toast.textContent = text;
    document.querySelector("[data-toasts]")?.append(toast);
    keep(text);
    retire(toast);
  }

  document.addEventListener("DOMContentLoaded", () => {
    for (const toast of document.querySelectorAll("[data-toasts] .toast")) {
      keep(toast.textContent.trim());
      retire(toast);
    }
  });
  document.addEventListener("toast", (event) => show(event.detail));
})();
