/** A limit on actions a minute, so that a page that fails in a loop does not flood the server. */
export class Allowance {
  #limit;
  #left = 0;
  #until = 0;

  constructor(limit) {
    this.#limit = limit;
  }

  /** Returns true and counts one action if the limit of this minute allows it. */
  take() {
    const now = Date.now();
    if (now >= this.#until) {
      this.#until = now + 60_000;
      this.#left = this.#limit;
    }
    return this.#left-- > 0;
  }
}
