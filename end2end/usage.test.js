// The Usage page shows what senders sent, once ingest has written its counts for the first time.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";

import { axeFindings, launch, open, overflow, panelOf, post, settled, value } from "./browser.js";

let browser;
before(async () => {
  browser = await launch();
  // The stack writes counts each minute, and ClickHouse has them a little later.
  const reads = { query: "usage_cost", timeRange: "24h" };
  for (const deadline = Date.now() + 120_000; (await post("/query", reads)).rows.length === 0; await delay(500)) {
    assert.ok(Date.now() < deadline, "ingest has written no counts");
  }
});
after(() => browser.close());

const number = (text) => Number(text.replaceAll(",", ""));

/** Returns the rows of a panel's table, by the names of the columns. */
async function rowsOf(page, panel) {
  const table = panelOf(page, panel).locator("table").first();
  const names = await table.locator("th[scope=col]").allInnerTexts();
  const rows = await table.locator("tbody tr").evaluateAll((rows) => rows.map((row) => [...row.cells].map((cell) => cell.innerText)));
  return rows.map((row) => Object.fromEntries(row.map((cell, at) => [names[at].toLowerCase(), cell])));
}

test("the services, what they sent and what it costs are shown", async () => {
  const page = await open(browser, "/usage?range=24h");
  await settled(page);
  const rows = await rowsOf(page, "usage");
  const sender = rows.find(({ service, signal }) => service === "shop-api" && signal === "logs");
  assert.ok(sender, JSON.stringify(rows));
  const stored = await value("SELECT count() FROM otel_logs WHERE ServiceName = 'shop-api'");
  assert.ok(number(sender.records) > 0 && number(sender.records) <= stored, `${sender.records} of ${stored}`);
  assert.ok(number(sender.megabytes) > 0 && number(sender.requests) > 0);
  const costs = await rowsOf(page, "usage_cost");
  const files = costs.find((row) => row.item === "R2, files of the lake");
  assert.ok(files && number(files.used) > 0, JSON.stringify(costs));
  assert.equal(number(files.dollars), 0, "the demo is small");
  assert.match(await panelOf(page, "usage_cost").innerText(), /by the prices of 20\d\d-\d\d-\d\d/);
  assert.deepEqual(await axeFindings(page), []);
  assert.ok((await overflow(page)) <= 0);
  assert.deepEqual(page.complaints, []);
});

test("a filter leaves one service", async () => {
  const page = await open(browser, "/usage?range=24h&service=shop-api");
  await settled(page);
  const rows = await rowsOf(page, "usage");
  assert.deepEqual([...new Set(rows.map(({ service }) => service))], ["shop-api"]);
});

test("the page is read on a phone, without JavaScript", async () => {
  const page = await open(browser, "/plain/usage?range=24h", { javaScriptEnabled: false, viewport: { width: 390, height: 844 } });
  assert.ok((await panelOf(page, "usage").innerText()).includes("shop-api"));
  assert.ok((await overflow(page)) <= 0);
});
