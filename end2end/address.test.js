// The address is the state of the page, and changing it does not load the page again.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { answered, launch, open, settled, URL_FULL } from "./browser.js";

let browser;
before(async () => (browser = await launch()));
after(() => browser.close());

const range = (page) => page.getByRole("navigation", { name: "Time range" });
const chosen = (page) => range(page).locator("[aria-current=true]").innerText();
const CHOSEN = "[aria-label='Time range'] [aria-current=true]";

test("a preset changes the address and the panels, and the back button undoes it", async () => {
  const page = await open(browser);
  await settled(page);
  await page.evaluate(() => (window.notReloaded = true));
  assert.equal(await chosen(page), "7d");
  const label = () => page.locator("[data-panel=errors_per_hour] .chart text:visible").allTextContents();
  const week = await label();

  await range(page).getByRole("link", { name: "24h", exact: true }).click();
  await page.waitForURL(/range=24h/);
  await answered(page);
  assert.equal(await chosen(page), "24h");
  assert.notDeepEqual(await label(), week);

  await page.goBack();
  await page.waitForFunction((chosen) => document.querySelector(chosen).textContent === "7d", CHOSEN);
  await answered(page);
  assert.deepEqual(await label(), week);
  assert.equal(await page.evaluate(() => window.notReloaded), true);
  assert.deepEqual(page.complaints, []);
});

/** The browser's name of the viewer's zone. Chromium has Asia/Katmandu for Asia/Kathmandu. */
const zone = (page) => page.evaluate(() => Intl.DateTimeFormat().resolvedOptions().timeZone);

test("a custom range is read in the viewer's zone and pins the zone", async () => {
  const page = await open(browser, "/", { timezoneId: "Asia/Kathmandu" });
  await settled(page);
  await page.locator(".zone", { hasText: await zone(page) }).waitFor();
  await page.getByText("Custom").click();
  const from = new Date(Date.now() - 3 * 86_400_000).toISOString().slice(0, 10);
  const to = new Date(Date.now() - 86_400_000).toISOString().slice(0, 10);
  await page.getByLabel("From", { exact: true }).fill(`${from}T06:00`);
  await page.getByLabel("To", { exact: true }).fill(`${to}T18:30`);
  await range(page).getByRole("button", { name: "Apply" }).click();
  await page.waitForURL(/from=/);
  const query = new URL(page.url()).searchParams;
  assert.deepEqual([query.get("from"), query.get("to"), query.get("tz")], [`${from}T06:00`, `${to}T18:30`, await zone(page)]);
  await answered(page);
  await page.locator(".custom summary[aria-current=true]").waitFor();
  const day = (text) => `${new Date(text).toLocaleString("en", { month: "short", timeZone: "UTC" })} ${Number(text.slice(8))}`;
  assert.equal(await chosen(page), `${day(from)}, 06:00 – ${day(to)}, 18:30`);
  await page.locator("[data-panel=errors_per_hour]").getByText(/^Table of/).click();
  // The table may be of the last range until the answer arrives.
  await page.waitForFunction(
    ([from, to]) => {
      const first = document.querySelector("[data-panel=errors_per_hour] tbody td.time")?.textContent;
      return first >= from && first < to;
    },
    [`${from} 06:00:00`, `${to} 19:00:00`],
  );
});

test("the page names the viewer's zone, and the server has it on the next visit", async () => {
  const page = await open(browser, "/", { timezoneId: "Asia/Kathmandu" });
  const name = await zone(page);
  await page.locator(".zone", { hasText: name }).waitFor();
  const cookies = await page.context().cookies();
  const cookie = cookies.map(({ name, value }) => `${name}=${value}`).join("; ");
  const html = await (await fetch(new URL("/plain", URL_FULL), { headers: { cookie } })).text();
  assert.match(html, new RegExp(`class="zone"[^>]*>${name}<`));
});

test("a shared link reproduces the view", async () => {
  const page = await open(browser, "/errors?range=24h");
  await settled(page);
  await page.getByLabel("Auto-refresh").selectOption("1m");
  await page.waitForURL(/refresh=1m/);
  await page.getByRole("search").getByLabel("Service").selectOption({ index: 1 });
  await page.waitForURL(/service=/);
  await answered(page);
  const seen = async (page) => ({
    range: await chosen(page),
    refresh: await page.getByLabel("Auto-refresh").inputValue(),
    service: await page.getByRole("search").getByLabel("Service").inputValue(),
    rows: await page.locator("[data-panel=error_groups] tbody td.titled").allInnerTexts(),
  });
  const shared = await open(browser, page.url());
  await settled(shared);
  assert.deepEqual(await seen(shared), await seen(page));
  assert.ok((await seen(shared)).rows.length > 0);
});

test("a filter applies at once", async () => {
  const page = await open(browser);
  await settled(page);
  const select = page.getByRole("search").getByLabel("Service");
  const services = (await select.locator("option").allInnerTexts()).slice(1);
  assert.ok(services.length > 0, "no services to choose from");
  await select.selectOption(services[0]);
  await page.waitForURL((url) => url.searchParams.get("service") === services[0]);
  await answered(page);
  assert.equal(await page.locator(".failure").count(), 0);
  assert.deepEqual(page.complaints, []);
});
