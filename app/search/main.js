// Completes names of fields and their values in the search box of Logs and Traces. Only these pages load it, once somebody is about to type.
// The names come from counts that ingest writes, so that no question reads rows for them.
import { element } from "../elements/element.js";
import { accept, suggestions, tokenAt } from "./complete.js";
import css from "./search.css";

const BOX = "[data-search] input";
/** The range whose counts are used. */
const RANGE = "7d";

const count = new Intl.NumberFormat("en", { notation: "compact" }).format;

/** The fields of each signal, as promises: names with numbers of records, and values with theirs. */
const known = new Map();

/** Returns the fields of a signal. Without an answer there are none. */
function fieldsOf(signal) {
  if (!known.has(signal)) known.set(signal, ask(signal).catch(() => (known.delete(signal), new Map())));
  return known.get(signal);
}

async function ask(signal) {
  const body = JSON.stringify({ query: "search_fields", timeRange: RANGE, params: { signal } });
  const answer = await fetch("/query", { method: "POST", headers: { "content-type": "application/json" }, body });
  if (!answer.ok) throw new Error(`the fields of ${signal}: status ${answer.status}`);
  const fields = new Map();
  for (const [name, value, records] of (await answer.json()).rows) {
    const field = fields.get(name) ?? { records: 0, values: [] };
    fields.set(name, field);
    if (value === "") field.records = Number(records);
    else field.values.push([value, Number(records)]);
  }
  return fields;
}

/** The list below one search box. */
class List {
  constructor(input) {
    this.input = input;
    this.options = [];
    this.chosen = -1;
    this.element = element("ul", { role: "listbox", label: "Suggestions", className: "suggestions", id: "search-suggestions", hidden: true, translate: false });
    this.said = element("p", { role: "status", className: "sr-only" });
    input.closest("search").append(this.element, this.said);
    input.setAttribute("aria-autocomplete", "list");
    input.setAttribute("aria-controls", this.element.id);
    input.addEventListener("input", () => this.show());
    input.addEventListener("click", () => this.show());
    input.addEventListener("keydown", (event) => this.key(event));
    input.addEventListener("blur", () => this.close());
    // A press on an option leaves the focus in the box.
    this.element.addEventListener("pointerdown", (event) => event.preventDefault());
    this.element.addEventListener("click", ({ target }) => {
      const option = target.closest("[role=option]");
      if (option) this.take([...this.element.children].indexOf(option));
    });
  }

  get isOpen() {
    return !this.element.hidden;
  }

  async show() {
    const signal = location.pathname.endsWith("/traces") ? "traces" : "logs";
    const fields = await fieldsOf(signal);
    const { input } = this;
    if (document.activeElement !== input || input.selectionStart !== input.selectionEnd) return this.close();
    // A condition in SQL has other names.
    this.token = input.form.elements.mode.value ? null : tokenAt(input.value, input.selectionStart);
    this.options = this.token ? suggestions(fields, this.token) : [];
    this.element.replaceChildren(...this.options.map((option, index) => this.item(option, index)));
    this.element.hidden = this.options.length === 0;
    this.choose(-1);
    this.say(this.options.length === 0 ? "" : `${this.options.length} suggestions`);
  }

  item({ text, records }, index) {
    return element("li", { role: "option", id: `search-suggestion-${index}` }, element("span", {}, text), element("small", {}, count(records)));
  }

  choose(index) {
    this.chosen = index;
    [...this.element.children].forEach((item, at) => {
      item.setAttribute("aria-selected", String(at === index));
      if (at === index) item.scrollIntoView({ block: "nearest" });
    });
    if (index < 0) this.input.removeAttribute("aria-activedescendant");
    else this.input.setAttribute("aria-activedescendant", `search-suggestion-${index}`);
  }

  key(event) {
    const { key } = event;
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (!this.isOpen) {
      if (key === "ArrowDown") {
        event.preventDefault();
        this.show();
      }
      return;
    }
    const { length } = this.options;
    if (key === "ArrowDown") this.choose(this.chosen + 1 < length ? this.chosen + 1 : -1);
    else if (key === "ArrowUp") this.choose(this.chosen < 0 ? length - 1 : this.chosen - 1);
    else if ((key === "Enter" || key === "Tab") && this.chosen >= 0) this.take(this.chosen);
    else if (key === "Escape") this.close();
    else {
      // Enter searches for what is written.
      if (key === "Enter") this.close();
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  }

  take(index) {
    const { input } = this;
    const { value, caret } = accept(input.value, this.token, this.options[index]);
    input.value = value;
    input.setSelectionRange(caret, caret);
    this.show();
  }

  close() {
    this.element.hidden = true;
    this.choose(-1);
    this.say("");
  }

  say(text) {
    this.said.textContent = text;
  }
}

/** Gives a search box its list, if it has none. */
function attend(input) {
  if (!input.matches?.(BOX) || input.hasAttribute("aria-controls")) return;
  const list = new List(input);
  // What was typed before this script was there. A box that only gets the focus opens no list.
  if (input.value) list.show();
}

const style = new CSSStyleSheet();
style.replaceSync(css);
document.adoptedStyleSheets.push(style);
document.addEventListener("focusin", ({ target }) => attend(target));
if (document.activeElement) attend(document.activeElement);
