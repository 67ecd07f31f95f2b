// Fetch this page again every two seconds and swap the messages, so that what one types stays.
"use strict";
setInterval(async () => {
  if (document.hidden) return;
  try {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("live");
    const shown = document.getElementById("live");
    if (fresh && shown && fresh.innerHTML !== shown.innerHTML) {
      shown.replaceChildren(...fresh.childNodes);
      if (shown.querySelector(".thread")) scrollTo({ top: document.body.scrollHeight });
    }
  } catch {
    // The provider is being restarted: try again at the next beat.
  }
}, 2000);
