// A session ends after 30 minutes without a visitor's input or a record. The SDK's own manager continues a stored
// session even days later and does not see other tabs. This manager replaces it behind the SDK's processor.
import { createDefaultSessionIdGenerator } from "@opentelemetry/browser-sdk/session";

const IDLE_MILLIS = 30 * 60_000;
/** How old the kept time of the last activity may be, so that not every key press is written down. */
const PRECISION_MILLIS = 5_000;
const KEY = "lakefront-session";

const generator = createDefaultSessionIdGenerator();

/** The session of this browser on this site, in all of its tabs. */
export class Session {
  #id;
  #seen = 0;

  /** The SDK asks this for every record, which makes every record an activity. */
  getSessionId() {
    const now = Date.now();
    if (now - this.#seen < PRECISION_MILLIS) return this.#id;
    const last = kept() ?? { id: this.#id, seen: this.#seen };
    this.#id = last.id && now - last.seen < IDLE_MILLIS ? last.id : generator.generateSessionId();
    this.#seen = now;
    keep({ id: this.#id, seen: now });
    return this.#id;
  }

  /** Makes reading and typing an activity. */
  followInput() {
    const active = () => this.getSessionId();
    for (const type of ["pointerdown", "keydown", "scroll"]) addEventListener(type, active, { capture: true, passive: true });
  }
}

// A browser may forbid storage. A session is then that of one page.
function kept() {
  try {
    const { id, seen } = JSON.parse(localStorage.getItem(KEY));
    return typeof id === "string" && typeof seen === "number" ? { id, seen } : null;
  } catch {
    return null;
  }
}

function keep(session) {
  try {
    localStorage.setItem(KEY, JSON.stringify(session));
  } catch {}
}
