/** Texts that faulty pages send for visitors without an id. All of these visitors would be the same user. */
const NOBODY = /^\s*(undefined|null|none|nil|nan|true|false|0|-1|anonymous|guest|unknown|\[object .*\])\s*$/i;

/** The user id that the page gave, which every later record gets. It is in memory only. */
export class Identity {
  #id = "";
  #hasComplained = false;

  /**
   * Sets the id, a text or a number. `null`, `undefined` and an empty text remove it, as after signing out. Every other
   * value removes it too, with a warning.
   */
  set(id) {
    const given = id ?? "";
    const isId = ["string", "number", "bigint"].includes(typeof given) && !NOBODY.test(given);
    this.#id = isId ? String(given).trim() : "";
    if (isId || this.#hasComplained) return;
    this.#hasComplained = true;
    console.warn("lakefront: identify takes the id of one user; this is none:", given);
  }

  /** Adds the id to a record, as a processor of the SDK. */
  onEmit(record) {
    if (this.#id) record.setAttribute("user.id", this.#id);
  }
}
