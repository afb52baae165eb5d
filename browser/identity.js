/** Texts that a page's mistake makes of a visitor without an id. Everyone with such an id would be one and the same user. */
const NOBODY = /^\s*(undefined|null|none|nil|nan|true|false|0|-1|anonymous|guest|unknown|\[object .*\])\s*$/i;

/** Who the page says the visitor is, on every record from then on. Kept in memory only. */
export class Identity {
  #id = "";
  #hasComplained = false;

  /**
   * Takes a text or a number. `null`, nothing or an empty text is a visitor who has signed out. So is every other value, with a warning.
   */
  set(id) {
    const given = id ?? "";
    const isId = ["string", "number", "bigint"].includes(typeof given) && !NOBODY.test(given);
    this.#id = isId ? String(given).trim() : "";
    if (isId || this.#hasComplained) return;
    this.#hasComplained = true;
    console.warn("lakefront: identify takes the id of one user; this is none:", given);
  }

  /** A processor of the SDK. */
  onEmit(record) {
    if (this.#id) record.setAttribute("user.id", this.#id);
  }
}
