// Metrics: found, drawn and compared without writing SQL.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { answered, axeFindings, launch, open, overflow, panelOf, post, settled, value } from "./browser.js";

let browser;
before(async () => (browser = await launch()));
after(() => browser.close());

const panel = (page) => panelOf(page, "metrics");
const names = (page) => panel(page).locator(".catalogue th[scope=row]");

/** Returns the rows of the table below the chart: time, series and value, as they are written. */
async function drawn(page) {
  await panel(page).locator(".data summary").click();
  const rows = panel(page).locator(".data tbody tr");
  await rows.first().waitFor();
  return rows.evaluateAll((rows) => rows.map((row) => [...row.cells].map((cell) => cell.textContent)));
}

/** Chooses a value of one of the choices above the chart. */
async function choose(page, label, option) {
  const { search } = new URL(page.url());
  await panel(page).getByLabel(label).selectOption(option);
  await page.waitForURL((url) => url.search !== search);
  await answered(page);
}

const megabytes = (text) => {
  const [, number, unit] = /^([\d.]+) (kB|MB|GB)$/.exec(text);
  return Number(number) * { kB: 1e-3, MB: 1, GB: 1e3 }[unit];
};

test("a name that is typed while an answer is on its way stays", async () => {
  const page = await open(browser, "/metrics?range=7d");
  await settled(page);
  const search = page.getByLabel("Find a metric");
  // The answer to each filter adds a hidden field to the form of the search, and the last takes one away.
  for (const [service, typed] of [["shop-api", "memo"], ["", "memory"]]) {
    let release;
    const held = new Promise((resolve) => (release = resolve));
    await page.route("**/api/ask", async (route) => {
      await held;
      await route.continue();
    });
    await page.getByLabel("service", { exact: true }).selectOption(service);
    await page.locator("#metrics[aria-busy=true]").waitFor();
    await search.fill(typed);
    release();
    await answered(page);
    assert.equal(await search.inputValue(), typed);
    assert.equal(await search.evaluate((input) => input === document.activeElement), true);
    await page.unroute("**/api/ask");
  }
  await search.press("Enter");
  await page.waitForURL((url) => url.searchParams.get("q") === "memory");
  assert.deepEqual(page.complaints, []);
});

test("the memory of one service over a week", async () => {
  const page = await open(browser, "/?tz=UTC");
  await settled(page);
  await page.getByRole("navigation", { name: "Pages" }).getByRole("link", { name: "Metrics" }).click();
  await page.getByRole("heading", { level: 1, name: "Metrics" }).waitFor();
  await answered(page);
  await page.getByRole("navigation", { name: "Time range" }).getByRole("link", { name: "7d" }).click();
  await page.waitForURL((url) => url.searchParams.get("range") === "7d" || !url.searchParams.has("range"));
  await answered(page);
  await page.getByLabel("service").selectOption("shop-api");
  await page.waitForURL((url) => url.searchParams.get("service") === "shop-api");
  await page.getByLabel("Find a metric").fill("MEMORY");
  await page.getByLabel("Find a metric").press("Enter");
  await page.waitForURL((url) => url.searchParams.get("q") === "MEMORY");
  await answered(page);
  assert.deepEqual(await names(page).allInnerTexts(), ["process.memory.usage"]);
  assert.match(await panel(page).locator(".catalogue tbody tr").innerText(), /MB\s+By\s+gauge\s+shop-api/);
  await names(page).first().getByRole("link").click();
  await page.waitForURL((url) => url.searchParams.get("metric") === "process.memory.usage");
  await answered(page);
  assert.match(await panel(page).locator(".chart").getAttribute("aria-label"), /process\.memory\.usage, Average: lines over time, from \d+ MB to \d+ MB/);
  assert.equal(await panel(page).locator(".badge").count(), 1);

  // The demo's process starts with 180 MB at midnight and takes 4 MB an hour.
  const rows = await drawn(page);
  const hours = await value(
    `SELECT uniqExact(toStartOfHour(TimeUnix)) FROM otel_metrics_gauge WHERE MetricName = 'process.memory.usage' AND ServiceName = 'shop-api' AND TimeUnix > now() - INTERVAL 7 DAY`,
  );
  assert.ok(Math.abs(rows.length - Number(hours)) <= 1, `${rows.length} steps, ${hours} hours`);
  for (const [time, , shown] of rows) {
    const hour = Number(time.slice(11, 13));
    const [least, most] = [180 + 4 * hour, 180 + 4 * (hour + 1)];
    assert.ok(megabytes(shown) >= least - 1 && megabytes(shown) <= most + 1, `${time}: ${shown}, not ${least} to ${most} MB`);
  }
  assert.deepEqual(page.complaints, []);
});

test("a rate is the increase by second, and both leave out the step that the range cuts", async () => {
  const page = await open(browser, "/metrics?metric=shop.orders&show=increase&range=7d&tz=UTC");
  await settled(page);
  assert.match(await panel(page).locator("header p").innerText(), /counter, cumulative.* steps of 60 min/);
  const number = (text) => Number(text.replaceAll(",", ""));
  const increase = await drawn(page);
  const to = new Date(`${increase.at(-1)[0].replace(" ", "T")}Z`);
  const from = new Date(`${increase[0][0].replace(" ", "T")}Z`);
  const range = { from: new Date(from - 3600e3).toISOString(), to: new Date(Number(to) + 3600e3).toISOString() };
  const query = await post("/query", { query: "metric_sum", timeRange: range, params: { metric: "shop.orders", seconds: 3600 } });
  const known = new Map(query.rows.map(([time, , grown]) => [time.slice(0, 16).replace("T", " "), grown]));
  // The last step may have grown meanwhile. The growth in the first may begin at a point before the page's range.
  for (const [time, , shown] of increase.slice(1, -1)) assert.equal(number(shown), Math.round(known.get(time.slice(0, 16))), time);
  await choose(page, "Show", "rate");
  const rate = await panel(page).locator(".data tbody tr").evaluateAll((rows) => rows.map((row) => [...row.cells].map((cell) => cell.textContent)));
  assert.equal(rate.length, increase.length);
  for (const [at, [time, , shown]] of rate.entries()) {
    const expected = number(increase[at][2]) / 3600;
    assert.ok(Math.abs(number(shown) - expected) <= 0.0006 + expected * 0.01, `${time}: ${shown}, not ${expected}`);
  }
});

test("percentiles by route, of one method, and all of it is in the address", async () => {
  const page = await open(browser, "/metrics?range=7d");
  await settled(page);
  await panel(page).getByRole("link", { name: "http.server.request.duration" }).click();
  await page.waitForURL((url) => url.searchParams.get("type") === "histogram");
  await answered(page);
  await choose(page, "Group by", "http.route");
  await choose(page, "Only", "http.request.method=POST");
  await choose(page, "Show", "p99");
  const { searchParams } = new URL(page.url());
  assert.deepEqual(["show", "group", "where"].map((name) => searchParams.get(name)), ["p99", "http.route", "http.request.method=POST"]);
  const series = () => panel(page).locator(".legend button").allInnerTexts();
  assert.ok((await series()).includes("/api/orders"), (await series()).join(", "));
  const rows = await drawn(page);
  const slowest = Math.max(...rows.filter(([, route]) => route === "/api/orders").map(([, , shown]) => Number.parseFloat(shown) * (/ s$/.test(shown) ? 1000 : 1)));
  const longest = await value(
    `SELECT max(Duration) / 1e6 FROM otel_traces WHERE SpanKind = 'Server' AND HttpRoute = '/api/orders' AND Timestamp > now() - INTERVAL 8 DAY`,
  );
  assert.ok(slowest > 0 && slowest <= Number(longest) * 2.5, `${slowest} ms, the longest request took ${longest} ms`);

  // The same address shows the same, and the back button takes the choice back.
  const same = await open(browser, page.url());
  await settled(same);
  assert.deepEqual(await panel(same).locator(".legend button").allInnerTexts(), await series());
  assert.equal(await panel(same).getByLabel("Show").inputValue(), "p99");
  await page.goBack();
  await page.waitForURL((url) => url.searchParams.get("show") === "p95");
  await answered(page);
  await page.waitForFunction(() => document.querySelector("[name=show]").value === "p95");
  assert.deepEqual(page.complaints, []);
});

test("every metric of the demo has something to show, whatever is chosen", async () => {
  const page = await open(browser, "/metrics?range=7d");
  await settled(page);
  const links = await names(page).locator("a").evaluateAll((links) => links.map((link) => link.href));
  const types = await panel(page).locator(".catalogue tbody tr td:nth-child(4)").allInnerTexts();
  assert.deepEqual([...new Set(types.map((type) => type.split(",")[0]))].sort(), ["counter", "exponential histogram", "gauge", "histogram", "sum", "summary"]);
  for (const link of links) {
    await page.goto(link);
    await settled(page);
    for (const option of await panel(page).getByLabel("Show").locator("option").evaluateAll((options) => options.map(({ value }) => value))) {
      if ((await panel(page).getByLabel("Show").inputValue()) !== option) await choose(page, "Show", option);
      assert.equal(await panel(page).locator(".chart").count(), 1, page.url());
      assert.equal(await panel(page).locator(".note").count(), 0, page.url());
    }
  }
  assert.deepEqual(page.complaints, []);
});

test("the chart answers the pointer and the keyboard, and the legend takes a series out", async () => {
  const page = await open(browser, "/metrics?metric=process.memory.usage&group=service&range=7d");
  await settled(page);
  const chart = panel(page).locator(".chart");
  await chart.focus();
  await page.keyboard.press("ArrowLeft");
  await chart.locator(".tip").waitFor();
  assert.match(await chart.locator(".tip").innerText(), /MB/);
  const first = panel(page).locator(".legend button").first();
  await first.focus();
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => document.querySelector("#metrics .legend button[aria-pressed=false]"));
  assert.equal(await page.evaluate(() => document.activeElement.dataset.series), await first.getAttribute("data-series"));
});

test("the focus stays where it was, from the list to a metric and back", async () => {
  const page = await open(browser, "/metrics?range=7d");
  await settled(page);
  const link = panel(page).getByRole("link", { name: "shop.orders" });
  await link.focus();
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => document.activeElement.textContent === "All metrics");
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => document.activeElement.textContent === "shop.orders");
  await link.press("Enter");
  await answered(page);
  await panel(page).getByLabel("Show").focus();
  await page.keyboard.press("ArrowDown");
  await page.waitForURL((url) => url.searchParams.get("show") === "increase");
  await answered(page);
  await page.waitForFunction(() => document.activeElement.name === "show");
});

test("the pages of a service lead to its metrics", async () => {
  for (const path of ["/", "/api"]) {
    const page = await open(browser, `${path}?range=24h&service=payments`);
    await settled(page);
    await page.getByRole("link", { name: "Metrics of this service" }).click();
    await page.waitForURL((url) => url.pathname === "/metrics" && url.searchParams.get("service") === "payments");
    await answered(page);
    const services = await panel(page).locator(".catalogue tbody td:nth-child(5)").allInnerTexts();
    assert.deepEqual([...new Set(services)], ["payments"]);
    await page.context().close();
  }
});

test("metrics are read without JavaScript on a phone", async () => {
  const page = await open(browser, "/plain/metrics?range=7d", { javaScriptEnabled: false, viewport: { width: 390, height: 844 } });
  await page.getByLabel("Find a metric").fill("request");
  await page.getByRole("button", { name: "Find" }).click();
  await page.waitForURL((url) => url.searchParams.get("q") === "request");
  assert.ok((await overflow(page)) <= 0);
  await names(page).first().getByRole("link").click();
  await page.waitForURL((url) => url.searchParams.has("metric"));
  await panel(page).getByLabel("Show").selectOption("p99");
  await panel(page).getByRole("button", { name: "Apply" }).click();
  await page.waitForURL((url) => url.searchParams.get("show") === "p99");
  assert.ok(await panel(page).locator(".chart svg").first().isVisible() || await panel(page).locator(".chart svg").last().isVisible());
  assert.equal(await panel(page).locator(".unit").innerText(), "p99");
  assert.ok((await overflow(page)) <= 0);
});

test("a name that no metric has, and a metric without points, say what to do", async () => {
  const page = await open(browser, "/metrics?q=zzzz");
  await settled(page);
  await panel(page).getByRole("link", { name: "Show all metrics" }).click();
  await page.waitForURL((url) => !url.searchParams.has("q"));
  await page.goto(new URL("/metrics?metric=zzzz&group=a&where=%3D&show=p0&type=x", page.url()).href);
  await settled(page);
  assert.match(await panel(page).locator(".note").innerText(), /No points of this metric/);
  assert.deepEqual(await axeFindings(page), []);
  await panel(page).getByRole("link", { name: "All metrics" }).click();
  await page.waitForURL((url) => !url.searchParams.has("metric"));
});

/** Returns the rows below the chart as a map from time and series to the value that is shown. */
const byStep = (rows) => new Map(rows.map(([time, series, shown]) => [`${time} ${series}`, Number(shown.replaceAll(",", ""))]));

test("a second metric is added from the list, and a formula divides the two by route", async () => {
  const page = await open(browser, "/metrics?metric=http.server.request.duration&show=increase&group=http.route&range=7d&tz=UTC");
  await settled(page);
  await panel(page).getByRole("link", { name: "Add a metric" }).click();
  await page.waitForURL((url) => url.searchParams.get("add") === "b");
  await answered(page);
  await page.getByText("Choose the metric b of the chart.").waitFor();
  await panel(page).getByRole("link", { name: "http.server.request.duration" }).click();
  await page.waitForURL((url) => url.searchParams.get("b.metric") === "http.server.request.duration" && !url.searchParams.has("add"));
  await answered(page);
  const [a, b] = ["a", "b"].map((letter) => panel(page).getByRole("region", { name: `Metric ${letter}` }));
  const pick = async (part, label, option, name) => {
    await part.getByLabel(label).selectOption(option);
    await page.waitForURL((url) => url.searchParams.get(name) === option);
    await answered(page);
  };
  await pick(b, "Show", "increase", "b.show");
  await pick(b, "Group by", "http.route", "b.group");
  await pick(a, "Only", "http.request.method=POST", "where");
  await panel(page).getByLabel("Draw").selectOption("the metrics too");
  await panel(page).getByRole("textbox", { name: "Formula" }).fill("a / b * 100");
  await panel(page).getByRole("textbox", { name: "Formula" }).press("Enter");
  await page.waitForURL((url) => url.searchParams.get("formula") === "a / b * 100" && url.searchParams.get("draw") === "all");
  await answered(page);
  assert.equal(await panel(page).locator(".badge").count(), 2);
  const rows = byStep(await drawn(page));
  const steps = [...rows.keys()].filter((key) => / a \/api\/orders$/.test(key)).map((key) => key.slice(0, -" a /api/orders".length));
  assert.ok(steps.length > 20, `${steps.length} steps`);
  for (const step of steps.slice(1, -1)) {
    const [part, whole, share] = ["a", "b", "a / b * 100"].map((name) => rows.get(`${step} ${name} /api/orders`));
    if (whole === undefined) continue;
    assert.ok(part <= whole && Math.abs(share - (part / whole) * 100) <= Math.abs(share) * 0.01 + 0.01, `${step}: ${part} of ${whole} is not ${share}`);
  }

  const file = await panel(page).locator('a[href^="/download/metric_chart.csv"]').getAttribute("href");
  const [head, ...points] = (await (await page.request.get(new URL(file, page.url()).href)).text()).trim().split(/\r?\n/);
  assert.equal(head.replace("\ufeff", ""), "time,series,value");
  assert.ok(points.length >= rows.size, `${points.length} points, and ${rows.size} in the table`);
  assert.ok(points.some((line) => line.includes("a / b * 100 /api/orders")), points[0]);

  // A formula alone, the fault of one, and the same address again.
  await panel(page).getByLabel("Draw").selectOption("the formula");
  await panel(page).getByRole("button", { name: "Apply" }).last().click();
  await page.waitForURL((url) => !url.searchParams.has("draw"));
  await answered(page);
  assert.match(await panel(page).locator(".chart").getAttribute("aria-label"), /^a \/ b \* 100: lines over time/);
  const same = await open(browser, page.url());
  await settled(same);
  assert.equal(await panel(same).locator(".chart").getAttribute("aria-label"), await panel(page).locator(".chart").getAttribute("aria-label"));
  assert.deepEqual(await axeFindings(same), []);
  await panel(page).getByRole("textbox", { name: "Formula" }).fill("a / z");
  await panel(page).getByRole("textbox", { name: "Formula" }).press("Enter");
  await page.waitForURL((url) => url.searchParams.get("formula") === "a / z");
  await answered(page);
  await page.waitForFunction(() => document.querySelector("#metrics .fault mark")?.textContent === "z");
  assert.match(await panel(page).getByRole("alert").innerText(), /the chart has no metric z; it has a, b/);
  const refused = await page.request.get(new URL(`/download/metric_chart.csv${new URL(page.url()).search}`, page.url()).href);
  assert.equal(refused.status(), 400);
  assert.match((await refused.json()).detail, /^formula: the chart has no metric z; it has a, b/);
  assert.deepEqual(await axeFindings(page), []);
  await panel(page).getByRole("link", { name: "Remove a" }).click();
  await page.waitForURL((url) => !url.searchParams.has("metric") && url.searchParams.has("b.metric"));
  await answered(page);
  assert.deepEqual(page.complaints, []);
});

test("groups that do not fit and units that differ are said", async () => {
  const two = "metric=process.memory.usage&b.metric=shop.orders&range=7d&tz=UTC";
  const page = await open(browser, `/metrics?${two}`);
  await settled(page);
  assert.match(await panel(page).locator(".note").innerText(), /different units/);
  assert.deepEqual(await panel(page).locator(".legend button").allInnerTexts(), ["a process.memory.usage", "b shop.orders"]);
  await page.goto(new URL(`/metrics?${two}&group=service&b.group=x&formula=a%20%2B%20b`, page.url()).href);
  await settled(page);
  assert.match(await panel(page).getByRole("alert").innerText(), /a is grouped by service and b by x; group them alike, or one by nothing/);
  // By nothing, the sum of the services is 100 % in every step.
  await page.goto(new URL("/metrics?metric=process.memory.usage&group=service&show=sum&b.metric=process.memory.usage&b.show=sum&formula=a/b&range=7d&tz=UTC", page.url()).href);
  await settled(page);
  const sums = new Map();
  for (const [time, , shown] of await drawn(page)) sums.set(time, (sums.get(time) ?? 0) + Number(shown));
  // The table ends after 300 rows, within a step.
  const whole = [...sums].slice(0, -1);
  assert.ok(whole.length > 50);
  for (const [time, sum] of whole) assert.ok(Math.abs(sum - 1) < 0.01, `${time}: ${sum}`);
});

test("several metrics are compared without JavaScript on a phone", async () => {
  const page = await open(browser, "/plain/metrics?metric=process.memory.usage&range=7d", { javaScriptEnabled: false, viewport: { width: 390, height: 844 } });
  await panel(page).getByRole("link", { name: "Add a metric" }).click();
  await panel(page).getByRole("link", { name: "process.memory.usage" }).click();
  const b = panel(page).getByRole("region", { name: "Metric b" });
  await b.getByLabel("Show").selectOption("maximum");
  await b.getByRole("button", { name: "Apply" }).click();
  await page.waitForURL((url) => url.searchParams.get("b.show") === "maximum");
  await panel(page).getByRole("textbox", { name: "Formula" }).fill("(b - a) / 1e6");
  await panel(page).getByRole("textbox", { name: "Formula" }).press("Enter");
  await page.waitForURL((url) => url.searchParams.get("formula") === "(b - a) / 1e6");
  assert.equal(await panel(page).locator(".chart").count(), 1);
  assert.ok((await overflow(page)) <= 0);
});

test("the points of a metric are saved as CSV", async () => {
  const page = await open(browser, "/metrics?metric=process.memory.usage&range=7d&group=service");
  await settled(page);
  const href = await panel(page).locator('a[href*=".csv"]:not([href^="/download/metric_chart."])').getAttribute("href");
  const file = await (await fetch(new URL(href, page.url()))).text();
  const [head, ...lines] = file.trim().split("\n");
  assert.match(head, /^"?time"?,"?series"?,"?average"?/);
  assert.ok(lines.length > 100 && lines.some((line) => line.includes("shop-api")), file.slice(0, 300));
});
