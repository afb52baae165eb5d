// The SQL page: a statement is written, run, charted, shared by its address, cancelled and restored. What it shows is what the API
// returns, and a page of another site cannot make it run.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";

import { axeFindings, fromElsewhere, launch, open, overflow, panelOf, post, settled, URL_FULL, value } from "./browser.js";

let browser;
before(async () => (browser = await launch()));
after(() => browser.close());

const off = { javaScriptEnabled: false };
const PHONE = { width: 390, height: 844 };
const JOIN = `SELECT toStartOfHour(logs.Timestamp) AS hour, spans.ServiceName AS service, count() AS lines
FROM otel_logs AS logs JOIN otel_traces AS spans ON logs.TraceId = spans.TraceId
WHERE logs.TraceId != '' AND logs.Timestamp > now() - INTERVAL 7 DAY AND ({service:String} = '' OR spans.ServiceName = {service:String})
GROUP BY hour, service ORDER BY hour, service`;
/** More than the statements that chDB runs and queues. */
const PLACES = 12;
/** A statement that takes longer than any test. */
const SLOW = "SELECT sum(sipHash64(number)) FROM numbers(1000000000000)";

const editor = (page) => page.getByRole("textbox", { name: "Statement" });
const answer = (page) => page.getByRole("region", { name: "Answer" });
const grid = (page) => page.getByRole("table", { name: "Rows" });
const run = (page) => page.getByRole("button", { name: "Run" });
const addressOf = (sql, fields = {}) => `/sql?${new URLSearchParams({ q: sql, ...fields })}`;

/** Waits until the editor has taken over from the form, and no statement runs. */
async function ready(page) {
  await page.waitForFunction(() => document.documentElement.dataset.interactive !== undefined);
  await editor(page).waitFor();
  await page.waitForFunction(() => !document.querySelector(".sql-answer[aria-busy]"));
}

/** Writes a statement in place of the one in the editor. */
async function write(page, sql) {
  await editor(page).fill(sql);
}

/** Returns the texts of the cells in sight, row by row. */
const cells = (page) => grid(page).locator(".sql-body .sql-row").evaluateAll((rows) => rows.map((row) => [...row.children].map((cell) => cell.textContent)));

test("a join of logs and spans is charted, and shared by its link", async () => {
  const page = await open(browser, "/sql", { permissions: ["clipboard-read", "clipboard-write"] });
  await ready(page);
  await write(page, JOIN);
  const service = await value("SELECT ServiceName FROM otel_traces WHERE TraceId IN (SELECT TraceId FROM otel_logs) GROUP BY 1 ORDER BY count() DESC LIMIT 1");
  await page.getByLabel("service String").fill(service);
  await editor(page).press("Control+Enter");
  await grid(page).waitFor();
  const { rows } = await post("/sql", { sql: JOIN, params: { service } });
  assert.match(await answer(page).getByRole("heading").innerText(), new RegExp(`^${rows.length.toLocaleString("en")} rows?$`));
  const [first] = await cells(page);
  assert.deepEqual(first, rows[0].map(String));
  assert.equal(await answer(page).locator(".badge [data-part=engine]").innerText(), "chDB");
  assert.ok(await answer(page).locator(".lines [data-plot]").isVisible());
  await answer(page).getByRole("radio", { name: "bars" }).check();
  assert.ok(await answer(page).locator(".bars [data-plot]").isVisible());
  assert.ok(await answer(page).locator(".lines [data-plot]").isHidden());

  await page.getByRole("button", { name: "Copy link" }).click();
  const link = await page.evaluate(() => navigator.clipboard.readText());
  assert.equal(link, page.url());
  const shared = await open(browser, new URL(link).pathname + new URL(link).search);
  await grid(shared).waitFor();
  assert.deepEqual((await cells(shared))[0], first);
  assert.equal(await shared.getByLabel("service String").inputValue(), service);
  assert.deepEqual([...page.complaints, ...shared.complaints], []);
});

test("tables, columns and functions are completed", async () => {
  const page = await open(browser, "/sql");
  await ready(page);
  const named = page.waitForResponse((response) => response.url().endsWith("/sql/names"));
  await editor(page).click();
  await named;
  const chosen = async (typed, label) => {
    await write(page, "");
    await editor(page).pressSequentially(typed);
    const option = page.getByRole("option", { name: label }).first();
    await option.waitFor();
    await option.click();
    return editor(page).innerText();
  };
  assert.equal(await chosen("SELECT 1 FROM otel_lo", "otel_logs"), "SELECT 1 FROM otel_logs");
  assert.equal(await chosen("SELECT ServiceNa", "ServiceName"), "SELECT ServiceName");
  assert.equal(await chosen("SELECT quantileTDi", "quantileTDigest"), "SELECT quantileTDigest");
});

test("a grid of 50,000 rows draws those in sight, and says that the answer was cut", async () => {
  const page = await open(browser, addressOf("SELECT number, toString(number * 2) AS twice FROM numbers(60000)"));
  await grid(page).waitFor();
  assert.equal(await answer(page).getByRole("heading").innerText(), "50,000 rows");
  assert.match(await answer(page).locator(".cut").innerText(), /cut after 50,000 rows/);
  assert.equal(await grid(page).getAttribute("aria-rowcount"), "50001");
  assert.ok((await cells(page)).length < 100);
  await grid(page).focus();
  await page.keyboard.press("End");
  const last = grid(page).locator(".sql-row.chosen", { hasText: "49999" });
  await last.waitFor();
  assert.deepEqual(await last.locator("span").allInnerTexts(), ["49999", "99998"]);
  assert.ok(await last.isVisible());
  assert.ok((await cells(page)).length < 100);
  await answer(page).getByText("One row with its whole values").click();
  await answer(page).locator(".sql-detail dd").first().waitFor();
  assert.deepEqual(await answer(page).locator(".sql-detail dd").allInnerTexts(), ["49999", "99998"]);
  assert.deepEqual(page.complaints, []);
});

test("a running statement is cancelled, and the engine stops", async () => {
  const page = await open(browser, addressOf(SLOW));
  await page.getByText(/^Running for/).waitFor();
  await page.getByRole("button", { name: "Cancel" }).click();
  await page.getByText("Cancelled.").waitFor();
  assert.ok(await run(page).isVisible());
  assert.equal(await page.getByRole("button", { name: "Cancel" }).count(), 0);
  // chDB runs few statements at once. If cancelled ones went on, they would take all places.
  for (let at = 0; at < PLACES; at += 1) {
    await run(page).click();
    await page.getByText(/^Running for/).waitFor();
    await page.getByRole("button", { name: "Cancel" }).click();
    await page.getByText("Cancelled.").waitFor();
  }
  await write(page, "SELECT 7 AS seven");
  await run(page).click();
  await grid(page).waitFor();
  assert.deepEqual(await cells(page), [["7"]]);
});

test("what a statement would read is said before it runs, and what it has read while it runs", async () => {
  const page = await open(browser, "/sql");
  await ready(page);
  await write(page, "SELECT Body FROM otel_logs WHERE Timestamp >= {from:DateTime64(6)}");
  await page.getByLabel("from DateTime64(6)").fill("2000-01-01 00:00:00");
  const said = page.locator(".sql-estimate");
  const lines = Number(await value("SELECT count() FROM otel_logs WHERE toDate(Timestamp) < today()"));
  await page.waitForFunction(() => /^Reads at most [\d,]+ rows in \d+ files of /.test(document.querySelector(".sql-estimate").textContent));
  assert.ok(Number((await said.innerText()).split(" ")[3].replaceAll(",", "")) >= lines);
  await page.getByLabel("from DateTime64(6)").fill("2100-01-01 00:00:00");
  await page.waitForFunction(() => document.querySelector(".sql-estimate").textContent === "Reads at most 0 rows in 0 files of 0 B.");
  assert.ok(await answer(page).isHidden(), "nothing has run");
  // A statement that is not complete has no estimate, and no complaint.
  await write(page, "SELECT Body FR");
  const asked = await page.waitForResponse((response) => response.url().endsWith("/sql/estimated"));
  assert.equal(await asked.json(), "");
  assert.equal(await said.innerText(), "");

  await write(page, SLOW);
  await run(page).click();
  await page.getByText(/^Running for \d+ s, [\d.]+[KMB] rows read$/).waitFor();
  await page.getByRole("button", { name: "Cancel" }).click();
  await page.getByText("Cancelled.").waitFor();
  assert.deepEqual(page.complaints, []);
});

test("what the engine says about a fault is in sight", async () => {
  const page = await open(browser, addressOf("SELECT nonsense FROM otel_logs"));
  const note = answer(page).getByRole("alert");
  await note.waitFor();
  assert.match(await note.innerText(), /nonsense/);
  assert.match(await note.locator("pre").innerText(), /^code 47: /);
  await write(page, "INSERT INTO otel_logs VALUES (1)");
  await run(page).click();
  await page.waitForFunction(() => document.querySelector(".sql-answer strong")?.textContent === "statement not allowed");
  assert.equal(await grid(page).count(), 0);
});

test("texts of the lake and of the address stay texts", async () => {
  const evil = `<img src=x onerror="document.title='hit'">`;
  for (const path of ["/sql", "/plain/sql"]) {
    const page = await open(browser, path + addressOf(`SELECT '${evil.replaceAll("'", "\\'")}' AS \`${evil}\`, {p:String} AS p`, { param_p: `"${evil}` }).slice(4));
    await page.waitForFunction(() => document.querySelector(".badge"));
    assert.ok((await answer(page).innerText()).includes(evil));
    assert.equal(await page.locator("img").count(), 0);
    assert.notEqual(await page.title(), "hit");
    assert.deepEqual(page.complaints, []);
  }
});

test("the history of the browser restores statements, and the back button the last one", async () => {
  const page = await open(browser, "/sql");
  await ready(page);
  for (const number of [1, 2]) {
    await write(page, `SELECT ${number} AS n`);
    await run(page).click();
    await page.waitForURL((url) => url.searchParams.get("q") === `SELECT ${number} AS n`);
    await page.waitForFunction((number) => document.querySelector(".sql-body span")?.textContent === String(number), number);
  }
  await page.goBack();
  await page.waitForFunction(() => document.querySelector(".sql-body span")?.textContent === "1");
  assert.equal(await editor(page).innerText(), "SELECT 1 AS n");
  await page.reload();
  await ready(page);
  await page.getByText("History of this browser").click();
  await page.getByRole("button", { name: "SELECT 2 AS n" }).click();
  assert.equal(await editor(page).innerText(), "SELECT 2 AS n");
  // Sixty more statements leave fifty.
  await page.evaluate(() => {
    const key = "lakefront-sql-history";
    const many = Array.from({ length: 60 }, (_, at) => ({ sql: `SELECT ${at}`, params: [] }));
    localStorage.setItem(key, JSON.stringify([{ sql: 1 }, null, "x", ...many]));
  });
  await run(page).click();
  await page.waitForFunction(() => JSON.parse(localStorage.getItem("lakefront-sql-history"))[0].sql === "SELECT 2 AS n");
  const kept = await page.evaluate(() => JSON.parse(localStorage.getItem("lakefront-sql-history")).length);
  assert.equal(kept, 50);
  assert.deepEqual(page.complaints, []);
});

test("going to another page and back keeps the statement, and nothing is loaded again", async () => {
  const page = await open(browser, "/");
  await settled(page);
  await page.evaluate(() => (window.notReloaded = true));
  const loaded = () => page.evaluate(() => performance.getEntriesByType("resource").filter(({ name }) => name.endsWith("/sql.js")).length);
  assert.equal(await loaded(), 0, "the editor is loaded on its page only");
  const link = (name) => page.getByRole("navigation", { name: "Pages" }).getByRole("link", { name, exact: true });
  await link("SQL").click();
  await ready(page);
  // The browser notes a request after its script has run.
  await page.waitForFunction(() => performance.getEntriesByType("resource").some(({ name }) => name.endsWith("/sql.js")));
  assert.equal(await loaded(), 1);
  await write(page, "SELECT 5 AS five");
  await run(page).click();
  await grid(page).waitFor();
  await link("Errors").click();
  await page.getByRole("heading", { level: 1, name: "Errors" }).waitFor();
  await page.goBack();
  await grid(page).waitFor();
  assert.equal(await editor(page).innerText(), "SELECT 5 AS five");
  assert.equal(await page.evaluate(() => window.notReloaded), true);
  assert.deepEqual(page.complaints, []);
});

test("every panel opens as SQL, with its parameters", async () => {
  const page = await open(browser, "/errors?range=24h&service=shop-api");
  await settled(page);
  const panel = panelOf(page, "error_groups");
  await panel.getByRole("link", { name: "as SQL" }).click();
  await page.waitForURL((url) => url.pathname === "/sql");
  await grid(page).waitFor();
  assert.equal(await page.getByLabel("service String").inputValue(), "shop-api");
  const query = new URL(page.url()).searchParams;
  const named = await post("/query", {
    query: "error_groups",
    params: { service: "shop-api" },
    backend: "chdb",
    timeRange: { from: `${query.get("param_from").replace(" ", "T")}Z`, to: `${query.get("param_to").replace(" ", "T")}Z` },
    tz: "UTC",
  });
  const ids = named.rows.map((row) => row[0]);
  assert.deepEqual((await cells(page)).map((row) => row[0]), ids.slice(0, (await cells(page)).length));
});

test("the page is read and used without JavaScript", async () => {
  const page = await open(browser, "/sql", { ...off, viewport: PHONE });
  await page.waitForURL(/\/plain\/sql$/);
  await page.getByLabel("Statement").fill("SELECT number AS n, {word:String} AS word FROM numbers(400)");
  await run(page).click();
  await page.waitForURL((url) => url.pathname === "/plain/sql" && url.searchParams.has("q"));
  await page.getByLabel("word String").fill("lake");
  await run(page).click();
  await page.waitForURL((url) => url.searchParams.get("param_word") === "lake");
  assert.equal(await answer(page).getByRole("heading").innerText(), "400 rows");
  assert.equal(await answer(page).locator("tbody tr").count(), 300);
  assert.equal(await answer(page).locator("tbody tr").first().innerText(), "0\tlake");
  assert.match(await answer(page).locator(".more").innerText(), /first 300 of 400 rows/);
  assert.ok((await overflow(page)) <= 0);
  await page.getByLabel("Statement").fill("SELECT Body FROM otel_logs WHERE Timestamp > '2100-01-01'");
  await page.getByRole("button", { name: "Estimate" }).click();
  const estimate = page.getByRole("region", { name: "Estimate" });
  assert.match(await estimate.innerText(), /Reads at most 0 rows in 0 files.*otel_logs: .*from 2100-01-01/s);
  assert.equal(await answer(page).count(), 0);
  await page.goBack();
  const [download] = await Promise.all([page.waitForEvent("download"), answer(page).getByRole("link", { name: "CSV" }).click()]);
  assert.equal(download.suggestedFilename(), "sql.csv");
  const [parquet] = await Promise.all([page.waitForEvent("download"), answer(page).getByRole("link", { name: "Parquet" }).click()]);
  assert.equal(parquet.suggestedFilename(), "sql.parquet");
  const bytes = await readFile(await parquet.path());
  assert.deepEqual([bytes.subarray(0, 4).toString(), bytes.subarray(-4).toString()], ["PAR1", "PAR1"]);
});

test("the files of an answer have the rows of the API", async () => {
  const [sql, params] = ["SELECT number, {word:String} AS word FROM numbers(3)", { word: "a,b" }];
  const reply = await post("/sql", { sql, params });
  const file = (format) => fetch(new URL(`/download/sql.${format}?${new URLSearchParams({ q: sql, param_word: "a,b" })}`, URL_FULL));
  assert.deepEqual((await (await file("json")).json()).rows, reply.rows);
  assert.equal(await (await file("csv")).text(), '\ufeffnumber,word\r\n0,"a,b"\r\n1,"a,b"\r\n2,"a,b"\r\n'.slice(1));
  const refused = await file("xml");
  assert.deepEqual([refused.status, refused.headers.get("content-type")], [404, "application/problem+json"]);
  const bad = await fetch(new URL("/download/sql.csv?q=SELECT+nonsense", URL_FULL));
  assert.deepEqual([bad.status, bad.headers.get("content-type")], [422, "application/problem+json"]);
});

test("a link of another site shows its statement and runs nothing", async () => {
  const path = addressOf("SELECT 40 + 2 AS sum");
  const own = await fromElsewhere(`/plain${path}`, { "sec-fetch-site": "same-origin" });
  assert.match(own.text, /<td class="number">42<\/td>/);
  const plain = await fromElsewhere(`/plain${path}`);
  assert.equal(plain.status, 200);
  assert.match(plain.text, /SELECT 40 \+ 2 AS sum/);
  assert.match(plain.text, /Another site led here/);
  assert.doesNotMatch(plain.text, /<td|class="badge"/);
  const page = await fromElsewhere(path);
  assert.match(page.text, /Another site led here/);
  assert.doesNotMatch(page.text, /data-run|http-equiv="refresh"/);
  const file = await fromElsewhere(`/download/sql.csv${path.slice(4)}`);
  assert.equal(file.status, 403);
  const foreign = await fromElsewhere("/sql?q=SELECT+1", { host: "evil.example" });
  assert.equal(foreign.status, 403);
});

for (const colorScheme of ["light", "dark"]) {
  for (const viewport of [PHONE, { width: 1440, height: 900 }]) {
    test(`an answer fits its window and has no findings of axe, ${colorScheme}, ${viewport.width} px`, async () => {
      const page = await open(browser, addressOf(JOIN), { colorScheme, viewport, deviceScaleFactor: 1 });
      await grid(page).waitFor();
      await ready(page);
      await answer(page).getByText("One row with its whole values").click();
      await page.getByText("History of this browser").click();
      assert.ok((await overflow(page)) <= 0, "the page scrolls sideways");
      assert.deepEqual(await axeFindings(page), []);
      if (process.env.LAKEFRONT_SCREENSHOTS) await page.screenshot({ path: `${process.env.LAKEFRONT_SCREENSHOTS}/sql-answer-${viewport.width}-${colorScheme}.png`, fullPage: true });
      assert.deepEqual(page.complaints, []);
      await page.context().close();
    });
  }
}

test("the keyboard alone writes, runs, cancels and reads", async () => {
  const page = await open(browser, "/sql");
  await ready(page);
  await editor(page).focus();
  await page.keyboard.insertText(SLOW);
  await page.keyboard.press("Control+Enter");
  await page.getByText(/^Running for/).waitFor();
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.textContent), "Run");
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.textContent), "Cancel");
  await page.keyboard.press("Enter");
  await page.getByText("Cancelled.").waitFor();
  await editor(page).focus();
  await page.keyboard.press("Control+a");
  await page.keyboard.insertText("SELECT number FROM numbers(100)");
  await page.keyboard.press("Control+Enter");
  await grid(page).waitFor();
  await grid(page).focus();
  await page.keyboard.press("ArrowDown");
  assert.equal(await grid(page).locator(".chosen").innerText(), "1");
});
