/** Browsers let requests of all 64 KiB together outlive their page. */
export const KEEPALIVE_BYTES = 60_000;
const TIMEOUT_MILLIS = 15_000;

/** Worth another try, as OTLP says: https://opentelemetry.io/docs/specs/otlp/#failures-1 */
const RETRYABLE = [408, 429, 502, 503, 504];
/** Nothing from this page will ever be taken: the key or the address is wrong. */
const FINAL = [401, 403, 404];

/** Where requests leave. */
export class PostOffice {
  #url;
  #headers;
  // `fetch` is bound here, before the page can wrap it.
  #fetch = window.fetch.bind(window);
  #underway = 0;
  #wasAnswered = false;
  #idInHeader = true;
  #hasComparedClocks = false;

  constructor(url, key) {
    this.#url = url;
    this.#headers = { "content-type": "application/json", ...(key && { authorization: `Bearer ${key}` }) };
  }

  /** How many bytes may outlive the page besides those under way. */
  get room() {
    return KEEPALIVE_BYTES - this.#underway;
  }

  /**
   * Sends the body of a batch. The id is the same for each attempt at one batch, so that a server stores it once.
   *
   * Never fails. The outcome is `{}` if the server took it; `{ refused }` with a reason if it never will; `{ later }` if another attempt may
   * help, in so many milliseconds at the earliest, with `outlives` if the request may have arrived without an answer; `{ never }` if no
   * attempt with any batch will.
   */
  async send(body, id) {
    const keepalive = body.byteLength <= this.room;
    if (keepalive) this.#underway += body.byteLength;
    // Some servers do not allow pages to send the header, and the browser then fails before it makes the request. Until
    // a server has answered, every other attempt has the id in the address instead. The header is the better place: the
    // address stays the same, and so does the browser's cached permission (CORS preflight).
    const url = this.#idInHeader ? this.#url : `${this.#url}?batch=${id}`;
    const headers = this.#idInHeader ? { ...this.#headers, "idempotency-key": id } : this.#headers;
    try {
      const signal = AbortSignal.timeout?.(TIMEOUT_MILLIS);
      const answer = await this.#fetch(url, { method: "POST", headers, body, keepalive, signal, credentials: "omit" });
      this.#wasAnswered = true;
      this.#compareClocks(answer.headers.get("date"));
      return await this.#judge(answer);
    } catch {
      if (!this.#wasAnswered) this.#idInHeader = !this.#idInHeader;
      return { later: 0, outlives: keepalive };
    } finally {
      if (keepalive) this.#underway -= body.byteLength;
    }
  }

  /** The records have the times of this device. One that is hours off puts them on another day, or the server refuses them. */
  #compareClocks(date) {
    const hours = Math.round((Date.now() - Date.parse(date)) / 3_600_000);
    if (!hours || this.#hasComparedClocks) return;
    this.#hasComparedClocks = true;
    console.warn(`lakefront: this device's clock is ${Math.abs(hours)} h ${hours > 0 ? "ahead" : "behind"}, and so are its records`);
  }

  async #judge(answer) {
    const { ok, status, headers } = answer;
    if (ok) return {};
    if (RETRYABLE.includes(status)) return { later: 1_000 * (Number(headers.get("retry-after")) || 0) };
    const said = `${this.#url} answered ${status}`;
    if (!FINAL.includes(status)) return { refused: `${said} ${(await answer.text()).slice(0, 300)}` };
    console.warn(`lakefront: ${said}; this page sends nothing more`);
    return { never: true };
  }
}
