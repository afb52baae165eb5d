// Files, the statement and refreshing: what a panel offers besides its drawing.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";

import { answered, launch, open, panelOf, post, settled } from "./browser.js";

let browser;
before(async () => (browser = await launch()));
after(() => browser.close());

async function fileOf(page, query, format) {
  const link = panelOf(page, query).getByRole("link", { name: format });
  const [download] = await Promise.all([page.waitForEvent("download"), link.click()]);
  assert.equal(download.suggestedFilename(), `${query}.${format.toLowerCase()}`);
  return readFile(await download.path(), "utf8");
}

/** Rows of comma-separated values, which begin with a byte order mark for spreadsheets. */
const parsed = (text) =>
  text.replace(/^\uFEFF/, "").trimEnd().split("\r\n").map((line) =>
    [...line.matchAll(/("(?:[^"]|"")*"|[^,]*)(?:,|$)/g)].slice(0, -1).map(([, cell]) => cell.replace(/^"|"$/g, "").replaceAll('""', '"')),
  );

test("files hold what the API answers", async () => {
  // Yesterday's rows do not change any more.
  const day = new Date(Date.now() - 86_400_000).toISOString().slice(0, 10);
  const [from, to] = [`${day}T00:00`, `${day}T23:00`];
  const page = await open(browser, `/?from=${from}&to=${to}&tz=UTC&top_errors.limit=3`);
  await settled(page);
  const timeRange = { from: `${from}:00Z`, to: `${to}:00Z` };
  const reply = await post("/query", { query: "top_errors", timeRange, tz: "UTC", params: { limit: 3 } });
  assert.equal(reply.rows.length, 3);
  const json = JSON.parse(await fileOf(page, "top_errors", "JSON"));
  assert.deepEqual([json.columns, json.rows, json.range], [reply.columns, reply.rows, reply.range]);
  const file = await fileOf(page, "top_errors", "CSV");
  assert.ok(file.startsWith("\uFEFF"), file);
  const csv = parsed(file);
  assert.deepEqual(csv[0], reply.columns.map(({ name }) => name));
  assert.deepEqual(csv.slice(1).map((row) => row.slice(0, 4)), reply.rows.map((row) => row.slice(0, 4).map(String)));
  const limited = await page.request.get(new URL(`/download/top_errors.csv?from=${from}&to=${to}&tz=UTC&limit=1`, page.url()).href);
  assert.equal(parsed(await limited.text()).length, 2);
  assert.deepEqual(page.complaints, []);
});

test("a download of an unknown query is a problem document", async () => {
  const page = await open(browser, "/");
  for (const [path, status] of [["/download/nothing.csv", 404], ["/download/top_errors.xls", 404], ["/download/errors_for_user.csv", 400]]) {
    const reply = await page.request.get(new URL(path, page.url()).href);
    assert.equal(reply.status(), status, path);
    assert.match(reply.headers()["content-type"], /problem\+json/);
  }
});

test("the statement behind an answer can be copied and run", async () => {
  const page = await open(browser, "/?range=24h", { permissions: ["clipboard-read", "clipboard-write"] });
  await settled(page);
  const panel = panelOf(page, "top_errors");
  await panel.getByText("How was this answered?").click();
  await panel.getByRole("button", { name: "Copy" }).click();
  const script = await page.evaluate(() => navigator.clipboard.readText());
  assert.match(script, /^SET param_\w+ = '/);
  const params = Object.fromEntries([...script.matchAll(/^SET param_(\w+) = '(.*)';$/gm)].map(([, name, value]) => [name, value]));
  assert.ok("from" in params && "limit" in params, script);
  assert.match(script, /FROM/);
  // Unfolded parts stay unfolded after a refresh.
  await page.getByRole("link", { name: "Refresh" }).click();
  await answered(page);
  assert.ok(await panel.locator(".how code").isVisible());
  assert.deepEqual(page.complaints, []);
});

test("the API returns the statement only if the request asks for it", async () => {
  const plain = await post("/query", { query: "top_errors", timeRange: "24h" });
  assert.equal(plain.statement, undefined);
  const { statement } = await post("/query", { query: "top_errors", timeRange: "24h", explain: true });
  assert.match(statement.sql, /SELECT/);
  assert.ok(statement.params.some(({ name, value }) => name === "limit" && value === "10"));
});

/** Makes timers of ten seconds fire every half second. */
const hurried = (page) =>
  page.addInitScript(() => {
    const every = window.setInterval.bind(window);
    window.setInterval = (act, pause) => every(act, pause / 20);
  });

test("the page refreshes by itself, not in a hidden tab, and at once on return", async () => {
  const page = await open(browser, "/web", { prepare: hurried });
  await settled(page);
  let asked = 0;
  page.on("request", (request) => request.url().endsWith("/api/ask") && (asked += 1));
  const asks = () => page.waitForRequest((request) => request.url().endsWith("/api/ask"));
  /** Waits until all requests are answered, and then twice the refresh interval. */
  const silence = async () => {
    await page.waitForTimeout(500);
    await answered(page);
    const before = asked;
    await page.waitForTimeout(1_500);
    assert.equal(asked, before, "it goes on asking");
  };
  await Promise.all([asks(), page.getByLabel("Auto-refresh").selectOption("10s")]);
  await page.waitForURL(/refresh=10s/);
  await asks();

  const hide = (hidden) =>
    page.evaluate((hidden) => {
      Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
      document.dispatchEvent(new Event("visibilitychange", { bubbles: true }));
    }, hidden);
  await hide(true);
  await silence();
  await Promise.all([asks(), hide(false)]);
  await asks();

  await page.getByLabel("Auto-refresh").selectOption("");
  await page.waitForURL((url) => !url.searchParams.has("refresh"));
  await silence();
  assert.deepEqual(page.complaints, []);
});
