// Filters: a name filters the page by it, and each filter of the address is shown and can be removed.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { answered, launch, open, panelOf, settled } from "./browser.js";

let browser;
before(async () => (browser = await launch()));
after(() => browser.close());

const chips = (page) => page.getByRole("list", { name: "Active filters" }).getByRole("listitem");
const names = (page, query) => panelOf(page, query).locator(".ranking b").allInnerTexts();
const removed = (page, name) => page.waitForURL((url) => !url.searchParams.has(name));

test("a click on a name filters the page by it, and its chip removes it", async () => {
  const page = await open(browser, "/web?range=7d");
  await settled(page);
  assert.equal(await chips(page).count(), 0);
  const before = await names(page, "top_devices");
  const countries = await names(page, "top_countries");
  const country = countries.find((name) => name !== "(none)");
  await panelOf(page, "top_countries").getByRole("link", { name: country, exact: true }).click();
  await page.waitForURL((url) => url.searchParams.get("country") === country);
  await answered(page);
  assert.deepEqual(await names(page, "top_countries"), [country]);
  assert.match(await chips(page).innerText(), new RegExp(`^country\\s+${country}\\s+×$`));
  // A panel whose query has no such parameter says so.
  assert.equal(await panelOf(page, "top_sources").locator(".not-applied").innerText(), "Not filtered by country.");
  assert.equal(await panelOf(page, "top_devices").locator(".not-applied").innerText(), "");

  const device = (await names(page, "top_devices"))[0];
  await panelOf(page, "top_devices").getByRole("link", { name: device, exact: true }).click();
  await page.waitForURL((url) => url.searchParams.get("device") === device && url.searchParams.get("country") === country);
  await answered(page);
  assert.equal(await chips(page).count(), 3, "two filters, and the link that removes all");
  await page.getByRole("link", { name: "Remove country" }).click();
  await removed(page, "country");
  await answered(page);
  assert.deepEqual(await names(page, "top_devices"), [device]);
  await page.goBack();
  await page.waitForURL((url) => url.searchParams.get("country") === country);
  await page.getByRole("link", { name: "Remove all" }).click();
  await removed(page, "device");
  await answered(page);
  assert.deepEqual([await names(page, "top_devices"), await names(page, "top_countries")], [before, countries]);
  assert.equal(await chips(page).count(), 0);
  assert.deepEqual(page.complaints, []);
});

test("pages, sources and devices of web vitals are filters", async () => {
  const page = await open(browser, "/web?range=7d");
  await settled(page);
  for (const [query, param] of [["top_pages", "page"], ["top_sources", "source"]]) {
    const link = panelOf(page, query).locator(".ranking a").first();
    await link.click();
    await page.waitForURL((url) => url.searchParams.has(param));
    await answered(page);
    assert.equal((await names(page, query)).length, 1, query);
    await page.getByRole("link", { name: `Remove ${param}` }).click();
    await removed(page, param);
    await answered(page);
  }
  await page.goto(new URL("/vitals?range=7d", page.url()).href);
  await settled(page);
  const device = panelOf(page, "web_vitals_by_device").locator("tbody th a").first();
  const name = await device.innerText();
  await device.click();
  await page.waitForURL((url) => url.searchParams.get("device") === name);
  await answered(page);
  assert.equal(await panelOf(page, "web_vitals_by_device").locator(".vitals tbody tr").count(), 1);
  assert.deepEqual(page.complaints, []);
});

test("a filter stays on a page that cannot apply it, and is shown as such", async () => {
  const page = await open(browser, "/web?range=7d&country=DE&service=storefront");
  await settled(page);
  const go = (name) => page.getByRole("navigation", { name: "Pages" }).getByRole("link", { name, exact: true }).click();
  await go("Errors");
  await page.waitForURL(/\/errors\?/);
  await answered(page);
  assert.match((await chips(page).allInnerTexts()).join("; "), /country\s+DE\s+is no filter of this page/);
  assert.equal(await page.locator(".chips .idle").count(), 1);
  // A search takes it as a condition.
  await go("Logs");
  await page.waitForURL(/\/logs\?/);
  await answered(page);
  assert.equal(await page.locator(".chips .idle").count(), 0);
  await page.locator("#rows .note, #rows a[href*='line=']").first().waitFor();
  const line = page.locator("#rows a[href*='line=']").first();
  if (await line.count()) {
    await line.click();
    await page.locator("#row").getByText("Country", { exact: true }).waitFor();
  }
  await page.getByRole("link", { name: "Remove country" }).click();
  await removed(page, "country");
  assert.ok(new URL(page.url()).searchParams.has("service"));
  assert.deepEqual(page.complaints, []);
});

test("without JavaScript names and chips are links", async () => {
  const page = await open(browser, "/plain/web?range=7d", { javaScriptEnabled: false });
  await panelOf(page, "top_countries").locator(".ranking a").first().click();
  assert.ok(new URL(page.url()).searchParams.has("country"));
  await page.getByRole("link", { name: "Remove country" }).click();
  assert.ok(!new URL(page.url()).searchParams.has("country"));
});

test("a hostile value of a filter is text", async () => {
  const page = await open(browser, `/web?country=${encodeURIComponent(`<img src=x onerror=alert(1)>${"x".repeat(2_000)}`)}`);
  await settled(page);
  assert.equal(await page.locator(".chips img").count(), 0);
  assert.ok((await chips(page).innerText()).length < 100);
});
