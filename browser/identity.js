/** Who the page says the visitor is, on every record from then on. Kept in memory only. */
export class Identity {
  #id = "";

  /** Nothing (or `null`) after signing out. */
  set(id) {
    this.#id = id === undefined || id === null ? "" : String(id);
  }

  /** A processor of the SDK. */
  onEmit(record) {
    if (this.#id) record.setAttribute("user.id", this.#id);
  }
}
