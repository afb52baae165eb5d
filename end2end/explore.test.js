// Search in logs and traces: from an error to the lines that came with it, without writing SQL.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { answered, axeFindings, fromElsewhere, launch, open, overflow, panelOf, post, settled, URL_FULL, value } from "./browser.js";

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

test("a field becomes a column of the list, and is taken out again", async () => {
  for (const [base, javaScriptEnabled] of [["", true], ["/plain", false]]) {
    const page = await open(browser, `${base}/logs?range=7d&q=route%3A*`, { javaScriptEnabled });
    if (javaScriptEnabled) await settled(page);
    await lines(page).first().locator("a").click();
    const detail = page.locator("#row .detail");
    const route = detail.locator(".fields div").filter({ has: page.locator("dt", { hasText: /^HttpRoute$/ }) });
    const shown = await route.locator("dd").first().innerText();
    await route.getByRole("link", { name: "Show as a column: HttpRoute" }).click();
    await page.waitForURL((url) => url.searchParams.get("columns") === "route");
    if (javaScriptEnabled) await settled(page);
    await page.locator(".heads").getByText("route").waitFor();
    assert.equal(await lines(page).first().locator(".chosen").innerText(), shown);
    assert.equal(await lines(page).locator(".chosen").count(), await lines(page).count());
    // The column stays while other rows are found.
    await box(page).fill("route:* level:>=info");
    await box(page).press("Enter");
    await page.waitForURL((url) => url.searchParams.get("q") === "route:* level:>=info" && url.searchParams.get("columns") === "route");
    if (javaScriptEnabled) await settled(page);
    await page.locator(".heads").getByRole("link", { name: "Take the column out: route" }).click();
    await page.waitForURL((url) => !url.searchParams.get("columns"));
    await page.locator(".heads").waitFor({ state: "detached" });
    if (javaScriptEnabled) assert.deepEqual([await axeFindings(page), page.complaints], [[], []]);
  }
});

test("columns fit a telephone, and ten are the most", async () => {
  const names = Array.from({ length: 10 }, (_, at) => `attribute.of.many.words.${at}`);
  const page = await open(browser, `/logs?range=24h&columns=${names.join(",")}`, { viewport: { width: 390, height: 844 } });
  await settled(page);
  assert.equal(await page.locator(".heads span").count(), 10);
  assert.ok((await overflow(page)) <= 0);
  await lines(page).first().locator("a").click();
  await page.locator("#row .detail").waitFor();
  assert.equal(await page.locator("#row").getByRole("link", { name: /^Show as a column/ }).count(), 0, "an eleventh has no place");
  const more = await open(browser, `/logs?range=24h&columns=${names.join(",")},one`);
  await settled(more);
  assert.match(await more.locator("#rows").innerText(), /columns.*10/s);
});

test("a value is copied whole", async () => {
  const page = await open(browser, "/logs?range=24h");
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  await settled(page);
  await lines(page).first().locator("a").click();
  const service = page.locator("#row .fields div").filter({ has: page.locator("dt", { hasText: /^ServiceName$/ }) });
  const button = service.getByRole("button", { name: "Copy the value of ServiceName" });
  await button.click();
  await page.waitForFunction((text) => navigator.clipboard.readText().then((copied) => copied === text), await service.locator("dd").first().innerText());
});

test("a condition in SQL finds what the same search finds", async () => {
  const page = await open(browser, "/logs?range=7d&q=level%3A%3E%3Derror%20-service%3Astorefront");
  await settled(page);
  const bodies = () => lines(page).locator("a").evaluateAll((links) => links.map((link) => new URL(link.href).searchParams.get("line")));
  const expected = await bodies();
  const total = await page.locator("#histogram .legend").innerText();
  await page.getByLabel("Language").selectOption("sql");
  await search(page, "SeverityNumber >= 17 AND ServiceName != 'storefront'");
  await settled(page);
  assert.equal(new URL(page.url()).searchParams.get("mode"), "sql");
  assert.deepEqual(await bodies(), expected);
  assert.equal(await page.locator("#histogram .legend").innerText(), total);
  assert.match(await page.locator("#rows .badge").innerText(), /chDB/);
  // A filter of the detail is written in SQL too.
  await lines(page).first().locator("a").click();
  await page.locator("#row").getByRole("link", { name: "Only with this ServiceName", exact: true }).click();
  await page.waitForURL((url) => / AND /.test(url.searchParams.get("q")) && url.searchParams.get("q").startsWith("(SeverityNumber"));
  await answered(page);
  assert.ok((await lines(page).count()) > 0);
  assert.equal(await page.getByLabel("Language").inputValue(), "sql");
  await search(page, "SeverityNumber >=");
  assert.match(await page.locator("#rows .failure").textContent(), /syntax error/i);
  await search(page, "Body IN (SELECT line FROM file('/etc/passwd', 'LineAsString'))");
  assert.equal(await lines(page).count(), 0);
  await page.locator("#rows .failure").waitFor();
});

test("a link of another site does not run a condition in SQL until the viewer says so", async () => {
  const query = "range=24h&mode=sql&q=SeverityNumber%20%3E%3D%209";
  const plain = await fromElsewhere(`/plain/logs?${query}`);
  assert.equal(plain.status, 200);
  assert.match(plain.text, /was not run/);
  assert.doesNotMatch(plain.text, /class="lines"/);
  assert.match((await fromElsewhere(`/plain/logs?${query}`, { "sec-fetch-site": "same-origin" })).text, /class="lines"/);
  const file = await fromElsewhere(`/download/logs.csv?${query}`);
  assert.deepEqual([file.status, JSON.parse(file.text).type.split(/[:/]/).at(-1)], [403, "foreign-request"]);
  assert.equal((await fromElsewhere("/download/logs.csv?range=24h&q=level:error")).status, 200, "a search is no statement");
  const elsewhere = await open(browser, "about:blank");
  await elsewhere.setContent(`<a href="${new URL(`/logs?${query}`, URL_FULL)}">logs</a>`);
  await elsewhere.getByRole("link").click();
  await settled(elsewhere);
  assert.equal(await lines(elsewhere).count(), 0);
  await elsewhere.locator("#rows").getByRole("link", { name: "Run it" }).click();
  await lines(elsewhere).first().waitFor();
});

test("what is found is a file of whole rows", async () => {
  const page = await open(browser, "/logs?range=7d&q=level%3Aerror");
  await settled(page);
  const href = async (format) => page.locator("#rows").getByRole("link", { name: `logs: rows as ${format}` }).getAttribute("href");
  const file = async (format) => fetch(new URL(await href(format), page.url()));
  const json = await (await file("JSON")).json();
  const names = json.columns.map(({ name }) => name);
  assert.ok(names.includes("Body") && names.includes("LogAttributes") && names.includes("RowId"));
  const { from, to } = Object.fromEntries(new URL(await href("JSON"), page.url()).searchParams);
  const count = await value(`SELECT count() FROM otel_logs WHERE SeverityNumber BETWEEN 17 AND 20 AND Timestamp >= parseDateTime64BestEffort('${from}', 6) AND Timestamp < parseDateTime64BestEffort('${to}', 6)`);
  assert.equal(json.rows.length, Number(count));
  const csv = await file("CSV");
  assert.match(csv.headers.get("content-disposition"), /filename="logs.csv"/);
  assert.equal((await csv.text()).split("\r\n")[0], names.join(","));
  const parquet = Buffer.from(await (await file("Parquet")).arrayBuffer());
  assert.equal(parquet.subarray(0, 4).toString(), "PAR1");
});

test("a drag over the bars zooms", async () => {
  const page = await open(browser, "/logs?range=24h");
  await settled(page);
  const bars = page.locator("#histogram .steps a");
  const count = await bars.count();
  const [first, last] = [bars.nth(Math.floor(count / 4)), bars.nth(Math.floor(count / 2))];
  const times = async (bar) => new URL(await bar.getAttribute("href"), page.url()).searchParams;
  const expected = [(await times(first)).get("from"), (await times(last)).get("to")];
  const middle = async (bar) => {
    const { x, y, width, height } = await bar.boundingBox();
    return [x + width / 2, y + height / 2];
  };
  await page.mouse.move(...(await middle(last)));
  await page.mouse.down();
  await page.mouse.move(...(await middle(first)), { steps: 4 });
  assert.ok((await page.locator("#histogram .dragged").count()) > 1);
  await page.mouse.up();
  await page.waitForURL((url) => url.searchParams.get("from") === expected[0] && url.searchParams.get("to") === expected[1]);
  await answered(page);
  assert.equal(await page.locator("#histogram .dragged").count(), 0);
  assert.deepEqual(page.complaints, []);
});

test("a search is opened as SQL", async () => {
  const page = await open(browser, "/traces?range=24h&q=service%3Ashop-api");
  await settled(page);
  const rows = await lines(page).count();
  await page.locator("#rows").getByRole("link", { name: "Open as SQL: traces: rows" }).click();
  await page.waitForURL((url) => url.pathname === "/sql");
  const sql = new URL(page.url()).searchParams.get("q");
  assert.match(sql, /FROM otel_traces/);
  await page.locator("lakefront-sql").waitFor();
  const reply = await post("/sql", { sql, params: Object.fromEntries([...new URL(page.url()).searchParams].filter(([name]) => name.startsWith("param_")).map(([name, text]) => [name.slice(6), text])) });
  assert.ok(reply.rows.length >= rows, `${reply.rows.length} rows of ${rows}`);
});
