// Links between pages: nothing is loaded again, and the state is kept.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { answered, launch, open, pages, settled } from "./browser.js";

let browser;
before(async () => (browser = await launch()));
after(() => browser.close());

const navigation = (page) => page.getByRole("navigation", { name: "Pages" });

test("every page is a click away and has its name", async () => {
  const page = await open(browser, "/");
  await settled(page);
  await page.evaluate(() => (window.notReloaded = true));
  const links = navigation(page).getByRole("link");
  const names = await links.allInnerTexts();
  assert.deepEqual(names.map((name) => name.trim()), ["Overview", "Errors", "Services", "Logs", "Traces", "Metrics", "Web", "Visitors", "Web vitals", "API", "SQL", "Usage", "Operations"]);
  for (const [at, { path }] of (await pages()).entries()) {
    await links.nth(at).click();
    await page.waitForURL((url) => url.pathname === path);
    const name = names[at].trim();
    await page.getByRole("heading", { level: 1, name, exact: true }).waitFor();
    assert.equal(await navigation(page).locator("[aria-current=page]").innerText(), name);
    await page.waitForFunction((name) => document.title === `${name} · Lakefront`, name);
    await answered(page);
    assert.equal(await page.locator(".failure").count(), 0);
  }
  assert.equal(await page.evaluate(() => window.notReloaded), true);
  await page.goBack();
  await page.getByRole("heading", { level: 1, name: "Usage", exact: true }).waitFor();
  assert.deepEqual(page.complaints, []);
});

test("a link to another page keeps the filters, and not the parameters of single panels", async () => {
  const page = await open(browser, "/web?range=24h&refresh=5m&service=shop-web&page=%2Fcart&top_pages.limit=3");
  await settled(page);
  await navigation(page).getByRole("link", { name: "Errors" }).click();
  await page.waitForURL((url) => url.pathname === "/errors");
  assert.equal(new URL(page.url()).search, "?range=24h&refresh=5m&service=shop-web&page=%2Fcart");
});

test("the server's HTML has the title of the page", async () => {
  const page = await open(browser, "/plain/errors", { javaScriptEnabled: false });
  assert.equal(await page.title(), "Errors · Lakefront");
});
