// The period before and releases on charts over time.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { answered, launch, open, panelOf, post, settled } from "./browser.js";

let browser;
before(async () => (browser = await launch()));
after(() => browser.close());

const compare = (page) => page.getByRole("link", { name: "Compare" });
const earlier = (page) => page.locator(".chart path.before");

/** Points at a chart until its list has a row, and returns the list's rows. A week has 168 bars, so the steps are shorter. */
async function rowsUnderPointer(page, query, selector) {
  const chart = panelOf(page, query).locator(".chart");
  await chart.scrollIntoViewIfNeeded();
  const box = await chart.locator("svg[data-plot]").boundingBox();
  const rows = chart.locator(`.tip:visible li:has(${selector})`);
  // The values arrive after the first movement, so that one way along the axis may be too few.
  for (const deadline = Date.now() + 60_000; Date.now() < deadline; ) {
    for (let share = 0.99; share > 0.02; share -= 0.004) {
      await page.mouse.move(box.x + share * box.width, box.y + box.height / 2);
      await page.evaluate(() => new Promise(requestAnimationFrame));
      if (await rows.count()) return rows.allInnerTexts();
    }
  }
  return [];
}

test("charts over time show the period before, and its values under the pointer", async () => {
  const page = await open(browser, "/?range=24h");
  await settled(page);
  assert.equal(await earlier(page).count(), 0);
  assert.equal(await compare(page).getAttribute("aria-current"), "false");
  await compare(page).click();
  await page.waitForURL((url) => url.searchParams.get("compare") === "1");
  await page.locator("[aria-current=true]", { hasText: "Compare" }).waitFor();
  await answered(page);
  for (const query of ["errors_per_hour", "api_latency"]) {
    assert.ok((await panelOf(page, query).locator("path.before").count()) > 0, query);
    assert.match(await panelOf(page, query).locator(".legend").innerText(), /the period before/);
  }
  // The values are those of the same time a day before.
  const [row] = await rowsUnderPointer(page, "api_latency", ".before");
  assert.match(row, /^before\s+[\d.,]+ (ms|s)$/);
  await page.goBack();
  await page.waitForURL((url) => !url.searchParams.has("compare"));
  await answered(page);
  assert.equal(await earlier(page).count(), 0);
  assert.deepEqual(page.complaints, []);
});

test("the period before is that of the query", async () => {
  const page = await open(browser, "/errors?range=24h&compare=1");
  await settled(page);
  const panel = panelOf(page, "errors_per_hour");
  const href = await panel.getByRole("link", { name: "CSV" }).getAttribute("href");
  const shown = new URL(href, page.url()).searchParams;
  const [from, to] = [Date.parse(shown.get("from")), Date.parse(shown.get("to"))];
  const before = { from: new Date(2 * from - to).toISOString(), to: new Date(from).toISOString() };
  const { rows } = await post("/query", { query: "errors_per_hour", timeRange: before, tz: shown.get("tz") });
  assert.equal((await panel.locator("path.before").count()) > 0, rows.length > 0);
});

test("a metric is compared too, and a range before all data says so", async () => {
  const page = await open(browser, "/metrics?metric=http.server.request.duration&range=24h&compare=1");
  await settled(page);
  assert.ok((await earlier(page).count()) > 0);
  await page.goto(new URL("/errors?range=180d&compare=1", page.url()).href);
  await settled(page);
  assert.match(await panelOf(page, "errors_per_hour").locator(".legend").innerText(), /the period before has nothing to compare with/);
  assert.deepEqual(page.complaints, []);
});

test("without JavaScript the period before is a link", async () => {
  const page = await open(browser, "/plain/errors?range=24h", { javaScriptEnabled: false });
  await compare(page).click();
  assert.equal(new URL(page.url()).searchParams.get("compare"), "1");
  await earlier(page).first().waitFor();
});

test("releases are marked on every chart over time", async () => {
  const page = await open(browser, "/?range=7d");
  await settled(page);
  const { rows } = await post("/query", { query: "releases", timeRange: "7d" });
  assert.ok(rows.length > 0, "the demo has no release");
  for (const query of ["errors_per_hour", "api_latency"]) {
    const panel = panelOf(page, query);
    assert.equal(await panel.locator("path.marker").count(), 1, query);
    const labels = await panel.locator("text.marker:visible").allTextContents();
    const known = rows.map(([, service, version]) => `${service} ${version}`);
    assert.ok(labels.length > 0 && labels.every((label) => known.includes(label)), `${labels} of ${known}`);
    assert.match(await panel.locator(".chart").getAttribute("aria-label"), new RegExp(`Marked: .*${rows[0][1]} ${rows[0][2]}`));
  }
  // Those of another service are not.
  const service = rows[0][1];
  await page.goto(new URL(`/errors?range=7d&service=${service}`, page.url()).href);
  await settled(page);
  const labels = await panelOf(page, "errors_per_hour").locator("text.marker:visible").allTextContents();
  assert.ok(labels.length > 0 && labels.every((label) => label.startsWith(`${service} `)), labels.join());
  const [row] = await rowsUnderPointer(page, "errors_per_hour", ".marker");
  assert.match(row, new RegExp(`^${service} \\S+\\s+\\d\\d:\\d\\d$`));
});

test("pages without series over time are not compared", async () => {
  for (const path of ["/logs", "/vitals", "/trace"]) {
    const page = await open(browser, path);
    await settled(page);
    assert.equal(await compare(page).count(), 0, path);
  }
});
