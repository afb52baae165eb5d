// A session ends after 30 minutes without a visitor's input or a record. The SDK's own manager continues a stored
// session even days later and does not see other tabs. This manager replaces it behind the SDK's processor.
import { createDefaultSessionIdGenerator } from "@opentelemetry/browser-sdk/session";

const IDLE_MILLIS = 30 * 60_000;
/** The largest age of the stored time of the last activity. Without it, each key press would write to the storage. */
const PRECISION_MILLIS = 5_000;
const KEY = "lakefront-session";

const generator = createDefaultSessionIdGenerator();

/** The session of this browser on this site, which all tabs share. */
export class Session {
  #id;
  #seen = 0;

  /** Returns the id of the session. The SDK calls this for each record, so each record counts as activity. */
  getSessionId() {
    const now = Date.now();
    if (now - this.#seen < PRECISION_MILLIS) return this.#id;
    const last = kept() ?? { id: this.#id, seen: this.#seen };
    this.#id = last.id && now - last.seen < IDLE_MILLIS ? last.id : generator.generateSessionId();
    this.#seen = now;
    keep({ id: this.#id, seen: now });
    return this.#id;
  }

  /** Counts scrolling, pointing and typing as activity. */
  followInput() {
    const active = () => this.getSessionId();
    for (const type of ["pointerdown", "keydown", "scroll"]) addEventListener(type, active, { capture: true, passive: true });
  }
}

/** Returns the stored session, or null. A browser may forbid storage: a session is then one page's. */
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
