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
  // As it is now: what a page puts around it later is not meant for our requests.
  #fetch = window.fetch.bind(window);
  #underway = 0;

  constructor(url, key) {
    this.#url = url;
    this.#headers = { "content-type": "application/json", ...(key && { authorization: `Bearer ${key}` }) };
  }

  /** How many bytes may outlive the page besides those under way. */
  get room() {
    return KEEPALIVE_BYTES - this.#underway;
  }

  /**
   * Sends one body. It never fails: the outcome is `{}` when the other side has decided, be it against this body; `{ later }`
   * when another attempt may help, in so many milliseconds at the earliest; `{ never }` when none will.
   */
  async send(body) {
    const keepalive = body.byteLength <= this.room;
    if (keepalive) this.#underway += body.byteLength;
    try {
      const signal = AbortSignal.timeout?.(TIMEOUT_MILLIS);
      const headers = this.#headers;
      return this.#judge(await this.#fetch(this.#url, { method: "POST", headers, body, keepalive, signal, credentials: "omit" }));
    } catch {
      return { later: 0 };
    } finally {
      if (keepalive) this.#underway -= body.byteLength;
    }
  }

  #judge({ status, headers }) {
    if (RETRYABLE.includes(status)) return { later: 1_000 * (Number(headers.get("retry-after")) || 0) };
    if (!FINAL.includes(status)) return {};
    console.warn(`lakefront: ${this.#url} answered ${status}; this page sends nothing more`);
    return { never: true };
  }
}
