// Without JavaScript the server's page is all there is, and it is enough.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { catalogue, launch, open, overflow } from "./browser.js";

let browser;
before(async () => (browser = await launch()));
after(() => browser.close());

const off = { javaScriptEnabled: false };

test("charts and tables are there without JavaScript", async () => {
  const page = await open(browser, "/plain", off);
  for (const query of await catalogue()) {
    if (query.params.some((param) => param.default === null)) continue;
    const panel = page.locator(`[data-panel=${query.name}]`);
    assert.ok((await panel.locator("tbody tr").count()) > 0, `${query.name} has no rows`);
    if (query.chart.kind !== "table") assert.ok(await panel.locator("svg:visible").isVisible(), query.name);
    assert.ok(await panel.locator(".badge").isVisible());
  }
  assert.equal(await page.locator(".skeleton").count(), 0);
  assert.ok((await overflow(page)) <= 0);
});

test("links and forms work without JavaScript", async () => {
  const page = await open(browser, "/plain", off);
  await page.getByRole("link", { name: "24h", exact: true }).click();
  assert.equal(new URL(page.url()).search, "?range=24h");
  const service = page.getByLabel("Service");
  const name = await service.locator("option").nth(1).innerText();
  await service.selectOption(name);
  await page.getByRole("search").getByRole("button", { name: "Apply" }).click();
  const query = new URL(page.url()).searchParams;
  assert.deepEqual([query.get("range"), query.get("service")], ["24h", name]);
  assert.equal(await page.getByLabel("Service").inputValue(), name);
});

test("a browser without JavaScript is sent on from the streaming page", async () => {
  const page = await open(browser, "/?range=24h", off);
  await page.waitForURL(/\/plain\?range=24h$/);
});
