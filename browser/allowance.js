/** At most so many a minute: a page that fails in a loop is no flood. */
export class Allowance {
  #limit;
  #left = 0;
  #until = 0;

  constructor(limit) {
    this.#limit = limit;
  }

  /** Whether there is one more, which it then takes. */
  take() {
    const now = Date.now();
    if (now >= this.#until) {
      this.#until = now + 60_000;
      this.#left = this.#limit;
    }
    return this.#left-- > 0;
  }
}
