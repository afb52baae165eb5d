/** The bytes of requests that may outlive their page. Browsers allow 64 KiB for all requests together. */
export const KEEPALIVE_BYTES = 60_000;
const TIMEOUT_MILLIS = 15_000;

/** The statuses that OTLP lets clients retry (https://opentelemetry.io/docs/specs/otlp/#failures-1), 408 besides. */
const RETRYABLE = [408, 429, 502, 503, 504];
/** The statuses after which nothing more is sent: the key or the address is wrong. */
const FINAL = [401, 403, 404];

/** Sends requests to the endpoint. */
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

  /** The number of bytes that may still outlive the page, without the requests under way. */
  get room() {
    return KEEPALIVE_BYTES - this.#underway;
  }

  /**
   * Sends the body of a batch. The id is the same for each attempt with the same batch, so that a server stores it once.
   *
   * Returns the outcome and never throws:
   * - `{}`: the server accepted the batch.
   * - `{ refused }`: the server will never accept this batch, with the reason.
   * - `{ later, outlives }`: another attempt may help after `later` milliseconds. With `outlives` the request may have
   *   arrived without an answer.
   * - `{ never }`: the server will accept no batch.
   */
  async send(body, id) {
    const keepalive = body.byteLength <= this.room;
    if (keepalive) this.#underway += body.byteLength;
    // Some servers do not allow pages to send the header, and the browser then fails before it makes the request. Until
    // a server has answered, every other attempt has the id in the address instead. The header is the better place: the
    // address stays the same, and so does the browser's cached permission (CORS preflight).
    // The server corrects the times of a device whose clock is wrong by the time of sending.
    const sent = Date.now();
    const url = this.#idInHeader ? this.#url : `${this.#url}?batch=${id}&sent=${sent}`;
    const headers = this.#idInHeader ? { ...this.#headers, "idempotency-key": id, sent } : this.#headers;
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

  /**
   * Warns if the device's clock is hours off. Lakefront corrects the times of its records, other servers may refuse
   * them.
   */
  #compareClocks(date) {
    const hours = Math.round((Date.now() - Date.parse(date)) / 3_600_000);
    if (!hours || this.#hasComparedClocks) return;
    this.#hasComparedClocks = true;
    console.warn(`lakefront: this device's clock is ${Math.abs(hours)} h ${hours > 0 ? "ahead" : "behind"}`);
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
