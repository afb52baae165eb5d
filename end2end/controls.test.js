// Every control of a page has an effect and changes the address.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { answered, launch, open, panelOf, post, settled } from "./browser.js";

let browser;
before(async () => (browser = await launch()));
after(() => browser.close());

const filters = (page) => page.getByRole("search");

test("each preset selects its range", async () => {
  const page = await open(browser, "/web");
  await settled(page);
  const presets = page.getByRole("navigation", { name: "Time range" }).locator(".segmented a");
  const names = await presets.allInnerTexts();
  assert.deepEqual(names, ["15m", "1h", "6h", "24h", "7d", "30d", "90d", "180d"]);
  for (const [at, name] of names.entries()) {
    await presets.nth(at).click();
    await page.waitForFunction((name) => document.querySelector("[aria-label='Time range'] [aria-current=true]").textContent === name, name);
    await answered(page);
    assert.equal(await page.locator(".failure").count(), 0, name);
  }
  assert.deepEqual(page.complaints, []);
});

test("an environment and a route are filters, and each can be removed", async () => {
  const page = await open(browser, "/api");
  await settled(page);
  const routes = panelOf(page, "api_routes").locator("tbody tr");
  const all = await routes.count();
  const environment = filters(page).getByLabel("environment");
  const names = (await environment.locator("option").allInnerTexts()).slice(1);
  assert.ok(names.length > 0, "no environments to choose from");
  await environment.selectOption(names[0]);
  await page.waitForURL((url) => url.searchParams.get("environment") === names[0]);
  await answered(page);
  await environment.selectOption("");
  await page.waitForURL((url) => !url.searchParams.has("environment"));

  const known = page.locator("datalist#values-of-route option");
  await known.first().waitFor({ state: "attached" });
  const suggested = await known.evaluateAll((options) => options.map(({ value }) => value));
  assert.ok(suggested.includes("/api/cart"), suggested.join(", "));
  await filters(page).getByLabel("route").fill("/api/cart");
  await page.keyboard.press("Enter");
  await page.waitForURL((url) => url.searchParams.get("route") === "/api/cart");
  // The old answer stays until the new one is there.
  await routes.nth(1).waitFor({ state: "detached" });
  assert.equal(await routes.count(), 1);
  await filters(page).getByLabel("route").fill("");
  await page.keyboard.press("Enter");
  await page.waitForURL((url) => !url.searchParams.has("route"));
  await routes.nth(all - 1).waitFor();
  assert.equal(await routes.count(), all);
  assert.deepEqual(page.complaints, []);
});

test("a filter that is set while an answer is on its way applies", async () => {
  const page = await open(browser, "/api");
  await settled(page);
  const routes = panelOf(page, "api_routes").locator("tbody tr");
  let release;
  const held = new Promise((resolve) => (release = resolve));
  await page.route("**/api/ask", async (route) => {
    await held;
    await route.continue();
  });
  await filters(page).getByLabel("environment").selectOption("production");
  await panelOf(page, "api_routes").and(page.locator("[aria-busy=true]")).waitFor();
  await filters(page).getByLabel("route").fill("/api/cart");
  await page.keyboard.press("Enter");
  await page.waitForURL((url) => url.searchParams.get("route") === "/api/cart");
  release();
  await routes.nth(1).waitFor({ state: "detached" });
  assert.match(await routes.first().innerText(), /\/api\/cart/);
  assert.equal(await routes.count(), 1);
});

test("a panel's own parameter changes only that panel", async () => {
  const page = await open(browser, "/web");
  await settled(page);
  for (const query of ["top_pages", "top_sources"]) {
    await panelOf(page, query).getByText(/^Table of/).click();
    await panelOf(page, query).locator("tbody tr").first().waitFor();
  }
  const rows = (query) => panelOf(page, query).locator("tbody tr").count();
  const sources = await rows("top_sources");
  await panelOf(page, "top_pages").getByLabel("limit").fill("3");
  await page.keyboard.press("Enter");
  await page.waitForURL((url) => url.searchParams.get("top_pages.limit") === "3");
  await answered(page);
  assert.deepEqual([await rows("top_pages"), await rows("top_sources")], [3, sources]);
  assert.deepEqual(page.complaints, []);
});

test("a name in a table links to the page about it, which links back", async () => {
  const page = await open(browser, "/errors?range=24h");
  await settled(page);
  const link = panelOf(page, "users_with_errors").locator("td.id a").first();
  const user = await link.innerText();
  await link.click();
  await page.waitForURL((url) => url.pathname === "/user" && url.searchParams.get("user_id") === user);
  assert.equal(new URL(page.url()).searchParams.get("range"), "24h");
  await answered(page);
  await page.getByRole("heading", { level: 1 }).getByRole("link", { name: "Errors" }).click();
  await page.waitForURL((url) => url.pathname === "/errors" && !url.searchParams.has("user_id"));
  assert.deepEqual(page.complaints, []);
});

test("the table behind a chart has the rows of the answer, and stays open", async () => {
  const page = await open(browser, "/web?range=24h");
  await settled(page);
  const panel = panelOf(page, "top_pages");
  await panel.getByText(/^Table of/).click();
  await panel.locator("tbody tr").first().waitFor();
  const shown = await panel.locator("tbody tr").evaluateAll((rows) => rows.map((row) => row.cells[0].textContent));
  const { rows } = await post("/query", { query: "top_pages", timeRange: "24h" });
  assert.deepEqual(shown, rows.map(([page]) => page));
  await page.getByRole("link", { name: "Refresh" }).click();
  await answered(page);
  assert.ok(await panel.locator("table").isVisible());
});
