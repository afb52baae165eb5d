// Pointer, keyboard and legend on charts.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { answered, launch, open, panelOf, settled } from "./browser.js";

let browser;
before(async () => (browser = await launch()));
after(() => browser.close());

const chartOf = (page, query) => panelOf(page, query).locator(".chart");

/** Returns the point of a chart's plot at a share of its width from 0 to 1, at half its height. */
async function point(chart, share) {
  const box = await chart.locator("svg[data-plot]").evaluate((svg) => {
    const { left, width, top, height } = svg.getBoundingClientRect();
    return { left, width, y: top + height / 2 };
  });
  return [box.left + share * box.width, box.y];
}

test("pointing at one chart shows the values of that time on all charts", async () => {
  const page = await open(browser, "/");
  await settled(page);
  const errors = chartOf(page, "errors_per_hour");
  await errors.scrollIntoViewIfNeeded();
  // Hours at night have no errors, so the chart shows no list there.
  await page.mouse.move(...(await point(errors, 0.97)));
  await page.locator(".tip:visible").first().waitFor();
  let [x, y] = await point(errors, 0.97);
  for (let share = 0.97; share > 0.5 && !(await errors.locator(".tip").isVisible()); share -= 0.013) {
    [x, y] = await point(errors, share);
    await page.mouse.move(x, y);
  }
  assert.ok(await errors.locator(".tip").isVisible());
  // A chart that the server drew gets its values after the first movement, and shows them at the next one.
  const lists = page.locator(".tip:visible");
  for (const deadline = Date.now() + 10_000; (await lists.count()) < 3; ) {
    assert.ok(Date.now() < deadline, "only one chart says something");
    await page.mouse.move(x, y + 1);
    await page.mouse.move(x, y);
  }
  const rows = await errors.locator(".tip li:not(:has(.total))").allInnerTexts();
  assert.ok(rows.length > 0);
  assert.match(rows[0], /\S+\s+[\d,]+$/);
  const named = await lists.locator("strong").allInnerTexts();
  const days = new Set(named.map((name) => name.split(",")[0]));
  assert.equal(days.size, 1, named.join("; "));
  // The list has the numbers of the table.
  await panelOf(page, "errors_per_hour").getByText(/^Table of/).click();
  const rest = panelOf(page, "errors_per_hour").getByRole("button", { name: /^Show \d/ });
  await panelOf(page, "errors_per_hour").locator("tbody tr").first().waitFor();
  if (await rest.isVisible()) await rest.click();
  await rest.waitFor({ state: "detached" });
  const [hour] = named.filter((name) => name.includes(","));
  const table = await panelOf(page, "errors_per_hour").locator("tbody tr").evaluateAll((rows) => rows.map((row) => [...row.cells].map((cell) => cell.textContent)));
  const clock = hour.split(", ")[1];
  const of = table.filter(([time]) => time.slice(11, 16) === clock).map(([, type, count]) => `${type} ${count}`);
  assert.ok(rows.every((row) => of.includes(row.replace(/\s+/g, " "))), `${rows} are not among ${of}`);
  await page.mouse.move(5, 5);
  await errors.locator(".tip").waitFor({ state: "hidden" });
  assert.deepEqual(page.complaints, []);
});

test("arrow keys move between buckets, and Escape hides the values", async () => {
  const page = await open(browser, "/errors");
  await settled(page);
  const chart = chartOf(page, "errors_per_hour");
  await chart.focus();
  await page.keyboard.press("ArrowRight");
  const name = () => chart.locator(".tip strong").innerText();
  await chart.locator(".tip").waitFor();
  const first = await name();
  await page.keyboard.press("ArrowRight");
  await page.waitForFunction(([first]) => document.querySelector("[data-panel=errors_per_hour] .tip strong").textContent !== first, [first]);
  await page.keyboard.press("ArrowLeft");
  assert.equal(await name(), first);
  await page.keyboard.press("Escape");
  await chart.locator(".tip").waitFor({ state: "hidden" });
});

test("dragging zooms, and the back button undoes it", async () => {
  const page = await open(browser, "/errors?range=7d");
  await settled(page);
  const panel = panelOf(page, "errors_per_hour");
  const chart = chartOf(page, "errors_per_hour");
  const labels = () => panel.locator(".chart g:visible text").allTextContents();
  const week = await labels();
  await page.mouse.move(...(await point(chart, 0.4)));
  await page.mouse.down();
  await page.mouse.move(...(await point(chart, 0.5)), { steps: 4 });
  await chart.locator(".band").waitFor();
  await page.mouse.up();
  await page.waitForURL(/from=.*to=/);
  await answered(page);
  assert.notDeepEqual(await labels(), week);
  const query = new URL(page.url()).searchParams;
  const hours = (new Date(query.get("to")) - new Date(query.get("from"))) / 3_600_000;
  assert.ok(hours > 16 && hours < 18, `${hours} hours are not a tenth of a week`);
  assert.match(await page.locator(".custom:not(.past) summary").innerText(), /^\w{3} \d+, \d\d:\d\d – /);
  await page.goBack();
  await page.waitForURL((url) => !url.searchParams.has("from"));
  await answered(page);
  assert.deepEqual(await labels(), week);
  // A click does not count as a drag.
  await page.mouse.click(...(await point(chart, 0.3)));
  assert.ok(!new URL(page.url()).searchParams.has("from"));
});

test("the legend hides series and shows them again, also by keyboard", async () => {
  const page = await open(browser, "/errors");
  await settled(page);
  const panel = panelOf(page, "errors_per_hour");
  const key = panel.locator(".legend button").first();
  const name = (await key.innerText()).trim();
  const paths = () => panel.locator(".chart path.s0").count();
  assert.ok((await paths()) > 0);
  await key.focus();
  await page.keyboard.press("Enter");
  await panel.locator(".legend button[aria-pressed=false]").waitFor();
  assert.equal(await paths(), 0);
  assert.equal(await page.evaluate(() => document.activeElement.dataset.series), name, "the focus is lost");
  // The series stays switched off after a refresh.
  await page.getByRole("link", { name: "Refresh" }).click();
  await answered(page);
  assert.equal(await paths(), 0);
  // The address has it, for others and without the app.
  const hidden = new URL(page.url()).searchParams.get("errors_per_hour.off");
  assert.equal(hidden, name);
  const plain = await open(browser, `/plain/errors${new URL(page.url()).search}`, { javaScriptEnabled: false });
  assert.equal(await panelOf(plain, "errors_per_hour").locator(".chart path.s0").count(), 0);
  await panelOf(plain, "errors_per_hour").locator(".legend a.off").click();
  assert.ok(!plain.url().includes("off="));
  await panel.locator(".legend button").first().click();
  await panel.locator(".chart path.s0").first().waitFor();
  // With Shift, a series is alone, and with Shift again all are there.
  const keys = panel.locator(".legend button");
  const shown = (pressed) => panel.locator(`.legend button[aria-pressed=${pressed}]`).count();
  const all = await keys.count();
  assert.ok(all > 1, "one series has no company");
  await keys.nth(1).click({ modifiers: ["Shift"] });
  await panel.locator(".legend button[aria-pressed=false]").first().waitFor();
  assert.deepEqual([await shown(true), await shown(false)], [1, all - 1]);
  await keys.nth(1).click({ modifiers: ["Shift"] });
  await page.waitForFunction(() => !document.querySelector("[data-panel=errors_per_hour] .legend button[aria-pressed=false]"));
  await page.goBack();
  await panel.locator(".legend button[aria-pressed=false]").first().waitFor();
  assert.deepEqual(page.complaints, []);
});

test("a bucket that is not complete is drawn differently", async () => {
  const page = await open(browser, "/web?range=24h");
  await settled(page);
  const partial = panelOf(page, "unique_visitors_per_day").locator(".chart .partial");
  assert.ok((await partial.count()) > 0, "today looks complete");
});

/** Returns the number of rows that the bars of a page which searches count. */
async function found(page) {
  const legend = await page.locator("#histogram .legend").innerText();
  return [...legend.matchAll(/[\d,]+/g)].reduce((sum, [text]) => sum + Number(text.replaceAll(",", "")), 0);
}

test("a point of a chart leads to the rows behind it, with its hour and the filters", async () => {
  const page = await open(browser, "/?range=7d&service=storefront");
  await settled(page);
  const chart = chartOf(page, "errors_per_hour");
  await chart.focus();
  await page.keyboard.press("ArrowLeft");
  await chart.locator(".tip").waitFor();
  // The last bucket may still grow.
  await page.keyboard.press("ArrowLeft");
  const values = await chart.locator(".tip li").allInnerTexts();
  const total = values.map((line) => /^total\s+([\d,]+)/.exec(line)?.[1]).find(Boolean) ?? /([\d,]+)$/.exec(values[0])[1];
  await page.keyboard.press("Enter");
  await page.waitForURL((url) => url.pathname === "/logs");
  const params = new URL(page.url()).searchParams;
  assert.deepEqual([params.get("q"), params.get("service")], ["error:*", "storefront"]);
  assert.equal(Date.parse(params.get("to")) - Date.parse(params.get("from")), 3_600_000);
  await answered(page);
  const lines = await found(page);
  await page.goto(page.url().replace("/logs?", "/traces?"));
  await answered(page);
  assert.equal(lines + ((await page.locator("#histogram .legend").count()) ? await found(page) : 0), Number(total.replaceAll(",", "")));
  assert.deepEqual(page.complaints, []);
});

test("a click on a bar leads to its rows, and each panel links to those of the page's range", async () => {
  const page = await open(browser, "/errors?range=30d");
  await settled(page);
  const chart = chartOf(page, "errors_per_hour");
  await chart.scrollIntoViewIfNeeded();
  await page.mouse.move(...(await point(chart, 0.97)));
  for (let share = 0.97; share > 0.5 && !(await chart.locator(".tip").isVisible()); share -= 0.013) {
    await page.mouse.move(...(await point(chart, share)));
  }
  await page.mouse.down();
  await page.mouse.up();
  await page.waitForURL((url) => url.pathname === "/logs" && url.searchParams.get("q") === "error:*");
  await answered(page);
  await page.goBack();
  await settled(page);
  await panelOf(page, "errors_per_hour").getByRole("link", { name: "Rows in traces: Errors per hour" }).click();
  await page.waitForURL((url) => url.pathname === "/traces" && url.searchParams.get("q") === "error:*");
  assert.equal(new URL(page.url()).searchParams.get("range"), "30d");
  await answered(page);
  assert.ok((await page.locator("#rows .lines li").count()) > 0);
  assert.deepEqual(page.complaints, []);
});
