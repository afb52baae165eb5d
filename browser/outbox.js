import { JsonLogsSerializer } from "@opentelemetry/otlp-transformer";

import { Allowance } from "./allowance.js";
import { KEEPALIVE_BYTES } from "./post.js";

const DELAY_MILLIS = 1_000;
const MAX_DELAY_MILLIS = 60_000;
const MAX_RECORDS = 256;
const RECORDS_PER_MINUTE = 600;
/** Half of what may outlive the page: the other half is room for what happens while this much is under way. */
const FULL_BYTES = KEEPALIVE_BYTES / 2;
/** Failures in a row, over about two minutes, after which what waits is given up. */
const TRIES = 8;

/**
 * Records on their way out, the last of the SDK's processors. The SDK's own batches let a record wait for the answer to the
 * request before it, which is too late on a page that closes. Here everything leaves in the same task. Memory is bounded: at
 * most 256 records wait, and newer ones are dropped.
 */
export class Outbox {
  #postOffice;
  #allowance = new Allowance(RECORDS_PER_MINUTE);
  #records = [];
  #bytes = 0;
  #timer;
  #due = Infinity;
  #underway = 0;
  #failures = 0;
  #notBefore = 0;
  #isLeaving = false;
  #isClosed = false;

  constructor(postOffice) {
    this.#postOffice = postOffice;
  }

  /** A processor of the SDK. */
  onEmit(record) {
    if (this.#isClosed || this.#records.length >= MAX_RECORDS || !this.#allowance.take()) return;
    this.#records.push(record);
    this.#bytes += weight(record);
    if (this.#isLeaving) queueMicrotask(() => this.#empty());
    else this.#schedule();
  }

  /** Sends everything when the page is hidden or left: nothing after that is sure to run. */
  emptyWhenHidden() {
    const leave = () => {
      // Also what other listeners record now. A page that was only hidden lives on, and so does its clock.
      this.#isLeaving = true;
      setTimeout(() => (this.#isLeaving = false));
      this.#empty();
    };
    addEventListener("visibilitychange", () => document.visibilityState === "hidden" && leave());
    addEventListener("pagehide", leave);
  }

  #empty() {
    while (this.#records.length > 0) this.#send();
  }

  /** One request at a time, at most one a second, and none before the endpoint wants it. */
  #schedule() {
    if (this.#underway > 0 || this.#records.length === 0) return;
    const now = Date.now();
    const due = Math.max(now + (this.#bytes < FULL_BYTES ? DELAY_MILLIS : 0), this.#notBefore);
    if (due >= this.#due) return;
    clearTimeout(this.#timer);
    this.#due = due;
    this.#timer = setTimeout(() => this.#send(), due - now);
  }

  async #send() {
    clearTimeout(this.#timer);
    this.#due = Infinity;
    const { batch, body } = this.#take();
    this.#underway += 1;
    const outcome = await this.#postOffice.send(body);
    this.#underway -= 1;
    this.#isClosed ||= outcome.never === true;
    if (this.#isClosed) this.#records = [];
    else if (outcome.later === undefined) this.#failures = 0;
    else this.#putBack(batch, outcome.later);
    this.#schedule();
  }

  /** As many of the oldest records as may outlive the page together; when none may, all of them. */
  #take() {
    const encoded = (count) => JsonLogsSerializer.serializeRequest(this.#records.slice(0, count));
    let count = this.#records.length;
    const whole = encoded(count);
    let body = whole;
    while (body.byteLength > this.#postOffice.room && count > 1) {
      count = Math.ceil(count / 2);
      body = encoded(count);
    }
    if (body.byteLength > this.#postOffice.room) [count, body] = [this.#records.length, whole];
    const batch = this.#records.splice(0, count);
    this.#weigh();
    return { batch, body };
  }

  /** After a failure: the next attempt waits twice as long, and the last of them takes everything with it. */
  #putBack(batch, wanted) {
    this.#failures += 1;
    this.#records = this.#failures < TRIES ? [...batch, ...this.#records].slice(0, MAX_RECORDS) : [];
    this.#weigh();
    const delay = Math.min(DELAY_MILLIS * 2 ** (this.#failures - 1), MAX_DELAY_MILLIS);
    // Not all pages at once when the endpoint is back.
    const spread = delay * (0.75 + Math.random() / 2);
    this.#notBefore = Date.now() + Math.max(spread, wanted);
  }

  #weigh() {
    this.#bytes = this.#records.reduce((sum, record) => sum + weight(record), 0);
  }
}

/** About as many bytes as the record adds to a request. */
const weight = ({ attributes }) => 300 + JSON.stringify(attributes).length;
