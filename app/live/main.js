// Live rows on Logs and Traces: the rows that a tail sends appear above the list. Only these pages load it. The server
// renders the element with the address of the tail, and one row without values.
import { element } from "../elements/element.js";
import { listen, Refusal } from "./events.js";
import css from "./live.css";
import { rowMaker } from "./rows.js";

/** The most rows in the page, and the most that wait while somebody reads. */
const MOST_ROWS = 500;
/** The time between two looks at rows that arrived. */
const DRAW_EVERY = 200;
/** The first and the longest wait before a tail is opened again. */
const WAITS = [1000, 30_000];
/** The time of a connection after which it counts as a good one. */
const GOOD_AFTER = 10_000;
/** The time after which a hidden page closes its tail. */
const HIDDEN_FOR = 60_000;
/** The time between two announcements to assistive technology. */
const ANNOUNCE_EVERY = 10_000;
/** The seconds over which rows per second are counted. */
const RATE_OVER = 5;
/** The time between two looks at an open row that is not in the lake yet. */
const LOOK_EVERY = 2000;

/** True until the first panel of a page whose address was live when it was opened. */
let isOpenedLive = new URL(performance.getEntriesByType("navigation")[0]?.name ?? location.href).searchParams.has("live");

const count = new Intl.NumberFormat("en").format;

/** Calls `ready` once elements may be added beside those of the app. Before that they would not be where it expects its own. */
function whenInteractive(ready) {
  const root = document.documentElement;
  const isReady = () => "interactive" in root.dataset || root.classList.contains("plain");
  if (isReady()) return ready();
  const watch = new MutationObserver(() => {
    if (!isReady()) return;
    watch.disconnect();
    ready();
  });
  watch.observe(root, { attributes: true });
}

/**
 * The place of live rows in the answer of the list. The app changes what is in an answer, so the rows are beside it: in a panel
 * that goes when the place does.
 */
class LivePlace extends HTMLElement {
  static observedAttributes = ["data-source", "data-zone", "data-row", "data-off"];

  connectedCallback() {
    whenInteractive(() => this.isConnected && this.open());
  }

  disconnectedCallback() {
    this.panel?.close();
    this.panel = undefined;
  }

  attributeChangedCallback(name, before, after) {
    if (!this.panel || before === after) return;
    if (name === "data-off") this.panel.stop.href = after;
    else this.open();
  }

  open() {
    this.panel?.close();
    const answer = this.closest(".streamed");
    if (!answer) return;
    this.panel = new Panel(this.dataset);
    this.panel.list = answer;
    answer.before(this.panel.root);
    this.panel.start();
  }
}

class Panel {
  constructor({ source, zone, noun, off, row }) {
    this.source = source;
    this.noun = noun;
    this.make = rowMaker(row, zone);
    /** Rows that arrived and are not in the page, the oldest first. */
    this.waiting = [];
    /** Counts of ended connections, and of the open one. */
    this.before = { matched: 0, dropped: 0, unseen: 0 };
    this.counts = { ...this.before };
    /** Matched rows at the last seconds, for the rate. */
    this.seconds = [];
    this.unannounced = 0;
    this.isPaused = false;
    this.state = "connecting";

    this.status = element("span", { className: "live-state" });
    this.pause = element("button", { type: "button", className: "quiet", title: "Key p", onclick: () => this.toggle() }, "Pause");
    this.again = element("button", { type: "button", className: "quiet", hidden: true, onclick: () => this.reconnect() }, "Try again");
    this.stop = element("a", { className: "quiet button", href: off }, "Stop");
    this.stop.dataset.noscroll = "";
    this.more = element("button", { type: "button", className: "live-more", hidden: true, onclick: () => this.resume() });
    this.rows = element("ol", { className: source.includes("signal=traces") ? "lines spans" : "lines", translate: false });
    this.said = element("p", { className: "sr-only", role: "log", label: `Live ${noun}` });
    this.said.setAttribute("aria-live", "polite");
    this.root = element("div", { className: "live" },
      element("p", { className: "live-bar" }, element("i", { className: "dot" }), this.status, this.more, this.pause, this.again, this.stop),
      this.said, this.rows);
    this.keyed = (event) => this.key(event);
    this.seen = () => this.visibility();
    this.opened = ({ target }) => {
      // A row that is opened holds the list, until the reader goes on.
      if (target.closest?.("a[href*='line=']")) this.goneOn = undefined;
    };
  }

  start() {
    document.addEventListener("keydown", this.keyed);
    document.addEventListener("visibilitychange", this.seen);
    this.root.parentElement.addEventListener("click", this.opened, true);
    this.timers = [setInterval(() => this.draw(), DRAW_EVERY), setInterval(() => this.tick(), 1000),
      setInterval(() => document.querySelector("#row [data-soon]")?.click(), LOOK_EVERY),
      setInterval(() => this.announce(), ANNOUNCE_EVERY)];
    // The link that turned live on has gone, and the focus with it. A page that is opened live has no such link.
    if (!isOpenedLive && document.activeElement === document.body) this.pause.focus({ preventScroll: true });
    isOpenedLive = false;
    // Rows that the list shows by now are shown once.
    this.listed = new MutationObserver(() => this.settle());
    this.listed.observe(this.list, { childList: true, subtree: true });
    if (document.hidden) this.visibility();
    this.connect();
  }

  close() {
    document.removeEventListener("keydown", this.keyed);
    document.removeEventListener("visibilitychange", this.seen);
    this.root.parentElement?.removeEventListener("click", this.opened, true);
    this.timers?.forEach(clearInterval);
    clearTimeout(this.hiding);
    this.listed?.disconnect();
    this.disconnect();
    this.root.remove();
  }

  disconnect() {
    clearTimeout(this.retry);
    this.connection?.abort();
    this.connection = undefined;
    for (const name of Object.keys(this.before)) this.before[name] += this.counts[name];
    this.counts = { matched: 0, dropped: 0, unseen: 0 };
    this.seconds = [];
  }

  reconnect() {
    this.failures = 0;
    this.disconnect();
    this.connect();
  }

  /** Opens the tail, and opens it again when it ends. */
  async connect() {
    const connection = (this.connection = new AbortController());
    const began = performance.now();
    let problem;
    this.say("connecting");
    try {
      await listen(this.source, connection.signal, (name, data) => {
        if (this.connection !== connection) return;
        if (name === "row") this.waiting.push(data);
        if (name !== "counts") return;
        this.counts = data;
        if (this.state !== "live") this.say("live");
      });
    } catch (error) {
      problem = error;
    }
    if (this.connection !== connection) return;
    this.disconnect();
    // A search with a fault stays one, and so does a missing tail.
    if (problem instanceof Refusal && problem.status < 500) {
      this.say("refused", problem.message);
      return;
    }
    const wasGood = performance.now() - began > GOOD_AFTER;
    this.failures = wasGood ? 0 : (this.failures ?? 0) + 1;
    const [first, longest] = WAITS;
    const wait = Math.min(first * 2 ** this.failures, longest) * (0.5 + Math.random() / 2);
    this.retryAt = Date.now() + wait;
    this.retry = setTimeout(() => this.connect(), wait);
    this.say("waiting", problem instanceof Refusal ? problem.message : undefined);
  }

  /** Closes the tail of a page that is hidden for long, and opens it when the page is seen again. */
  visibility() {
    clearTimeout(this.hiding);
    if (document.hidden) {
      this.hiding = setTimeout(() => {
        this.disconnect();
        this.say("asleep");
      }, HIDDEN_FOR);
    } else if (this.state === "asleep") this.reconnect();
  }

  /** `p` pauses and goes on while the focus is in the list. A key of the whole page would be in the way of other programs. */
  key(event) {
    const { key, target } = event;
    if (key !== "p" || event.ctrlKey || event.metaKey || event.altKey || !this.root.parentElement?.contains(target)) return;
    if (target.matches("input, select, textarea")) return;
    this.toggle();
  }

  toggle() {
    if (this.isPaused) this.resume();
    else {
      this.isPaused = true;
      this.tell("Live is paused.");
      this.show();
    }
  }

  /** Shows the rows that wait, and goes on. */
  resume() {
    this.isPaused = false;
    this.goneOn = lineOf(location.search);
    if (this.root.getBoundingClientRect().top < 0) this.root.scrollIntoView({ block: "start" });
    this.draw();
    if (document.activeElement === document.body) this.pause.focus({ preventScroll: true });
  }

  /** Returns true while new rows would move what somebody reads. */
  get isHeld() {
    const line = lineOf(location.search);
    if (line !== this.goneOn) this.goneOn = undefined;
    const isOpen = line !== undefined && this.goneOn === undefined;
    return this.isPaused || isOpen || this.isFar;
  }

  /** Returns true if the page is scrolled past the newest row. */
  get isFar() {
    return this.rows.getBoundingClientRect().top < -20;
  }

  draw() {
    if (this.waiting.length > MOST_ROWS) this.waiting.splice(0, this.waiting.length - MOST_ROWS);
    if (this.waiting.length > 0 && !this.isHeld) {
      this.unannounced += this.waiting.length;
      this.last = this.waiting.at(-1);
      const focused = document.activeElement;
      // Requests of several senders come in any order.
      this.waiting.sort((a, b) => Date.parse(a.time) - Date.parse(b.time));
      this.rows.prepend(...this.waiting.reverse().map((row) => this.item(row)));
      this.waiting = [];
      while (this.rows.childElementCount > MOST_ROWS) this.rows.lastElementChild.remove();
      // A row that leaves the page while it has the focus.
      if (focused !== document.activeElement) this.pause.focus({ preventScroll: true });
      this.settle();
      this.scale();
    }
    this.show();
  }

  item(row) {
    const made = this.make(row);
    made.millis = row.duration_ms;
    made.line = row.line;
    return made;
  }

  /** Takes out rows that the list has too. */
  settle() {
    const listed = new Set([...this.list.querySelectorAll(".lines a[href]")].map((link) => lineOf(link.search)));
    for (const item of [...this.rows.children]) if (item.line && listed.has(item.line)) item.remove();
  }

  /** Draws each span as long as it took, relative to the slowest. */
  scale() {
    const items = [...this.rows.children];
    const longest = Math.max(Number.MIN_VALUE, ...items.map(({ millis }) => millis ?? 0));
    for (const item of items) {
      const bar = item.querySelector(".track i");
      // As the server writes it.
      bar?.setAttribute("style", `width:${((item.millis / longest) * 100).toFixed(2)}%`);
    }
  }

  tick() {
    this.seconds.push(this.counts.matched);
    if (this.seconds.length > RATE_OVER + 1) this.seconds.shift();
    this.show();
  }

  get rate() {
    const rate = (this.seconds.at(-1) - this.seconds[0]) / (this.seconds.length - 1);
    return !(rate > 0) ? 0 : rate < 10 ? Math.round(rate * 10) / 10 : Math.round(rate);
  }

  say(state, sentence) {
    const isNews = this.state !== state && state !== "connecting";
    this.state = state;
    this.sentence = sentence;
    this.show();
    if (isNews && state !== "live") this.tell(this.status.textContent);
    else if (isNews && this.failures) this.tell("Live again.");
  }

  /** Shows the state and the numbers. */
  show() {
    const { waiting, state } = this;
    const isHeld = this.isHeld;
    const total = (name) => this.before[name] + this.counts[name];
    const parts = [
      state === "live" && (isHeld ? "Paused" : "Live"),
      state === "connecting" && "Connecting",
      state === "asleep" && "Asleep, because the page was hidden",
      state === "refused" && "Off",
      state === "waiting" && `Reconnecting in ${Math.max(0, Math.ceil((this.retryAt - Date.now()) / 1000))} s`,
      this.sentence,
      state === "live" && `${count(this.rate)}/s`,
      total("dropped") > 0 && `${count(total("dropped"))} not shown`,
      total("unseen") > 0 && `${count(total("unseen"))} not searched`,
    ];
    setText(this.status, parts.filter(Boolean).join(" · "));
    setText(this.pause, this.isPaused ? "Resume" : "Pause");
    this.root.dataset.state = state === "live" && isHeld ? "paused" : state;
    this.pause.hidden = state === "refused";
    this.again.hidden = state !== "refused" && state !== "waiting";
    this.more.classList.toggle("far", this.isFar);
    this.more.hidden = !isHeld || waiting.length === 0;
    setText(this.more, `${count(waiting.length)}${waiting.length >= MOST_ROWS ? "+" : ""} new`);
  }

  /** Tells assistive technology how many rows are new, and what the last one says. */
  announce() {
    if (this.unannounced === 0) return;
    const { level, status, service, name, event, body } = this.last;
    const text = [level ?? status, service, name ?? event, body].filter(Boolean).join(" ").slice(0, 120);
    this.tell(`${count(this.unannounced)} new ${this.noun}. The last: ${text}`);
    this.unannounced = 0;
  }

  tell(text) {
    this.said.textContent = text;
  }
}

/** Returns the row that the query string of an address opens. */
function lineOf(search) {
  return new URLSearchParams(search).get("line") ?? undefined;
}

/** Sets a text that is another. An equal one would be a change for those that watch the page. */
function setText(of, text) {
  if (of.textContent !== text) of.textContent = text;
}

const style = new CSSStyleSheet();
style.replaceSync(css);
document.adoptedStyleSheets.push(style);
customElements.define("lakefront-live", LivePlace);
