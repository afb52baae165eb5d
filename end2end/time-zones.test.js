// An unknown time zone, from any source: times are in UTC, the page says so once, and every panel has its answer.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { launch, open, settled, URL_FULL } from "./browser.js";

let browser;
before(async () => (browser = await launch()));
after(() => browser.close());

const line = (page) => page.locator(".unknown-zone");
const zone = (page) => page.locator(".zone");

async function assertUtc(page, name) {
  assert.equal(await line(page).innerText(), `There is no time zone ${name}. Times are in UTC. A time zone has a name such as Europe/Berlin.`);
  assert.equal(await line(page).getAttribute("role"), "status");
  assert.equal(await zone(page).innerText(), "UTC");
  assert.equal(await page.locator(".failure").count(), 0, "a panel has no answer");
  assert.ok((await page.locator(".badge").count()) > 0);
}

/** Makes the browser name its zone so. */
const calling = (name) => (page) =>
  page.addInitScript((name) => {
    const options = Intl.DateTimeFormat.prototype.resolvedOptions;
    Intl.DateTimeFormat.prototype.resolvedOptions = function () {
      return { ...options.call(this), timeZone: name };
    };
  }, name);

test("a browser without a time zone shows UTC", async () => {
  const page = await open(browser, "/", { prepare: calling("Etc/Unknown") });
  await settled(page);
  await line(page).getByText("Etc/Unknown").waitFor();
  await assertUtc(page, "Etc/Unknown");
  assert.deepEqual(page.complaints, []);
  // The next page is in UTC from the start and has the same notice.
  await page.goto(new URL("/errors", page.url()).href);
  await settled(page);
  await line(page).getByText("Etc/Unknown").waitFor();
  await assertUtc(page, "Etc/Unknown");
  assert.deepEqual(page.complaints, []);
});

for (const name of ["Mars/Olympus", "+03:00", "Etc/Unknown", "<b>"]) {
  test(`an address with the unknown zone ${name} shows UTC`, async () => {
    const page = await open(browser, `/errors?tz=${encodeURIComponent(name)}`);
    await settled(page);
    await assertUtc(page, name);
    await page.getByRole("navigation", { name: "Pages" }).getByRole("link", { name: "API" }).click();
    await page.getByRole("heading", { level: 1, name: "API" }).waitFor();
    await settled(page);
    await assertUtc(page, name);
    // A preset pins no zone.
    await page.getByRole("navigation", { name: "Time range" }).getByRole("link", { name: "24h", exact: true }).click();
    await page.waitForURL((url) => !url.searchParams.has("tz"));
    await page.waitForFunction(() => document.querySelector(".unknown-zone").textContent === "");
    assert.deepEqual(page.complaints, []);
  });
}

test("without JavaScript an unknown zone in the address or the cookie shows UTC", async () => {
  const page = await open(browser, "/plain/errors?tz=Mars%2FOlympus", { javaScriptEnabled: false });
  await assertUtc(page, "Mars/Olympus");
  await page.context().addCookies([{ name: "tz", value: "Etc/Unknown", url: URL_FULL }]);
  await page.goto(new URL("/plain/errors", page.url()).href);
  await assertUtc(page, "Etc/Unknown");
});

test("the API refuses an unknown zone", async () => {
  const body = JSON.stringify({ query: "top_errors", timeRange: "24h", tz: "Etc/Unknown" });
  const reply = await fetch(new URL("/query", URL_FULL), { method: "POST", headers: { "content-type": "application/json" }, body });
  assert.equal(reply.status, 400);
  assert.match((await reply.json()).detail, /Etc\/Unknown.*no IANA time zone/);
});
