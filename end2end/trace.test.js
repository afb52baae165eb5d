// Waterfalls of broken traces: each span is drawn once, and the page says what is wrong or left out.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, test } from "node:test";

import { launch, open, panelOf, post, settled } from "./browser.js";

const ingest = process.env.LAKEFRONT_INGEST_URL;
let browser;
before(async () => (browser = await launch()));
after(() => browser.close());

const id = (number) => number.toString(16).padStart(16, "0");

/** Sends the spans of a trace: start after now in milliseconds, id, caller. Waits until they can be queried, and returns the trace's id. */
async function sent(spans) {
  const traceId = randomBytes(16).toString("hex");
  const now = BigInt(Date.now() - 60_000) * 1_000_000n;
  const body = {
    resourceSpans: [{
      resource: { attributes: [{ key: "service.name", value: { stringValue: "zz-broken" } }] },
      scopeSpans: [{
        spans: spans.map(([start, spanId, parentSpanId]) => ({
          traceId, spanId, parentSpanId, name: `GET /${spanId}`, kind: 2,
          startTimeUnixNano: `${now + BigInt(start) * 1_000_000n}`,
          endTimeUnixNano: `${now + BigInt(start + 20) * 1_000_000n}`,
        })),
      }],
    }],
  };
  const reply = await fetch(new URL("/v1/traces", ingest), { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
  assert.equal(reply.status, 200, await reply.text());
  const count = async () => (await post("/query", { query: "trace_spans", timeRange: "1h", params: { trace_id: traceId, limit: 5000 } })).rows.length;
  const deadline = Date.now() + 120_000;
  while ((await count()) < Math.min(spans.length, 5_000)) {
    assert.ok(Date.now() < deadline, "the spans do not arrive");
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  return traceId;
}

const lines = (page) => panelOf(page, "trace_spans").locator(".waterfall li");
const notes = (page) => panelOf(page, "trace_spans").locator(".flaws li").allInnerTexts();

test("a broken trace shows each span once, and what is wrong with it", { skip: !ingest && "LAKEFRONT_INGEST_URL is not set" }, async () => {
  const trace = await sent([
    [100, id(1), ""],
    // Before its caller.
    [50, id(2), id(1)],
    // Its caller never arrived.
    [120, id(3), id(99)],
    // Three in a circle, and one that calls itself.
    [130, id(4), id(6)], [131, id(5), id(4)], [132, id(6), id(5)], [133, id(7), id(7)],
    // The same span again, and a child of both.
    [140, id(8), id(1)], [140, id(8), id(1)], [141, id(9), id(8)],
  ]);
  for (const [path, javaScriptEnabled] of [["/trace", true], ["/plain/trace", false]]) {
    const page = await open(browser, `${path}?trace_id=${trace}&range=1h`, { javaScriptEnabled });
    if (javaScriptEnabled) await settled(page);
    assert.equal(await lines(page).count(), 10);
    assert.deepEqual(await notes(page), [
      "1 span with a caller that is not among these spans.",
      "2 spans called in a circle.",
      "1 span with the id of an earlier one.",
      "1 span before the caller, by up to 50 ms: the clocks of their services differ.",
    ]);
    assert.match(await lines(page).filter({ hasText: `GET /${id(2)}` }).innerText(), /50 ms before its caller/);
    assert.match(await lines(page).filter({ hasText: `GET /${id(3)}` }).innerText(), /caller missing/);
  }
});

test("of 5,000 spans the page says what is left out", { skip: !ingest && "LAKEFRONT_INGEST_URL is not set" }, async () => {
  const spans = Array.from({ length: 5_001 }, (_, at) => [at, id(at + 1), at ? id(Math.floor((at - 1) / 3) + 1) : ""]);
  const trace = await sent(spans);
  const page = await open(browser, `/trace?trace_id=${trace}&range=1h`);
  await settled(page);
  assert.deepEqual(await notes(page), ["The first 500 spans of the trace. It may have more: limit takes up to 5,000."]);
  const more = panelOf(page, "trace_spans").locator(".more").first();
  assert.match(await more.innerText(), /^\d+ of 500 rows\./);
  await page.goto(new URL(`/trace?trace_id=${trace}&range=1h&trace_spans.limit=5000`, page.url()).href);
  await settled(page);
  assert.deepEqual(await notes(page), ["The first 5,000 spans of the trace. It may have more: limit takes up to 5,000."]);
  assert.match(await more.innerText(), /^\d+ of 5000 rows\./);
  const started = Date.now();
  await more.getByRole("button").click();
  await page.waitForFunction(() => document.querySelectorAll(".waterfall li").length === 300);
  assert.ok(Date.now() - started < 5_000, "the waterfall is slow");
  assert.match(await more.innerText(), /^300 of 5000 rows\./);
  assert.deepEqual(page.complaints, []);
});
