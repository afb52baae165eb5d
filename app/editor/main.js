// The SQL page: takes over its form, runs statements, and draws their answers. The server renders the form and the HTML of
// an answer; the rows come as data, because the grid draws only those in sight.
import { createEditor } from "./editor.js";
import { createGrid } from "./grid.js";
import { remember, remembered } from "./history.js";
import { address, PARAM, placeholders, stateOf } from "./statement.js";
import { element } from "../elements/element.js";

/** The longest address that the page takes, in characters. Servers accept 16 KB at the least. */
const LONGEST = 12_000;

/** Returns the JSON of a reply. Throws a sentence for people. */
async function ask(path, options) {
  const reply = await fetch(path, options);
  if (reply.ok) return reply.json();
  const { detail } = await reply.json().catch(() => ({}));
  throw new Error(detail ?? `The server answered with status ${reply.status}. Try again.`);
}

/** The pause after a change of the statement before it is estimated, in milliseconds. */
const PAUSE = 700;
const json = (body, options) => ({ method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body), ...options });
const count = (number) => number.toLocaleString("en", { notation: "compact" });

/** Returns 32 random digits. `crypto.randomUUID` exists on pages of https only. */
const randomId = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");

/**
 * Stops a statement until its reply is there. A server does not see that a browser waits no more while something between
 * them keeps the connection. One request may come too early: the statement may not have reached the engine.
 */
async function stop({ id, reply }) {
  let isThere = false;
  const ended = reply.catch(() => {}).then(() => (isThere = true));
  for (let pause = 50; !isThere && pause < 10_000; pause *= 2) {
    await fetch(`/sql/${id}`, { method: "DELETE", keepalive: true }).catch(() => {});
    await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, pause))]);
  }
}

class SqlPage extends HTMLElement {
  connectedCallback() {
    this.form = this.querySelector("form");
    // The element moved, or the page was changed by something else.
    if (!this.form || this.editor) return;
    this.field = this.form.elements.namedItem("q");
    this.fields = this.form.querySelector(".sql-params");
    this.runButton = this.form.querySelector("button");
    this.cancelButton = element("button", { type: "button", className: "quiet", hidden: true, onclick: () => this.cancel() }, "Cancel");
    this.linkButton = element("button", { type: "button", className: "quiet", onclick: () => this.copyLink() }, "Copy link");
    this.status = element("span", { className: "sql-status", role: "status" });
    this.estimate = element("span", { className: "sql-status sql-estimate" });
    this.form.querySelector(".estimates").remove();
    this.runButton.after(this.cancelButton, this.linkButton, this.status, this.estimate);
    this.runButton.title = "Ctrl+Enter";
    this.history = element("details", { className: "language sql-history" }, element("summary", {}, "History of this browser"), element("ul"));
    this.append(this.history);
    this.answer = element("section", { className: "panel wide-panel sql-answer", hidden: true });
    this.answer.setAttribute("aria-label", "Answer");
    this.append(this.answer);

    this.editor = createEditor(this.field, {
      changed: (sql) => {
        this.showFields(sql);
        this.estimateSoon();
      },
      run: () => this.run(),
      names: () => ask("/sql/names"),
    });
    this.submitted = (event) => {
      event.preventDefault();
      event.stopPropagation();
      this.run();
    };
    this.form.addEventListener("submit", this.submitted);
    this.form.addEventListener("input", () => this.estimateSoon());
    this.returned = () => this.show(stateOf(location.search), true);
    addEventListener("popstate", this.returned);
    this.showHistory();
    if ("run" in this.dataset) this.run(true);
  }

  disconnectedCallback() {
    removeEventListener("popstate", this.returned);
    clearTimeout(this.soon);
    this.estimating?.abort();
    this.cancel();
  }

  /** Returns the statement with its values. */
  get state() {
    const sql = this.editor.text;
    const value = (name) => this.form.elements.namedItem(PARAM + name)?.value ?? "";
    return { sql, params: placeholders(sql).map(({ name }) => [name, value(name)]) };
  }

  /** Shows a statement with its values, and runs it if `runs`. */
  show({ sql, params }, runs) {
    this.editor.text = sql;
    this.showFields(sql);
    this.estimateSoon();
    for (const [name, value] of params) {
      const field = this.form.elements.namedItem(PARAM + name);
      if (field) field.value = value;
    }
    if (!runs) return;
    this.cancel();
    if (sql) this.run(true);
    else this.answer.hidden = true;
  }

  /** Shows what the statement would read, once nobody has typed for a moment. One request is on its way at most. */
  estimateSoon() {
    clearTimeout(this.soon);
    this.estimating?.abort();
    this.estimating = undefined;
    this.estimate.textContent = "";
    const { sql, params } = this.state;
    if (!sql.trim()) return;
    this.soon = setTimeout(async () => {
      const { signal } = (this.estimating = new AbortController());
      const sentence = await ask("/sql/estimated", json({ sql, params }, { signal })).catch(() => "");
      if (!signal.aborted) this.estimate.textContent = sentence;
    }, PAUSE);
  }

  /** Gives each placeholder of the statement a field. Fields that are there keep their values. */
  showFields(sql) {
    const wanted = placeholders(sql);
    const known = new Map([...this.fields.querySelectorAll("label")].map((label) => [label.querySelector("input").name, label]));
    const labels = wanted.map(({ name, type }) => {
      const label = known.get(PARAM + name) ?? element("label", { translate: false },
        element("span", {}, `${name} `, element("small")),
        element("input", { type: "text", name: PARAM + name, autocomplete: "off", spellcheck: false }));
      label.querySelector("small").textContent = type;
      return label;
    });
    if (labels.length !== known.size || labels.some((label) => !label.isConnected)) this.fields.replaceChildren(...labels);
  }

  /** Runs the statement. `again` leaves the address as it is. */
  async run(again = false) {
    const { sql, params } = this.state;
    if (!sql.trim()) {
      this.status.textContent = "Write a statement first.";
      return;
    }
    this.cancel();
    const query = address({ sql, params });
    const isShort = query.length <= LONGEST;
    this.linkButton.disabled = !isShort;
    if (isShort && !again && query !== location.search) history.pushState(null, "", location.pathname + query);
    remember({ sql, params });
    this.showHistory();

    const running = { id: randomId(), isCancelled: false };
    this.running = running;
    this.cancelButton.hidden = false;
    this.answer.hidden = false;
    this.answer.setAttribute("aria-busy", "true");
    const began = performance.now();
    let read = "";
    let isAsking = false;
    const say = () => (this.status.textContent = `Running for ${Math.floor((performance.now() - began) / 1000)} s${read}`);
    say();
    const clock = setInterval(async () => {
      say();
      if (isAsking) return;
      isAsking = true;
      const progress = await ask(`/sql/${running.id}/progress`).catch(() => {});
      isAsking = false;
      read = { runs: `, ${count(progress?.rowsRead ?? 0)} rows read`, waits: ", waiting for other statements" }[progress?.state] ?? read;
    }, 1000);
    try {
      running.reply = ask("/sql/answer", json({ sql, params, id: running.id }));
      const answer = await Promise.race([running.reply, new Promise((resolve) => (running.leave = resolve))]);
      if (this.running !== running) return;
      if (running.isCancelled) {
        this.status.textContent = "Cancelled.";
        if (!this.answer.hasChildNodes()) this.answer.hidden = true;
        return;
      }
      this.draw(answer);
      const rows = this.answer.querySelector("h2")?.textContent;
      this.status.textContent = rows ? `${rows} after ${((performance.now() - began) / 1000).toFixed(1)} s` : "";
    } catch (error) {
      if (this.running !== running) return;
      this.status.textContent = "";
      this.draw({ failure: error.message });
    } finally {
      clearInterval(clock);
      if (this.running === running) {
        this.running = undefined;
        this.cancelButton.hidden = true;
        this.answer.removeAttribute("aria-busy");
      }
    }
  }

  /** Ends the running statement: the page waits no more, and the engine is told to stop. */
  cancel() {
    const { running } = this;
    if (!running || running.isCancelled) return;
    running.isCancelled = true;
    running.leave();
    stop(running);
  }

  draw({ html, columns, rows, failure }) {
    if (failure) {
      const note = element("div", { className: "note failure", role: "alert" }, element("strong", {}, "no answer"), element("p", {}, failure));
      this.answer.replaceChildren(note);
      return;
    }
    // The server made this HTML of escaped values.
    this.answer.innerHTML = html;
    const place = this.answer.querySelector("[data-rows]");
    if (place && rows.length > 0) place.replaceWith(createGrid(columns, rows));
  }

  async copyLink() {
    await navigator.clipboard.writeText(location.origin + location.pathname + address(this.state));
    this.status.textContent = "The link is copied. It has the statement and its values, not the rows.";
  }

  showHistory() {
    const entries = remembered();
    this.history.hidden = entries.length === 0;
    const item = ({ sql, params }) => {
      const button = element("button", { type: "button", className: "quiet", translate: false, onclick: () => this.restore({ sql, params }) });
      button.textContent = sql.trim().replace(/\s+/g, " ").slice(0, 120);
      return element("li", {}, button);
    };
    this.history.querySelector("ul").replaceChildren(...entries.map(item));
  }

  restore(state) {
    this.history.open = false;
    this.show(state, false);
    this.editor.focus();
  }
}

customElements.define("lakefront-sql", SqlPage);
