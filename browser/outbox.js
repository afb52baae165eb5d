import { createDefaultSessionIdGenerator } from "@opentelemetry/browser-sdk/session";

import { Allowance } from "./allowance.js";
import { encoded, request } from "./otlp.js";
import { KEEPALIVE_BYTES } from "./post.js";

const DELAY_MILLIS = 1_000;
const MAX_DELAY_MILLIS = 60_000;
const MAX_RECORDS = 256;
const RECORDS_PER_MINUTE = 600;
/**
 * The size at which records are sent at once: half of the bytes that may outlive the page. The other half is for records
 * that are added meanwhile.
 */
const FULL_BYTES = KEEPALIVE_BYTES / 2;
/** The largest size of a request without its records. */
const ENVELOPE_BYTES = 2_000;
/** The number of failures in a row, over about two minutes, after which all waiting records are dropped. */
const TRIES = 8;
/** The number of refusals in a row after which all waiting records are dropped. Nine find one bad record of 256. */
const REFUSALS = 16;

const generator = createDefaultSessionIdGenerator();

/** Returns a batch, which keeps its records and its id through all attempts. */
const batchOf = (records) => ({ id: generator.generateSessionId(), records });

/**
 * The queue of records, the last of the SDK's processors. In the SDK's own queue a record waits for the answer to the
 * request before it, which is too late on a page that closes. This queue sends everything in the same task. Its memory
 * is bounded: at most 256 records wait, and newer ones are dropped.
 */
export class Outbox {
  #postOffice;
  #allowance = new Allowance(RECORDS_PER_MINUTE);
  #records = [];
  /** The batches for another attempt. */
  #batches = [];
  #held = 0;
  #bytes = 0;
  #timer;
  #due = Infinity;
  #underway = 0;
  #failures = 0;
  #refusals = 0;
  #notBefore = 0;
  #isLeaving = false;
  #isLeft = false;
  #isClosed = false;
  #hasComplained = false;

  constructor(postOffice) {
    this.#postOffice = postOffice;
  }

  /** Adds a record, as a processor of the SDK. */
  onEmit(record) {
    if (this.#isClosed || this.#held >= MAX_RECORDS || !this.#allowance.take()) return;
    this.#records.push(encoded(record));
    this.#weigh();
    if (this.#isLeaving) queueMicrotask(() => this.#empty());
    else this.#schedule();
  }

  /** Sends everything when the page is hidden or left. The browser may run no script after that. */
  emptyWhenHidden() {
    const leave = () => {
      // Records that other listeners add in this task are sent too. A page that was only hidden continues as before.
      this.#isLeaving = true;
      setTimeout(() => (this.#isLeaving = false));
      this.#empty();
    };
    addEventListener("pagehide", () => {
      this.#isLeft = true;
      leave();
    });
    addEventListener("pageshow", () => (this.#isLeft = false));
    addEventListener("visibilitychange", () => document.visibilityState === "hidden" && leave());
  }

  #empty() {
    while (this.#held > 0) this.#send();
  }

  /** Schedules the next request: one at a time, at most one a second, and not before the endpoint's `Retry-After`. */
  #schedule() {
    if (this.#underway > 0 || this.#held === 0) return;
    const now = Date.now();
    const isFull = this.#batches.length > 0 || this.#bytes >= FULL_BYTES;
    const due = Math.max(isFull ? now : now + DELAY_MILLIS, this.#notBefore);
    if (due >= this.#due) return;
    clearTimeout(this.#timer);
    this.#due = due;
    this.#timer = setTimeout(() => this.#send(), due - now);
  }

  async #send() {
    clearTimeout(this.#timer);
    this.#due = Infinity;
    const batch = this.#batches.shift() ?? batchOf(this.#take());
    this.#weigh();
    this.#underway += 1;
    const outcome = await this.#postOffice.send(request(batch.records), batch.id);
    this.#underway -= 1;
    if (outcome.never) this.#isClosed = true;
    else if (outcome.refused) this.#halve(batch, outcome.refused);
    else if (outcome.later === undefined) this.#failures = this.#refusals = 0;
    // A page that is left gets no answer, but its requests arrive.
    else if (!(this.#isLeft && outcome.outlives)) this.#retry(batch, outcome.later);
    if (this.#isClosed) this.#giveUp();
    this.#weigh();
    this.#schedule();
  }

  /** Removes and returns the oldest records that may outlive the page together, or all records if not even one may. */
  #take() {
    let room = this.#postOffice.room - ENVELOPE_BYTES;
    let count = 0;
    for (const { bytes, scope } of this.#records) {
      room -= bytes + scope.length;
      if (room < 0) break;
      count += 1;
    }
    return this.#records.splice(0, count || this.#records.length);
  }

  /** Keeps a batch after a failure. Each attempt waits twice as long. After the last one, all records are dropped. */
  #retry(batch, wanted) {
    this.#failures += 1;
    if (this.#failures < TRIES) this.#batches.push(batch);
    else this.#giveUp();
    this.#weigh();
    // The records of this attempt and those that were added during it may be more than the limit.
    if (this.#held > MAX_RECORDS) this.#records.length = Math.max(0, this.#records.length + MAX_RECORDS - this.#held);
    const delay = Math.min(DELAY_MILLIS * 2 ** (this.#failures - 1), MAX_DELAY_MILLIS);
    // The random factor keeps pages from sending all at once when the endpoint is back.
    const spread = delay * (0.75 + Math.random() / 2);
    this.#notBefore = Date.now() + Math.max(spread, wanted);
  }

  /** Divides a refused batch. Each half is sent alone, down to the record at fault, which is dropped. */
  #halve({ records }, reason) {
    this.#refusals += 1;
    const middle = records.length >> 1;
    if (this.#refusals >= REFUSALS) {
      this.#giveUp();
      this.#notBefore = Date.now() + MAX_DELAY_MILLIS;
    } else if (middle > 0) {
      this.#batches.unshift(batchOf(records.slice(0, middle)), batchOf(records.slice(middle)));
      return;
    }
    if (!this.#hasComplained) console.warn(`lakefront: ${reason}; left out, and not reported again:`, records[0].text.slice(0, 500));
    this.#hasComplained = true;
  }

  #giveUp() {
    this.#records = [];
    this.#batches = [];
  }

  #weigh() {
    this.#held = this.#records.length;
    this.#bytes = 0;
    for (const { bytes } of this.#records) this.#bytes += bytes;
    for (const { records } of this.#batches) this.#held += records.length;
  }
}
