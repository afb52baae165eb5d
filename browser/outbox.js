import { createDefaultSessionIdGenerator } from "@opentelemetry/browser-sdk/session";

import { Allowance } from "./allowance.js";
import { encoded, request } from "./otlp.js";
import { KEEPALIVE_BYTES } from "./post.js";

const DELAY_MILLIS = 1_000;
const MAX_DELAY_MILLIS = 60_000;
const MAX_RECORDS = 256;
const RECORDS_PER_MINUTE = 600;
/** Half of what may outlive the page: the other half is room for what happens while this much is under way. */
const FULL_BYTES = KEEPALIVE_BYTES / 2;
/** A request without its records, at most. */
const ENVELOPE_BYTES = 2_000;
/** Failures in a row, over about two minutes, after which what waits is given up. */
const TRIES = 8;
/** Refusals in a row after which what waits is given up. One bad record of 256 is found by nine. */
const REFUSALS = 16;

const generator = createDefaultSessionIdGenerator();

/** A batch keeps its records and its id through all attempts. */
const batchOf = (records) => ({ id: generator.generateSessionId(), records });

/**
 * Records on their way out, the last of the SDK's processors. The SDK's own batches let a record wait for the answer to the
 * request before it, which is too late on a page that closes. Here everything leaves in the same task. Memory is bounded: at
 * most 256 records wait, and newer ones are dropped.
 */
export class Outbox {
  #postOffice;
  #allowance = new Allowance(RECORDS_PER_MINUTE);
  #records = [];
  /** Batches for another attempt. */
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

  /** A processor of the SDK. */
  onEmit(record) {
    if (this.#isClosed || this.#held >= MAX_RECORDS || !this.#allowance.take()) return;
    this.#records.push(encoded(record));
    this.#weigh();
    if (this.#isLeaving) queueMicrotask(() => this.#empty());
    else this.#schedule();
  }

  /** Sends everything when the page is hidden or left: nothing after that is sure to run. */
  emptyWhenHidden() {
    const leave = () => {
      // Records that other listeners add in this task leave too. A page that was only hidden goes on as before.
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

  /** One request at a time, at most one a second, and none before the endpoint wants it. */
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
    // A page that is left gets no answer, and its requests arrive all the same.
    else if (!(this.#isLeft && outcome.outlives)) this.#retry(batch, outcome.later);
    if (this.#isClosed) this.#giveUp();
    this.#weigh();
    this.#schedule();
  }

  /** Takes as many of the oldest records as may outlive the page together; when none may, all of them. */
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

  /** After a failure: the next attempt waits twice as long, and the last of them takes everything with it. */
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

  /** After a refusal: each half is sent by itself, down to the record that is at fault, which is left out. */
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
