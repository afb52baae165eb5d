// One tag on a plain page of another origin: its views, vitals, errors and events are in the lake and in the named
// queries.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { launch } from "./browser.js";
import { ROUTER, answerOf, hide, loaded, rowsOf, site, visit } from "./site.js";

let browser;
before(async () => (browser = await launch()));
after(() => browser.close());

const views = (rows) => rows.filter(({ IsPageView }) => IsPageView);
const named = (rows, name) => rows.filter(({ EventName }) => EventName === name);

for (const [name, prepare] of [
  ["the Navigation API", undefined],
  ["history alone", (page) => page.addInitScript(() => Object.defineProperty(window, "navigation", { value: undefined }))],
]) {
  test(`loaded pages and pages without a load are views, by ${name}`, async () => {
    const shop = await site({ attributes: { "data-version": "1.2.3", "data-environment": "staging" } });
    const address = `${shop.origin}/products/42?utm_source=news&utm_medium=mail&utm_campaign=spring&token=secret#access=secret`;
    const page = await visit(browser, address, { referer: "https://search.example/find?q=secret", prepare });
    await loaded(page);
    await page.click("#sort");
    await page.click("#go");
    await page.evaluate(() => (location.hash = "reviews"));
    await page.goBack();
    await page.goBack();
    await hide(page);

    const rows = await rowsOf(shop.service, (rows) => views(rows).length >= 3);
    assert.deepEqual(views(rows).map(({ PagePath }) => PagePath), ["/products/42", "/cart/7", "/products/42"]);
    const visits = views(rows).map((row) => [row.ReferrerHost, row.UtmSource, row.UtmMedium, row.UtmCampaign]);
    assert.deepEqual(visits[0], ["search.example", "news", "mail", "spring"]);
    assert.deepEqual(visits[1], ["", "", "", ""]);
    assert.ok(rows.every(({ ServiceVersion, Environment }) => ServiceVersion === "1.2.3" && Environment === "staging"));
    assert.ok(rows.every(({ IsBot }) => !IsBot));
    assert.equal(new Set(rows.map(({ SessionId }) => SessionId)).size, 1);
    assert.equal(new Set(rows.map(({ VisitorId }) => VisitorId)).size, 1);
    assert.doesNotMatch(JSON.stringify(rows), /secret/);
    assert.deepEqual(await answerOf("top_pages", shop.service), [["/products/:id", 2, 1], ["/cart/:id", 1, 1]]);
    assert.deepEqual(page.uncaught, []);
    shop.close();
  });
}

test("a page that is restored from the browser's memory is a view", async () => {
  const shop = await site();
  const page = await visit(browser, shop.origin, { referer: "https://search.example/" });
  await loaded(page);
  await page.evaluate(() => dispatchEvent(new PageTransitionEvent("pageshow", { persisted: true })));
  const rows = await rowsOf(shop.service, (rows) => views(rows).length >= 2);
  assert.deepEqual(views(rows).map(({ ReferrerHost }) => ReferrerHost), ["search.example", ""]);
  shop.close();
});

test("a prerendered page is a view once it is shown", async () => {
  const shop = await site();
  const prepare = (page) => page.addInitScript(() => Object.defineProperty(document, "prerendering", { get: () => !window.shown }));
  const page = await visit(browser, shop.origin, { prepare });
  await page.evaluate(() => (window.lakefront ||= []).push(["track", "waiting"]));
  await page.waitForTimeout(1_500);
  assert.deepEqual(page.sent, []);
  await page.evaluate(() => {
    window.shown = true;
    document.dispatchEvent(new Event("prerenderingchange"));
  });
  const rows = await rowsOf(shop.service, (rows) => named(rows, "waiting").length > 0);
  assert.equal(views(rows).length, 1);
  shop.close();
});

test("vitals have the page that they measure", async () => {
  const shop = await site();
  const page = await visit(browser, `${shop.origin}/landing`);
  await loaded(page);
  await page.waitForFunction(() => performance.getEntriesByName("first-contentful-paint").length > 0);
  // The largest paint is final after the first input, which is on another page here.
  await page.evaluate(() => history.pushState({}, "", "/cart/7"));
  const told = page.evaluate(
    () => new Promise((resolve) => new PerformanceObserver(resolve).observe({ type: "event", durationThreshold: 40 })).then(() => undefined),
  );
  await page.click("#slow");
  // The browser reports an interaction after its paint.
  await told;
  await hide(page);
  const rows = await rowsOf(shop.service, (rows) => named(rows, "browser.web_vital").length >= 5);
  const vitals = named(rows, "browser.web_vital").map(({ VitalName, PagePath }) => `${VitalName} ${PagePath}`);
  assert.deepEqual(vitals.sort(), ["cls /cart/7", "fcp /landing", "inp /cart/7", "lcp /landing", "ttfb /landing"]);
  const answer = await answerOf("web_vitals", shop.service);
  assert.deepEqual(answer.map(([page, vital, samples]) => `${page} ${vital} ${samples}`), [
    "/cart/:id cls 1", "/cart/:id inp 1", "/landing fcp 1", "/landing lcp 1", "/landing ttfb 1",
  ]);
  shop.close();
});

test("uncaught errors and unhandled rejections are errors of their page", async () => {
  const head = '<script nonce="head">addEventListener("inline", () => { throw new SyntaxError("inline"); });</script>';
  const shop = await site({ attributes: { "data-version": "1.2.3" }, head });
  const page = await visit(browser, `${shop.origin}/cart/7?token=secret`);
  await loaded(page);
  await page.click("#throw");
  await page.click("#reject");
  await page.evaluate(() => dispatchEvent(new Event("inline")));
  const rows = await rowsOf(shop.service, (rows) => named(rows, "exception").length >= 3);
  const errors = named(rows, "exception").map((row) => [row.ErrorType, row.ErrorMessage, row.PagePath, row.ServiceVersion]);
  // The browser reports a rejection a little later.
  assert.deepEqual(errors.sort(), [
    ["RangeError", "quantity 12 is out of range", "/cart/7", "1.2.3"],
    ["SyntaxError", "inline", "/cart/7", "1.2.3"],
    ["TypeError", "Cannot read properties of undefined (reading 'items')", "/cart/7", "1.2.3"],
  ]);
  const stack = (type) => named(rows, "exception").find(({ ErrorType }) => ErrorType === type).Attributes;
  assert.match(stack("TypeError"), /page\.js:\d+:\d+/);
  assert.match(stack("SyntaxError"), /cart\/7:\d+:\d+/);
  assert.doesNotMatch(JSON.stringify(rows), /secret/);
  const answer = await answerOf("top_errors", shop.service);
  assert.deepEqual(answer.map(([, type, errors, users]) => [type, errors, users]).sort(), [["RangeError", 1, 1], ["SyntaxError", 1, 1], ["TypeError", 1, 1]]);
  shop.close();
});

test("events and the user's id are recorded, also from before the script has loaded", async () => {
  const head = `<script nonce="head">
    (window.lakefront ||= []).push(["track", "early", { plan: "pro", seats: 3, ratio: 0.5, trial: true, tags: ["a", "b"], none: null }]);
    (window.lakefront ||= []).push(["identify", "u-1"]);
  </script>`;
  const shop = await site({ head });
  const page = await visit(browser, shop.origin);
  await loaded(page);
  await page.evaluate(() => {
    const round = {};
    round.round = round;
    lakefront.push(["track", "later"]);
    lakefront.track("round", { round });
    lakefront.track("large", { number: 1e300, infinite: Infinity, big: 12345678901234567890n, when: new Date(0) });
    lakefront.track("", {});
    lakefront.track("long", { text: "x".repeat(100_000) });
    lakefront.identify(null);
    lakefront.track("last", undefined);
  });
  await page.click("#cart b");
  await page.fill("[name=mail]", "someone@example.org");
  await page.press("[name=mail]", "Enter");
  const rows = await rowsOf(shop.service, (rows) => named(rows, "newsletter.joined").length > 0);
  const events = rows.filter(({ EventName }) => !EventName.startsWith("browser."));
  assert.deepEqual(events.map(({ EventName, UserId }) => [EventName, UserId]), [
    ["early", "u-1"], ["later", "u-1"], ["large", "u-1"], ["long", "u-1"], ["last", ""], ["shop.cart_added", ""], ["newsletter.joined", ""],
  ]);
  const [view] = views(rows);
  assert.equal(view.UserId, "u-1");
  assert.ok(rows.indexOf(view) < rows.findIndex(({ EventName }) => EventName === "early"), "the view comes first: funnels go by time");
  const attributes = Object.fromEntries(events.map(({ EventName, Attributes }) => [EventName, Attributes]));
  for (const part of ["'plan':'pro'", "'seats':'3'", "'ratio':'0.5'", "'trial':'true'", `'tags':'["a","b"]'`]) {
    assert.ok(attributes.early.includes(part), `${part} is not in ${attributes.early}`);
  }
  assert.doesNotMatch(attributes.early, /none/);
  assert.ok(attributes["shop.cart_added"].includes("'sku':'42'"), attributes["shop.cart_added"]);
  assert.ok(attributes["shop.cart_added"].includes("'shop.price':'9.5'"), attributes["shop.cart_added"]);
  assert.doesNotMatch(JSON.stringify(rows), /someone@example/);
  assert.deepEqual(page.uncaught, []);
  shop.close();
});

test("all pages share a session until 30 idle minutes have passed", async () => {
  const shop = await site();
  const page = await visit(browser, `${shop.origin}/one`, { prepare: (page) => page.clock.install() });
  await loaded(page);
  const after = async (time, name) => {
    await page.clock.fastForward(time);
    await page.evaluate((name) => lakefront.track(name), name);
  };
  await after("29:00", "busy");
  await after("29:00", "still busy");
  await page.clock.fastForward("20:00");
  await page.keyboard.press("Shift");
  await after("20:00", "reading");
  await page.goto(`${shop.origin}/two`);
  await loaded(page);
  await after("31:00", "back");
  await hide(page);
  const rows = await rowsOf(shop.service, (rows) => named(rows, "back").length > 0);
  const session = (name) => named(rows, name)[0].SessionId;
  const [first, second] = views(rows).map(({ SessionId }) => SessionId);
  assert.deepEqual([session("busy"), session("still busy"), session("reading"), second], [first, first, first, first]);
  assert.notEqual(session("back"), first);
  shop.close();
});

test("tabs share a session", async () => {
  const shop = await site();
  const first = await visit(browser, `${shop.origin}/one`);
  await loaded(first);
  const second = await first.context().newPage();
  await second.goto(`${shop.origin}/two`);
  await loaded(second);
  const rows = await rowsOf(shop.service, (rows) => views(rows).length >= 2);
  assert.equal(new Set(rows.map(({ SessionId }) => SessionId)).size, 1);
  shop.close();
});

test("the script is cached, and any page may load it", async () => {
  const response = await fetch(`${ROUTER}/otel.js`);
  assert.equal(response.status, 200);
  assert.match(response.headers.get("content-type"), /javascript/);
  assert.equal(response.headers.get("cache-control"), "public, max-age=3600, stale-while-revalidate=86400");
  assert.equal(response.headers.get("access-control-allow-origin"), "*");
  assert.equal(response.headers.get("cross-origin-resource-policy"), "cross-origin");
  const again = await fetch(`${ROUTER}/otel.js`, { headers: { "if-none-match": response.headers.get("etag") } });
  assert.equal(again.status, 304);
});
