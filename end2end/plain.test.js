// The pages of the server without JavaScript: charts, tables, links, forms and files.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { launch, open, overflow, pages, panelOf } from "./browser.js";

let browser;
before(async () => (browser = await launch()));
after(() => browser.close());

const off = { javaScriptEnabled: false };

const needsNothing = (query) => query.params.every((param) => param.default !== null);
const DRAWN = ["line", "bar", "ranking", "heatmap"];

test("charts and tables are shown without JavaScript", async () => {
  for (const { path, shown } of await pages()) {
    const page = await open(browser, `/plain${path === "/" ? "" : path}`, off);
    for (const query of shown.filter(needsNothing)) {
      const panel = panelOf(page, query.name);
      assert.ok((await panel.locator(".badge").count()) === 1, `${query.name} has no answer`);
      if (DRAWN.includes(query.chart.kind) && (await panel.locator(".note").count()) === 0) {
        assert.ok(await panel.locator(".chart").isVisible(), query.name);
      }
    }
    assert.equal(await page.locator(".skeleton").count(), 0);
    assert.ok((await overflow(page)) <= 0, path);
    await page.close();
  }
});

test("pages link to each other without JavaScript", async () => {
  const page = await open(browser, "/plain?range=24h", off);
  await page.getByRole("navigation", { name: "Pages" }).getByRole("link", { name: "Web vitals" }).click();
  assert.equal(new URL(page.url()).pathname, "/plain/vitals");
  assert.equal(new URL(page.url()).search, "?range=24h");
  assert.equal(await page.getByRole("heading", { level: 1 }).innerText(), "Web vitals");
});

test("an answer can be downloaded without JavaScript", async () => {
  const page = await open(browser, "/plain/errors", off);
  const panel = panelOf(page, "error_groups");
  const link = panel.getByRole("link", { name: "CSV" });
  const [download] = await Promise.all([page.waitForEvent("download"), link.click()]);
  assert.equal(download.suggestedFilename(), "error_groups.csv");
  await panel.getByText("How was this answered?").click();
  assert.match(await panel.locator(".how code").innerText(), /^SET param_\w+ = [\s\S]*SELECT/);
});

test("links and forms work without JavaScript", async () => {
  const page = await open(browser, "/plain", off);
  await page.getByRole("link", { name: "24h", exact: true }).click();
  assert.equal(new URL(page.url()).search, "?range=24h");
  const service = page.getByRole("search").getByLabel("Service");
  const name = await service.locator("option").nth(1).innerText();
  await service.selectOption(name);
  await page.getByRole("search").getByRole("button", { name: "Apply" }).click();
  const query = new URL(page.url()).searchParams;
  assert.deepEqual([query.get("range"), query.get("service")], ["24h", name]);
  assert.equal(await page.getByRole("search").getByLabel("Service").inputValue(), name);
});

test("a browser without JavaScript is redirected from the streaming page", async () => {
  const page = await open(browser, "/?range=24h", off);
  await page.waitForURL(/\/plain\?range=24h$/);
  await page.goto(new URL("/errors?range=24h", page.url()).href);
  await page.waitForURL(/\/plain\/errors\?range=24h$/);
});
