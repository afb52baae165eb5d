// The browser script never harms a page or a visitor.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, test } from "node:test";

import { launch } from "./browser.js";
import { hide, listening, loaded, rowsOf, site, visit } from "./site.js";

let browser;
before(async () => (browser = await launch()));
after(() => browser.close());

for (const [name, property, value] of [
  ["Do Not Track", "doNotTrack", "1"],
  ["Global Privacy Control", "globalPrivacyControl", true],
]) {
  test(`${name}: nothing is sent or stored`, async () => {
    const prepare = (page) =>
      page.addInitScript(([property, value]) => Object.defineProperty(navigator, property, { value }), [property, value]);
    const shop = await site({ head: '<script nonce="head">(window.lakefront ||= []).push(["track", "early"]);</script>' });
    const page = await visit(browser, shop.origin, { prepare });
    await loaded(page);
    await page.evaluate(() => lakefront.track("later"));
    for (const id of ["#cart", "#throw", "#go"]) await page.click(id);
    await page.waitForTimeout(1_500);
    await hide(page);
    await page.waitForTimeout(200);
    assert.deepEqual(page.sent, []);
    assert.equal(await page.evaluate(() => localStorage.length + document.cookie.length), 0);
    shop.close();
  });
}

test("an endpoint that is down gets few requests, and the waiting records when it is back", async () => {
  const port = await freePort();
  const shop = await site({ attributes: { "data-endpoint": `http://127.0.0.1:${port}` } });
  const page = await visit(browser, shop.origin, { prepare: (page) => page.clock.install() });
  await loaded(page);
  await page.evaluate(() => lakefront.track("during"));
  for (let second = 0; second < 10; second += 1) await forward(page, 1_000);
  assert.ok(page.sent.length >= 2 && page.sent.length <= 5, `${page.sent.length} requests in 10 s`);
  const bodies = [];
  const server = await endpoint(port, (body) => (bodies.push(body), 200));
  for (let second = 0; second < 20 && bodies.length === 0; second += 1) await forward(page, 1_000);
  assert.match(bodies.join(), /"during"/);
  assert.deepEqual(page.uncaught, []);
  server.close();
  shop.close();
});

test("retries end at an endpoint that stays down, and memory is bounded", async () => {
  const port = await freePort();
  const shop = await site({ attributes: { "data-endpoint": `http://127.0.0.1:${port}` } });
  const page = await visit(browser, shop.origin, { prepare: (page) => page.clock.install() });
  await loaded(page);
  await page.evaluate(() => {
    for (let index = 0; index < 20_000; index += 1) lakefront.track("flood", { index });
  });
  for (let step = 0; step < 60; step += 1) await forward(page, 10_000);
  const tries = page.sent.length;
  assert.ok(tries >= 6 && tries <= 9, `${tries} requests in 10 minutes`);
  const largest = Math.max(...page.sent.map((request) => request.postDataBuffer()?.length ?? 0));
  assert.ok(largest <= 60_000, `a request of ${largest} bytes`);
  for (let step = 0; step < 30; step += 1) await forward(page, 60_000);
  assert.equal(page.sent.length, tries, "a page on which nothing happens goes on asking");
  assert.deepEqual(page.uncaught, []);
  shop.close();
});

test("an endpoint that refuses the key gets no further request, and a warning says why", async () => {
  const port = await freePort();
  const keys = [];
  const server = await endpoint(port, (body, { headers }) => (keys.push(headers.authorization), 401));
  const shop = await site({ attributes: { "data-endpoint": `http://127.0.0.1:${port}/`, "data-key": "abc" } });
  const said = [];
  const page = await visit(browser, shop.origin, { prepare: (page) => page.on("console", (message) => said.push(message.text())) });
  await loaded(page);
  await page.waitForTimeout(1_500);
  await page.evaluate(() => lakefront.track("again"));
  await page.waitForTimeout(1_500);
  assert.deepEqual(keys, ["Bearer abc"]);
  assert.ok(said.some((text) => /answered 401; this page sends nothing more/.test(text)), said.join("\n"));
  server.close();
  shop.close();
});

test("a tag with invalid settings does not affect the page", async () => {
  const shop = await site({ attributes: { "data-endpoint": "http://[" } });
  const page = await visit(browser, shop.origin);
  await loaded(page);
  await page.evaluate(() => lakefront.track("lost"));
  assert.deepEqual([page.uncaught, page.sent], [[], []]);
  shop.close();
});

test("a script that does not load does not affect the page", async () => {
  const port = await freePort();
  const shop = await site({ script: `http://127.0.0.1:${port}/otel.js` });
  const page = await visit(browser, shop.origin);
  await page.evaluate(() => (window.lakefront ||= []).push(["track", "lost"]));
  assert.deepEqual(page.uncaught, []);
  shop.close();
});

test("a second tag changes nothing", async () => {
  const shop = await site({ tags: 2 });
  const page = await visit(browser, shop.origin);
  await loaded(page);
  await page.waitForLoadState("load");
  await page.click("#cart");
  await hide(page);
  const rows = await rowsOf(shop.service, (rows) => rows.some(({ EventName }) => EventName === "shop.cart_added"));
  assert.equal(rows.filter(({ IsPageView }) => IsPageView).length, 1);
  assert.equal(rows.filter(({ EventName }) => EventName === "shop.cart_added").length, 1);
  shop.close();
});

test("the script adds one global and replaces nothing of the page", async () => {
  const shop = await site();
  const page = await visit(browser, shop.origin, {
    prepare: (page) => page.addInitScript(() => (window.before = { keys: new Set(Reflect.ownKeys(window)), fetch, pushState: history.pushState })),
  });
  await loaded(page);
  await page.click("#cart");
  const found = await page.evaluate(() => ({
    // All other keys are the ids of elements and the values that this test added.
    added: Reflect.ownKeys(window).filter((key) => !before.keys.has(key) && key !== "before").map(String),
    same: before.fetch === fetch && before.pushState === history.pushState,
  }));
  assert.deepEqual(found, { added: ["lakefront"], same: true });
  shop.close();
});

test("in a browser without storage each page is a session", async () => {
  const prepare = (page) =>
    page.addInitScript(() => {
      const forbidden = { get() { throw new DOMException("denied", "SecurityError"); } };
      Object.defineProperty(window, "localStorage", forbidden);
    });
  const shop = await site();
  const page = await visit(browser, shop.origin, { prepare });
  await loaded(page);
  await page.click("#cart");
  const rows = await rowsOf(shop.service, (rows) => rows.some(({ EventName }) => EventName === "shop.cart_added"));
  assert.equal(new Set(rows.map(({ SessionId }) => SessionId)).size, 1);
  assert.deepEqual(page.uncaught, []);
  shop.close();
});

/** Advances the clock of the page, then waits for the requests that this causes. */
async function forward(page, millis) {
  await page.clock.fastForward(millis);
  await new Promise((resolve) => setTimeout(resolve, 50));
}

async function freePort() {
  const server = await endpoint(0);
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Starts a server that accepts requests of any origin and answers with the status of `answer`. */
async function endpoint(port, answer) {
  const server = createServer(async (request, response) => {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    response.setHeader("access-control-allow-origin", "*");
    response.setHeader("access-control-allow-headers", "content-type, authorization, idempotency-key, sent");
    response.writeHead(request.method === "POST" ? answer(Buffer.concat(chunks).toString(), request) : 204).end();
  });
  await listening(server, port);
  return server;
}
