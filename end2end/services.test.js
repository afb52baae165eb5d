// The pages of services, of the application's own events and of one visitor, and the ways to them.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { axeFindings, launch, open, overflow, panelOf, settled, value } from "./browser.js";

let browser;
before(async () => (browser = await launch()));
after(() => browser.close());

const PHONE = { width: 390, height: 844 };

/** Checks what every page must be: without findings of axe, without errors, and no wider than its window. */
async function assertSound(page) {
  assert.deepEqual(await axeFindings(page), []);
  assert.deepEqual(page.complaints, []);
  await page.setViewportSize(PHONE);
  assert.equal(await overflow(page), 0);
}

test("the drawing of services leads to one of them, and an operation to its spans", async () => {
  const page = await open(browser, "/services?range=24h");
  await settled(page);
  const nodes = panelOf(page, "service_calls").locator(".node");
  const place = async (name) => (await nodes.filter({ hasText: name }).locator("rect").boundingBox()).x;
  assert.ok((await place("storefront")) < (await place("shop-api")), "the caller stands left of what it calls");
  await nodes.filter({ hasText: "shop-api" }).click();
  await page.waitForURL(/[?&]service=shop-api/);
  assert.match(page.url(), /[?&]range=24h/);
  await settled(page);
  const operation = panelOf(page, "operations").locator("tbody a[href*='/traces?']").first();
  const name = await operation.innerText();
  await operation.click();
  await page.waitForURL((url) => url.pathname === "/traces" && url.searchParams.get("q") === `name:"${name}"`);
  await settled(page);
  assert.ok((await page.locator("#rows .lines li").count()) > 0);
  await page.goBack();
  await settled(page);
  await assertSound(page);
});

test("the drawing works without JavaScript", async () => {
  const page = await open(browser, "/plain/services", { javaScriptEnabled: false });
  assert.ok((await panelOf(page, "service_calls").locator(".node").count()) > 1);
});

test("an own event has its values, and how often it happened", async () => {
  const page = await open(browser, "/visitors");
  await settled(page);
  await panelOf(page, "events").getByRole("link", { name: "shop.order_placed" }).click();
  await page.waitForURL((url) => url.pathname === "/event" && url.searchParams.get("event_name") === "shop.order_placed");
  await settled(page);
  assert.ok((await panelOf(page, "event_per_hour").locator("svg").count()) > 0);
  assert.match(await panelOf(page, "event_properties").innerText(), /shop\.product\.name/);
  await page.getByRole("link", { name: "Log lines of this event" }).click();
  await page.waitForURL((url) => url.searchParams.get("q") === 'event:"shop.order_placed"');
  await page.goBack();
  await settled(page);
  await assertSound(page);
});

test("from an error to what its visitor did before, who has no user id", async () => {
  const group = await value(
    "SELECT ErrorGroup FROM otel_logs WHERE ErrorType != '' AND UserId = '' AND VisitorId != '' AND ServiceName = 'storefront' " +
      "AND Timestamp > now() - INTERVAL 7 DAY GROUP BY ErrorGroup ORDER BY count() DESC LIMIT 1",
  );
  const page = await open(browser, `/error?error_group=${encodeURIComponent(group)}`);
  await settled(page);
  const visitor = panelOf(page, "visitors_of_error").locator("tbody a[href^='/visitor?']").first();
  await visitor.click();
  await page.waitForURL((url) => url.pathname === "/visitor" && url.searchParams.has("visitor_id"));
  await settled(page);
  // The page has the first rows, and more once they are asked for.
  const rest = panelOf(page, "visitor_trail").getByRole("button", { name: /^Show \d/ });
  if (await rest.count()) {
    await rest.click();
    await rest.waitFor({ state: "detached" });
  }
  const kinds = await panelOf(page, "visitor_trail").locator("tbody tr").evaluateAll((rows) => rows.map((row) => row.cells[2].textContent.trim()));
  assert.ok(kinds.includes("error"), `${kinds}`);
  assert.ok(kinds.lastIndexOf("page") > kinds.indexOf("error"), "a page was viewed before the error; the latest row is the first");
  await assertSound(page);
});
