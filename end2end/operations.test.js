// The Operations page shows the state of each subsystem.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { answered, launch, open, settled, value } from "./browser.js";

let browser;
before(async () => (browser = await launch()));
after(() => browser.close());

/** Returns the rows of a subsystem's table, by the names of the columns. */
async function rowsOf(page, part) {
  const names = await page.locator(`#${part} th[scope=col]`).allInnerTexts();
  const rows = await page.locator(`#${part} tbody tr`).evaluateAll((rows) => rows.map((row) => [...row.cells].map((cell) => cell.innerText)));
  return rows.map((row) => Object.fromEntries(row.map((cell, at) => [names[at], cell])));
}

const number = (text) => Number(text.replaceAll(",", ""));

for (const javaScriptEnabled of [true, false]) {
  test(`the states of ingest, lake, files, sync and audits are shown, ${javaScriptEnabled ? "with" : "without"} JavaScript`, async () => {
    const page = await open(browser, javaScriptEnabled ? "/operations" : "/plain/operations", { javaScriptEnabled });
    if (javaScriptEnabled) await settled(page);

    const [ingest] = await rowsOf(page, "ingest");
    assert.equal(ingest.state, "takes requests");
    assert.match(ingest["records a second"], /^[\d.,]+$/);
    assert.match(ingest["log on disk"], /^[\d.]+ \w?B of [\d.]+ GB$/);
    assert.match(ingest["last commit"], /^\d+ (s|min|h) ago$/);

    const lake = await rowsOf(page, "lake");
    const logs = lake.find(({ table }) => table === "otel_logs");
    assert.ok(number(logs.rows) > 1_000, logs.rows);
    assert.ok(number(logs["data files"]) >= 14, "a file for each day");
    assert.match(logs.bytes, /^[\d.]+ [kM]B$/);
    assert.match(logs["bytes a file"], /^[\d.]+ [kM]B$/);
    assert.ok(number(logs.snapshots) >= 1);
    assert.equal(logs.state, "ok");

    const files = await rowsOf(page, "files");
    const ofLogs = files.find(({ table }) => table === "otel_logs");
    assert.equal(ofLogs.state, "ok");
    assert.ok(number(ofLogs.rows) > 1_000, ofLogs.rows);
    assert.match(ofLogs["bytes a record"], /^[\d.]+$/);
    assert.ok(number(ofLogs.files) >= number(ofLogs.days) && number(ofLogs.days) >= 14, ofLogs.days);
    assert.match(ofLogs["files by size"], /^\d+ (below 1|of 1 to 16) MiB/);
    assert.equal(ofLogs.orphans, "0");
    assert.equal(await page.locator("#files .more").count(), 0, "advice for a lake that is fine");

    const [sync] = await rowsOf(page, "sync");
    assert.equal(sync.state, "complete");
    assert.match(sync.cursor, /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC$/);
    assert.match(sync["behind the lake"], /^\d+ s$/);
    assert.match(sync.complete, /^(\d+) of \1 views and tables$/);
    assert.ok(number(sync["rows loaded"]) >= number(logs.rows));

    const [audit] = await rowsOf(page, "audit");
    assert.equal(audit.state, "same rows");
    assert.ok(number(audit["days of tables compared"]) > 0);
    assert.equal(audit.differ, "0");
    assert.deepEqual(page.complaints, []);
  });
}

test("a refresh requests the states again", async () => {
  const page = await open(browser, "/operations");
  await settled(page);
  const cursor = async () => (await rowsOf(page, "sync"))[0].cursor;
  const before = await cursor();
  // Sync moves its cursor in every round, every two seconds.
  for (const deadline = Date.now() + 15_000; (await cursor()) === before; ) {
    assert.ok(Date.now() < deadline, `the cursor stays at ${before}`);
    await page.getByRole("link", { name: "Refresh" }).click();
    await answered(page);
  }
  assert.ok((await value("SELECT count() FROM otel_logs")) > 0);
});
