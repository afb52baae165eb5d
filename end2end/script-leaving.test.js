// A tab that closes right after a click loses no record.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, test } from "node:test";

import { launch } from "./browser.js";
import { ROUTER, listening, loaded, rowsOf, site, visit } from "./site.js";

let browser;
before(async () => (browser = await launch()));
after(() => browser.close());

const names = (rows) => rows.map(({ EventName }) => EventName);
const has = (...wanted) => (rows) => wanted.every((name) => names(rows).includes(name));

test("a click right before the tab closes is sent", async () => {
  const shop = await site();
  const page = await visit(browser, shop.origin);
  await loaded(page);
  await page.click("#cart");
  await page.close();
  await rowsOf(shop.service, has("browser.navigation", "shop.cart_added", "browser.web_vital"));
  shop.close();
});

test("an interaction is sent by a page that is never idle", async () => {
  const shop = await site();
  const page = await visit(browser, shop.origin, {
    prepare: (page) => page.addInitScript(() => (window.requestIdleCallback = () => 0)),
  });
  await loaded(page);
  const told = page.evaluate(
    () => new Promise((resolve) => new PerformanceObserver(resolve).observe({ type: "event", durationThreshold: 40 })).then(() => undefined),
  );
  await page.click("#slow");
  await told;
  await page.close();
  await rowsOf(shop.service, (rows) => rows.some(({ VitalName, VitalValue }) => VitalName === "inp" && VitalValue >= 120));
  shop.close();
});

test("a click on a link to another page is sent", async () => {
  const shop = await site();
  const page = await visit(browser, shop.origin);
  await loaded(page);
  // Records that the page itself reports while it is left count too.
  await page.evaluate(() => addEventListener("pagehide", () => lakefront.track("leaving")));
  await page.click("#away");
  await page.close();
  await rowsOf(shop.service, has("away.clicked", "leaving"));
  shop.close();
});

test("many records are sent while a request has no answer", async () => {
  const slow = await slowEndpoint();
  const shop = await site({ attributes: { "data-endpoint": slow.url } });
  const page = await visit(browser, shop.origin);
  await loaded(page);
  const sending = page.waitForRequest(`${slow.url}/v1/logs`);
  await page.evaluate(() => lakefront.track("first"));
  await sending;
  await page.evaluate(() => {
    for (let index = 0; index < 50; index += 1) lakefront.track(`more ${index}`, { text: "x".repeat(100) });
  });
  await page.click("#cart");
  await page.close();
  const rows = await rowsOf(shop.service, has("first", "more 0", "more 49", "shop.cart_added"));
  assert.equal(names(rows).filter((name) => name.startsWith("more")).length, 50);
  assert.equal(names(rows).filter((name) => name === "first").length, 1);
  slow.close();
  shop.close();
});

/** A proxy of the router that delays each request by half a second. */
async function slowEndpoint() {
  const server = createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const { method, url, headers } = request;
    delete headers.host;
    await new Promise((resolve) => setTimeout(resolve, method === "POST" ? 500 : 0));
    const answer = await fetch(new URL(url, ROUTER), { method, headers, body: method === "POST" ? Buffer.concat(chunks) : undefined });
    answer.headers.forEach((value, name) => response.setHeader(name, value));
    response.writeHead(answer.status).end(Buffer.from(await answer.arrayBuffer()));
  });
  await listening(server);
  return { url: `http://127.0.0.1:${server.address().port}`, close: () => server.close() };
}
