/* One's own phrases, put in by keyboard. A form with data-phrases="ID" takes them from the buttons in that list.

   In a text field: ";" and the beginning of a short word shows what fits; arrow keys choose, Enter or Tab puts in,
   Escape leaves. A whole short word and Ctrl+Space puts in at once. A button of the list puts in where one wrote last.
   Ctrl+Enter anywhere in the form presses its button "Review and sign". */
(() => {
  const BEGUN = /(?:^|\s);([\p{L}\p{N}_-]{0,24})$/u;
  const WORD = /([\p{L}\p{N}_-]{1,24})$/u;
  const MOST = 6;

  class Phrases {
    constructor(form) {
      this.form = form;
      const list = document.getElementById(form.dataset.phrases);
      this.all = [...list.querySelectorAll("[data-word]")].map((button) => ({ word: button.dataset.word, text: button.dataset.text, button }));
      this.choices = Object.assign(document.createElement("ul"), { className: "phrase-choices", hidden: true, id: `${list.id}-choices` });
      this.choices.setAttribute("role", "listbox");
      this.choices.setAttribute("aria-label", list.closest("details").querySelector("summary").firstChild.textContent.trim());
      form.addEventListener("focusin", (event) => event.target.matches("textarea") && (this.last = event.target));
      form.addEventListener("input", (event) => event.target.matches("textarea") && this.look(event.target));
      form.addEventListener("keydown", (event) => event.target.matches("textarea") && this.key(event));
      form.addEventListener("focusout", () => setTimeout(() => this.choices.contains(document.activeElement) || this.close(), 150));
      this.choices.addEventListener("mousedown", (event) => {
        event.preventDefault(); // the text keeps the focus
        const option = event.target.closest("[role=option]");
        if (option) this.put(this.found[[...this.choices.children].indexOf(option)]);
      });
      for (const phrase of this.all) phrase.button.addEventListener("click", () => this.insert(this.last ?? form.querySelector("textarea"), "", phrase.text));
    }

    look(field) {
      const begun = field.value.slice(0, field.selectionStart).match(BEGUN)?.[1];
      this.found = begun === undefined ? [] : this.all.filter((one) => one.word.toLowerCase().startsWith(begun.toLowerCase())).slice(0, MOST);
      if (!this.found.length) return this.close();
      this.field = field;
      this.typed = `;${begun}`;
      this.choices.replaceChildren(...this.found.map((one, place) => this.option(one, place)));
      field.after(this.choices);
      this.choices.hidden = false;
      field.setAttribute("aria-controls", this.choices.id);
      this.choose(0);
    }

    option({ word, text }, place) {
      const option = Object.assign(document.createElement("li"), { id: `${this.choices.id}-${place}`, textContent: `${word} – ${text.slice(0, 70)}` });
      option.setAttribute("role", "option");
      return option;
    }

    choose(place) {
      this.place = (place + this.found.length) % this.found.length;
      [...this.choices.children].forEach((option, at) => option.setAttribute("aria-selected", String(at === this.place)));
      this.field.setAttribute("aria-activedescendant", `${this.choices.id}-${this.place}`);
    }

    key(event) {
      if (event.key === " " && event.ctrlKey) return this.expand(event);
      if (this.choices.hidden) return;
      if (event.key === "ArrowDown") this.choose(this.place + 1);
      else if (event.key === "ArrowUp") this.choose(this.place - 1);
      else if (event.key === "Enter" || event.key === "Tab") this.put(this.found[this.place]);
      else if (event.key === "Escape") this.close();
      else return;
      event.preventDefault();
    }

    expand(event) {
      const field = event.target;
      const word = field.value.slice(0, field.selectionStart).match(WORD)?.[1] ?? "";
      const phrase = this.all.find((one) => one.word.toLowerCase() === word.toLowerCase());
      if (!phrase) return;
      event.preventDefault();
      this.insert(field, word, phrase.text);
    }

    put(phrase) {
      const field = this.field;
      this.close();
      this.insert(field, this.typed, phrase.text);
    }

    // The browser's own way of typing, so that its Undo takes it back.
    insert(field, typed, text) {
      field.focus();
      field.setSelectionRange(field.selectionStart - typed.length, field.selectionEnd);
      if (!document.execCommand("insertText", false, text)) {
        field.setRangeText(text, field.selectionStart, field.selectionEnd, "end");
        field.dispatchEvent(new Event("input", { bubbles: true }));
      }
    }

    close() {
      this.choices.hidden = true;
      this.field?.removeAttribute("aria-activedescendant");
      this.field?.removeAttribute("aria-controls");
    }
  }

  document.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    event.target.closest("form[data-phrases]")?.querySelector("button[value=sign]")?.click();
  });

  document.addEventListener("DOMContentLoaded", () => {
    for (const form of document.querySelectorAll("form[data-phrases]")) new Phrases(form);
  });
})();
