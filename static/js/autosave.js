/* Autosave: nothing typed is lost, and whether it is saved is always to be seen.

Markup
  <form method="post" action="…" data-autosave="/where/to/post" data-autosave-key="note-UID">
    <input type="hidden" name="version" value="3">      the version the page was made from
    <p data-autosave-state role="status"></p>           says "Saved 10:42" and the like
    …any named fields…
  </form>
  <body data-user="ID" data-zone="America/Denver">      base.html: buffers belong to one person; times are the practice's

Request: POST of all fields, `version` and the CSRF token; Accept: application/json.
Answer
  200 {"version": 4, "saved_at": "2026-11-12T15:42:00Z", "warning": "kept, but…"}   the warning stands in
                                                        the form's [data-autosave-warning], if there is one
  409 {"version": 5, "saved_at": "…", "fields": {"name": "the text saved elsewhere"}}   both texts are shown
  400, 404, 409, 410, 422, 423 {"message": "why not"}   said, and not tried again until something changes
  401, 403, or a redirect to the sign-in page           "Signed out – kept on this device"; tried again when one returns
  anything else, or no answer                           "Not saved – retrying"

What is not yet saved lies in localStorage under this person and key. It is put back when the page is opened again,
and is deleted when saved, at sign-out, and after three days. A submit of the form waits for the save, and so does sign-out.
Events on the form: autosave:saved, autosave:state (detail.state). */
(() => {
  const PAUSE_MS = 2000;
  const MOST_MS = 8000; // whoever types on and on is saved all the same
  const RETRY_MS = [3000, 6000, 12000, 30000];
  const KEPT_MS = 3 * 24 * 3600 * 1000;
  const PREFIX = "turnaround:";
  const OWN = new Set(["csrfmiddlewaretoken", "version"]);
  const user = document.body.dataset.user ?? "";
  const words = document.getElementById("words")?.dataset ?? {};
  const timeZone = document.body.dataset.zone; // the practice's, as everywhere on the page
  const clock = (at) =>
    new Date(at ?? Date.now()).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", hourCycle: "h23", timeZone });

  // Signing in again gives a new token; the forms of this page take it from the cookie.
  function renewToken() {
    const token = document.cookie.match(/(?:^|; )csrftoken=([^;]+)/)?.[1];
    if (!token) return;
    for (const field of document.querySelectorAll("[name=csrfmiddlewaretoken]")) field.value = token;
  }

  // --- the buffer on this device ---------------------------------------------------------------------------------
  const buffer = {
    key: (name) => `${PREFIX}${user}:${name}`,
    read(name) {
      try {
        return JSON.parse(localStorage.getItem(this.key(name)));
      } catch {
        return null;
      }
    },
    write(name, content) {
      try {
        localStorage.setItem(this.key(name), JSON.stringify({ ...content, at: Date.now() }));
      } catch {
        /* full or closed: the server copy is still tried */
      }
    },
    drop(name) {
      localStorage.removeItem(this.key(name));
    },
    sweep(wanted) {
      for (const key of Object.keys(localStorage).filter((key) => key.startsWith(PREFIX))) {
        let at = 0;
        try {
          at = JSON.parse(localStorage.getItem(key)).at;
        } catch {
          /* unreadable: of no use to anyone */
        }
        if (wanted(key, at)) localStorage.removeItem(key);
      }
    },
  };

  // --- one form ---------------------------------------------------------------------------------------------------
  class Autosave {
    constructor(form) {
      this.form = form;
      this.key = form.dataset.autosaveKey;
      this.versionField = form.elements.namedItem("version") ?? this.addVersionField();
      this.saved = this.snapshot();
      this.tries = 0;
      this.busy = null;
      form.addEventListener("input", () => this.changed());
      form.addEventListener("change", () => this.changed());
      form.addEventListener("submit", (event) => this.submitting(event));
      window.addEventListener("pagehide", () => this.isDirty() && this.leave());
      window.addEventListener("online", () => this.isDirty() && this.save());
      window.addEventListener("focus", () => this.state === "signed-out" && this.save());
      this.restore();
    }

    addVersionField() {
      const field = Object.assign(document.createElement("input"), { type: "hidden", name: "version" });
      field.value = this.form.dataset.autosaveVersion ?? "";
      this.form.append(field);
      return field;
    }

    snapshot() {
      const fields = {};
      for (const [name, value] of new FormData(this.form)) {
        if (OWN.has(name) || typeof value !== "string") continue;
        fields[name] = name in fields ? [].concat(fields[name], value) : value;
      }
      return JSON.stringify(fields);
    }

    isDirty() {
      return this.snapshot() !== this.saved;
    }

    put(fields) {
      for (const [name, value] of Object.entries(fields)) {
        const found = this.form.elements.namedItem(name);
        if (!found) continue;
        const many = found instanceof RadioNodeList ? [...found] : [found];
        for (const field of many) {
          if (field.type === "hidden") continue; // the page's own, such as the note's format
          if (/radio|checkbox/.test(field.type)) field.checked = [].concat(value).includes(field.value);
          else field.value = value;
        }
      }
    }

    say(state, text) {
      this.state = state;
      for (const place of this.form.querySelectorAll("[data-autosave-state]")) {
        place.dataset.autosaveState = state;
        place.textContent = text;
      }
      this.form.dispatchEvent(new CustomEvent("autosave:state", { bubbles: true, detail: { state } }));
    }

    // A text that an earlier visit could not save comes back, unless the server holds a newer one: then both are shown.
    restore() {
      const kept = buffer.read(this.key);
      if (!kept || JSON.stringify(kept.fields) === this.saved) return buffer.drop(this.key);
      this.kept = JSON.stringify(kept.fields);
      const theirs = JSON.parse(this.saved);
      const newer = kept.version !== this.versionField.value;
      for (const box of this.form.querySelectorAll("[type=checkbox]")) if (!(box.name in kept.fields)) box.checked = false;
      this.put(kept.fields);
      this.rehouse(kept);
      if (newer) return this.conflict({ version: this.versionField.value, fields: theirs });
      this.say("restored", words.restored.replace("{time}", clock(kept.at)));
      this.later(PAUSE_MS);
    }

    // The words of a part that the page has no more (another format was chosen meanwhile) go into its first part.
    rehouse({ fields, texts = [] }) {
      const first = this.form.querySelector("textarea");
      const homeless = texts.filter((name) => !this.form.elements.namedItem(name)).map((name) => fields[name]);
      for (const text of homeless.filter((text) => text.trim() && !first.value.includes(text))) {
        first.value = [first.value, text].filter(Boolean).join("\n\n");
      }
    }

    changed() {
      if (this.state === "conflict") return this.keep();
      if (!this.isDirty()) return;
      this.keep();
      if (this.state !== "signed-out" && this.state !== "waiting") this.say("changed", words.changed);
      this.since ??= Date.now();
      this.later(Math.max(0, Math.min(PAUSE_MS, this.since + MOST_MS - Date.now())));
    }

    keep() {
      this.kept = this.snapshot();
      const texts = [...this.form.querySelectorAll("textarea")].map((area) => area.name);
      buffer.write(this.key, { fields: JSON.parse(this.kept), version: this.versionField.value, texts });
    }

    // Only what this tab put there: another tab's words may not be saved yet.
    forget() {
      if (JSON.stringify(buffer.read(this.key)?.fields) === this.kept) buffer.drop(this.key);
    }

    leave() {
      this.keep();
      this.save({ leaving: true });
    }

    later(pause) {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.save(), pause);
    }

    save({ leaving = false } = {}) {
      clearTimeout(this.timer);
      this.since = undefined;
      if (this.state === "conflict") return Promise.resolve(false);
      if (this.busy && !leaving) return this.busy.then(() => (this.isDirty() ? this.save() : true));
      this.busy = this.post(leaving).finally(() => (this.busy = null));
      return this.busy;
    }

    async post(leaving) {
      const sent = this.snapshot();
      renewToken();
      if (!leaving && this.state !== "signed-out") this.say("saving", words.saving);
      let answer;
      try {
        answer = await fetch(this.form.dataset.autosave, {
          method: "POST",
          body: new FormData(this.form),
          headers: { Accept: "application/json" },
          redirect: "manual",
          credentials: "same-origin",
          keepalive: leaving,
        });
      } catch {
        return this.retry();
      }
      return this.answered(answer, sent);
    }

    async answered(answer, sent) {
      if (answer.type === "opaqueredirect" || answer.status === 401 || answer.status === 403) return this.signedOut();
      const isJson = answer.headers.get("Content-Type")?.includes("json");
      const content = isJson ? await answer.json() : {};
      if (answer.ok && isJson) return this.done(content, sent);
      if (answer.status === 409 && content.fields) return this.conflict(content);
      if (answer.status >= 400 && answer.status < 500 && answer.status !== 429) return this.refused(content);
      return this.retry();
    }

    done({ version, saved_at, warning }, sent) {
      this.tries = 0;
      this.saved = sent;
      this.versionField.value = version;
      if (this.isDirty()) {
        this.keep();
        this.later(PAUSE_MS);
      } else this.forget();
      this.say("saved", words.saved.replace("{time}", clock(saved_at)));
      this.warn(warning ?? "");
      this.form.dispatchEvent(new CustomEvent("autosave:saved", { bubbles: true }));
      return true;
    }

    warn(text) {
      for (const place of this.form.querySelectorAll("[data-autosave-warning]")) {
        if (place.textContent !== text) place.textContent = text;
        place.hidden = !text;
      }
    }

    retry() {
      this.keep();
      this.say("waiting", words.retrying);
      this.later(RETRY_MS[Math.min(this.tries++, RETRY_MS.length - 1)]);
      return false;
    }

    signedOut() {
      this.keep();
      this.say("signed-out", words.signedOut);
      return false;
    }

    refused({ message }) {
      this.keep();
      this.say("refused", message ?? words.refused);
      return false;
    }

    submitting(event) {
      if (!this.isDirty() && !this.busy) return this.forget();
      event.preventDefault();
      this.save().then((saved) => saved && this.form.requestSubmit(event.submitter));
    }

    // --- someone saved meanwhile: both texts, side by side --------------------------------------------------------
    conflict({ version, saved_at, fields }) {
      this.keep();
      this.say("conflict", words.conflict);
      this.form.querySelector(".autosave-both")?.remove();
      const panel = this.panel(fields, saved_at);
      const [mine, theirs, both] = panel.querySelectorAll("button");
      const settle = (choose) => () => {
        this.versionField.value = version;
        this.state = "";
        panel.remove();
        choose();
      };
      mine.addEventListener("click", settle(() => this.save()));
      theirs.addEventListener("click", settle(() => this.take(fields)));
      both.addEventListener("click", settle(() => this.merge(fields)));
      this.form.prepend(panel);
      panel.focus();
      return false;
    }

    take(fields) {
      this.put(fields);
      this.saved = this.snapshot();
      this.forget();
      this.say("saved", words.taken);
    }

    // Both texts in one field, mine first, to be gone through by hand; what cannot hold two stays as it is here.
    merge(fields) {
      for (const area of this.form.querySelectorAll("textarea")) {
        const other = String(fields[area.name] ?? "");
        if (other && !area.value.includes(other)) area.value = [area.value, other].filter(Boolean).join("\n\n");
      }
      this.changed();
      this.save();
    }

    panel(fields, saved_at) {
      const make = (tag, className, text = "") => Object.assign(document.createElement(tag), { className, textContent: text });
      const panel = make("section", "banner banner-attention autosave-both");
      panel.tabIndex = -1;
      panel.setAttribute("role", "alert");
      panel.append(make("p", "banner-title", words.bothTexts));
      const mine = JSON.parse(this.snapshot());
      const other = saved_at ? `${words.theirs} (${clock(saved_at)})` : words.theirs;
      for (const name of Object.keys(fields).filter((name) => String(fields[name]) !== String(mine[name] ?? ""))) {
        const columns = make("div", "columns");
        for (const [title, text] of [[words.mine, mine[name]], [other, fields[name]]]) {
          const column = make("div", "stack");
          column.append(make("strong", "", title), make("div", "autosave-text", text ?? ""));
          columns.append(column);
        }
        panel.append(columns);
      }
      const actions = make("div", "actions");
      for (const text of [words.keepMine, words.takeTheirs, words.keepBoth]) {
        actions.append(Object.assign(make("button", "small", text), { type: "button" }));
      }
      panel.append(actions);
      return panel;
    }
  }

  buffer.sweep((key, at) => Date.now() - at > KEPT_MS);
  // Signing out leaves nothing on this device: what was typed is saved first. If that fails, only who asks again goes.
  document.addEventListener("submit", (event) => {
    const out = event.target;
    if (!out.matches("[data-signs-out]")) return;
    const forms = [...document.querySelectorAll("form[data-autosave]")].map((form) => form.autosave);
    const unsaved = forms.filter((one) => one?.isDirty() || one?.busy);
    if (unsaved.length && !out.askedAgain) {
      event.preventDefault();
      out.askedAgain = true;
      Promise.all(unsaved.map((one) => one.save())).then((saved) => saved.every(Boolean) && out.requestSubmit());
    } else buffer.sweep((key) => key.startsWith(`${PREFIX}${user}:`));
  });
  const begin = (root) => {
    for (const form of root.querySelectorAll("form[data-autosave]")) {
      form.autosave ??= new Autosave(form);
    }
  };
  document.addEventListener("DOMContentLoaded", () => begin(document));
  document.addEventListener("htmx:afterSwap", (event) => begin(event.target));
})();
