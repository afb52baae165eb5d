// Search in logs and traces: from an error to the lines that came with it, without writing SQL.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { answered, launch, open, overflow, panelOf, post, settled, value } from "./browser.js";

let browser;
before(async () => (browser = await launch()));
after(() => browser.close());

const lines = (page) => page.locator("#rows .lines li");
const box = (page) => page.getByRole("searchbox", { name: "Search", exact: true });

/** Enters a text into the search box, and waits for its answer. */
async function search(page, text) {
  await box(page).fill(text);
  await box(page).press("Enter");
  await page.waitForURL((url) => (url.searchParams.get("q") ?? "") === text);
  await answered(page);
}

test("which log lines came with this error", async () => {
  // An error of a span whose trace has log lines too.
  const trace = await value(
    `SELECT TraceId FROM otel_traces WHERE ErrorGroup != '' AND ErrorType != '' AND TraceId IN (SELECT TraceId FROM otel_logs) AND Timestamp > now() - INTERVAL 6 DAY ORDER BY Timestamp DESC LIMIT 1`,
  );
  const group = await value(`SELECT ErrorGroup FROM otel_traces WHERE TraceId = '${trace}' AND ErrorType != '' LIMIT 1`);
  const expected = await value(`SELECT count() FROM otel_logs WHERE TraceId = '${trace}' AND Timestamp > now() - INTERVAL 7 DAY`);
  const page = await open(browser, `/error?error_group=${encodeURIComponent(group)}`);
  await settled(page);
  await page.getByRole("link", { name: "Spans with this error" }).click();
  await page.waitForURL((url) => url.pathname === "/traces");
  await lines(page).first().waitFor();
  await search(page, `error.group:"${group}" trace:${trace}`);
  await lines(page).first().getByRole("link").click();
  await page.locator("#row").getByRole("link", { name: "Log lines of the trace" }).click();
  await page.waitForURL((url) => url.pathname === "/logs" && url.searchParams.get("q") === `trace:${trace}`);
  await lines(page).first().waitFor();
  assert.equal(await lines(page).count(), Number(expected));
  assert.equal(await page.locator("#rows .badge").count(), 1);
  assert.deepEqual(page.complaints, []);
});

test("a trace leads to its log lines, and a line to its trace", async () => {
  const trace = await value(
    `SELECT TraceId FROM otel_logs WHERE TraceId IN (SELECT TraceId FROM otel_traces) AND Timestamp > now() - INTERVAL 6 DAY ORDER BY Timestamp DESC LIMIT 1`,
  );
  const page = await open(browser, `/trace?trace_id=${trace}`);
  await settled(page);
  await page.getByRole("link", { name: "Log lines of this trace" }).click();
  await page.waitForURL((url) => url.pathname === "/logs");
  await answered(page);
  await lines(page).first().getByRole("link").click();
  await page.locator("#row").getByRole("link", { name: "Trace", exact: true }).click();
  await page.waitForURL((url) => url.pathname === "/trace" && url.searchParams.get("trace_id") === trace);
  await answered(page);
  assert.ok((await panelOf(page, "trace_spans").locator(".waterfall li").count()) > 0);
});

test("a search is in the address, and the back button takes it back", async () => {
  const page = await open(browser, "/logs?range=24h");
  await settled(page);
  await search(page, "level:error");
  assert.deepEqual([...new Set(await lines(page).locator(".level").allInnerTexts())], ["error"]);
  await search(page, "-level:error");
  assert.ok(!(await lines(page).locator(".level").allInnerTexts()).includes("error"));
  await page.goBack();
  await page.waitForFunction(() => document.querySelector("[name=q]").value === "level:error");
  assert.deepEqual(page.complaints, []);
});

test("a value of the detail filters in and out", async () => {
  const page = await open(browser, "/logs?range=24h&q=level%3Aerror");
  await settled(page);
  await lines(page).first().getByRole("link").click();
  const detail = page.locator("#row .detail");
  const service = detail.locator(".fields div").filter({ has: page.locator("dt", { hasText: /^ServiceName$/ }) });
  const name = await service.locator("dd").first().innerText();
  await service.getByRole("link", { name: "Only with this ServiceName" }).click();
  await page.waitForURL((url) => url.searchParams.get("q")?.startsWith("level:error service:"));
  await answered(page);
  assert.deepEqual([...new Set(await lines(page).locator(".service").allInnerTexts())], [name]);
  assert.equal(await page.locator("#row .detail").count(), 0);
});

test("pages follow each other without a gap", async () => {
  const page = await open(browser, "/logs?range=7d");
  await settled(page);
  const seen = [];
  for (let at = 0; at < 3; at += 1) {
    seen.push(...(await lines(page).locator("a").evaluateAll((links) => links.map((link) => new URL(link.href).searchParams.get("line")))));
    const before = page.url();
    await page.getByRole("link", { name: "Older lines" }).click();
    await page.waitForURL((url) => url.href !== before);
    await answered(page);
  }
  assert.equal(new Set(seen).size, 150);
  const { rows } = await post("/search", { signal: "logs", timeRange: "7d", limit: 300 });
  const place = ([time, , , , , , , , row]) => `${BigInt(Date.parse(time)) * 1000n + BigInt((/\.\d{3}(\d{3})/.exec(time) ?? [0, 0])[1])}_${row}`;
  const expected = rows.map(place);
  const from = expected.indexOf(seen[0]);
  assert.deepEqual(seen, expected.slice(from, from + 150));
});

test("an error points at the character", async () => {
  const page = await open(browser, "/logs?range=24h");
  await settled(page);
  await search(page, "level:loud web");
  const fault = page.locator("#rows .failure");
  assert.match(await fault.innerText(), /level takes none, trace, debug/);
  assert.equal(await fault.locator("mark").innerText(), "l");
  assert.equal(await fault.locator(".fault").innerText(), "level:loud web");
  const reply = await fetch(new URL("/search", page.url()), {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ signal: "logs", query: "a (b" }),
  });
  const problem = await reply.json();
  assert.deepEqual([reply.status, reply.headers.get("content-type"), problem.position], [400, "application/problem+json", 2]);
});

test("nothing found says what to try", async () => {
  const page = await open(browser, "/logs?q=zzzzqqqq");
  await settled(page);
  assert.match(await page.locator("#rows .note").innerText(), /A word is found as a whole/);
  await page.getByRole("link", { name: "Show all lines" }).click();
  await page.waitForURL((url) => !url.searchParams.has("q"));
  await answered(page);
  assert.equal(await lines(page).count(), 50);
});

test("a bar zooms, and a severity filters", async () => {
  const page = await open(browser, "/logs?range=24h");
  await settled(page);
  await page.locator("#histogram .legend").getByRole("link", { name: /^error/ }).click();
  await page.waitForURL((url) => url.searchParams.get("q") === "level:error");
  await answered(page);
  await page.locator("#histogram .steps a:has(i)").last().click();
  await page.waitForURL((url) => url.searchParams.has("from") && !url.searchParams.has("range"));
  await answered(page);
  assert.ok((await lines(page).count()) > 0);
});

test("slow requests that failed are found among the spans", async () => {
  const page = await open(browser, "/traces?range=7d");
  await settled(page);
  await search(page, "status:>=500 kind:server");
  const found = await lines(page).count();
  assert.ok(found > 0);
  assert.equal(await lines(page).locator(".track i").count(), found);
  await lines(page).first().getByRole("link").click();
  await page.locator("#row").getByRole("link", { name: "Trace", exact: true }).click();
  await page.waitForURL((url) => url.pathname === "/trace");
});

test("what failed requests have in common, and what sets them apart", async () => {
  const page = await open(browser, "/traces?range=7d&q=status:%3E%3D500");
  await settled(page);
  await page.getByRole("navigation", { name: "What is shown" }).getByRole("link", { name: "Fields" }).click();
  await page.waitForURL((url) => url.searchParams.get("show") === "fields");
  const field = (name) => page.locator(".apart section").filter({ has: page.locator("h3", { hasText: new RegExp(`^${name}$`) }) });
  await field("StatusCode").waitFor();
  assert.match(await field("StatusCode").locator("li").first().innerText(), /^Error\s+100 %\s+0 %/);
  const failed = await value("SELECT count() FROM otel_traces WHERE HttpStatusCode >= 500 AND Timestamp > now() - INTERVAL 7 DAY");
  const [, shown] = /Shares of ([\d,]+) spans/.exec(await page.locator("#rows .more").first().innerText());
  assert.ok(Math.abs(Number(shown.replaceAll(",", "")) - Number(failed)) <= 2, `${shown}, ${failed}`);
  const route = await field("HttpRoute").locator(".value").first().innerText();
  await field("HttpRoute").getByRole("link", { name: `Only with HttpRoute ${route}` }).click();
  await page.waitForURL((url) => url.searchParams.get("q")?.startsWith("status:>=500 route:"));
  await answered(page);
  assert.ok((await lines(page).count()) > 0);
  assert.equal(await page.locator(".apart").count(), 0, "the rows are shown again");
  assert.deepEqual(page.complaints, []);
});

test("lines that differ in numbers alone are one pattern, which leads to them", async () => {
  const page = await open(browser, "/logs?range=7d&show=patterns&q=card");
  await settled(page);
  const pattern = lines(page).filter({ hasText: "card declined for order *" });
  const lineCount = Number((await pattern.locator(".took").innerText()).replaceAll(",", ""));
  assert.ok(lineCount > 1);
  await pattern.getByRole("link").click();
  await page.waitForURL((url) => url.searchParams.get("q")?.includes("card declined for order"));
  await answered(page);
  const found = await page.locator("#histogram .legend").innerText();
  const total = [...found.matchAll(/[\d,]+/g)].reduce((sum, [text]) => sum + Number(text.replaceAll(",", "")), 0);
  assert.ok(total >= lineCount && (await lines(page).count()) > 0, `${total} lines of ${lineCount}`);
  const plain = await open(browser, "/plain/logs?range=7d&show=patterns", { javaScriptEnabled: false, viewport: { width: 390, height: 844 } });
  assert.ok((await lines(plain).count()) > 3);
  assert.ok((await overflow(plain)) <= 0);
  await plain.getByRole("link", { name: "Fields", exact: true }).click();
  await plain.locator(".apart li").first().waitFor();
  assert.ok((await overflow(plain)) <= 0);
  assert.deepEqual(page.complaints, []);
});

test("logs are read without JavaScript", async () => {
  const page = await open(browser, "/plain/logs?range=24h", { javaScriptEnabled: false, viewport: { width: 390, height: 844 } });
  await box(page).fill("level:error");
  await page.getByRole("button", { name: "Search" }).click();
  await page.waitForURL((url) => url.pathname === "/plain/logs" && url.searchParams.get("q") === "level:error");
  assert.deepEqual([...new Set(await lines(page).locator(".level").allInnerTexts())], ["error"]);
  await lines(page).first().getByRole("link").click();
  await page.locator("#row .fields div").first().waitFor();
  assert.ok((await overflow(page)) <= 0);
});

test("a line is opened and closed by the keyboard", async () => {
  const page = await open(browser, "/logs?range=24h");
  await settled(page);
  await lines(page).first().getByRole("link").focus();
  await page.keyboard.press("Enter");
  await page.locator("#row .detail").waitFor();
  await page.getByRole("link", { name: "Close the detail" }).focus();
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => !document.querySelector("#row .detail"));
});

test("a cell of the heat map leads to what its spans have in common, a duration to all that took as long", async () => {
  for (const [base, javaScriptEnabled] of [["", true], ["/plain", false]]) {
    const page = await open(browser, `${base}/traces?range=24h&q=service%3Ashop-api&show=durations`, { javaScriptEnabled });
    if (javaScriptEnabled) await settled(page);
    const cells = page.locator(".durations td a");
    assert.ok((await cells.count()) > 20);
    const title = await cells.first().getAttribute("title");
    assert.match(title, /: [\d,]+ spans/);
    const href = await cells.first().getAttribute("href");
    assert.match(new URLSearchParams(href).get("q"), /^service:shop-api duration:>=\d+us duration:<\d+us$/);
    const slow = page.locator(".durations th a").first();
    const from = await slow.innerText();
    await slow.click();
    await page.waitForURL((url) => url.searchParams.get("show") === "fields");
    if (javaScriptEnabled) await settled(page);
    assert.match(from, /^≥ /);
    assert.ok((await page.locator(".apart li").count()) > 0);
    if (!javaScriptEnabled) continue;
    await page.goBack();
    await settled(page);
    await page.setViewportSize({ width: 390, height: 844 });
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth), 0);
  }
});
