// Live rows: accepted records appear in the list of Logs and Traces before they are committed.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, test } from "node:test";

import { answered, axeFindings, launch, open, overflow, settled, URL_FULL } from "./browser.js";

let browser;
before(async () => (browser = await launch()));
after(() => browser.close());

const rows = (page) => page.locator(".live .lines li");
const listed = (page) => page.locator("#rows .streamed .lines li");
const state = (page) => page.locator(".live-state");
const pause = (page) => page.getByRole("button", { name: "Pause" });

/** Returns a name that no other call returns. */
const unique = (name) => `${name}-${randomBytes(6).toString("hex")}`;

const resource = (service) => ({ attributes: [{ key: "service.name", value: { stringValue: service } }] });
const nanos = () => `${Date.now()}000000`;

async function post(path, body) {
  const answer = await fetch(new URL(path, URL_FULL), { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
  assert.equal(answer.status, 200, await answer.text());
}

/** Sends log records of a service. */
const sendLogs = (service, ...bodies) => {
  const logRecords = bodies.map((body) => ({ timeUnixNano: nanos(), severityNumber: 17, body: { stringValue: body } }));
  return post("/v1/logs", { resourceLogs: [{ resource: resource(service), scopeLogs: [{ logRecords }] }] });
};

/** Sends a span of a service. */
const sendSpan = (service, name, millis) => {
  const start = Date.now();
  const span = {
    traceId: randomBytes(16).toString("hex"), spanId: randomBytes(8).toString("hex"), name, kind: 2, status: { code: 2, message: "no stock" },
    startTimeUnixNano: `${start}000000`, endTimeUnixNano: `${BigInt(start) * 1_000_000n + BigInt(millis * 1e6)}`,
    attributes: [{ key: "http.request.method", value: { stringValue: "GET" } }, { key: "http.response.status_code", value: { intValue: "500" } }],
  };
  return post("/v1/traces", { resourceSpans: [{ resource: resource(service), scopeSpans: [{ spans: [span] }] }] });
};

/** Opens a page with live rows of a service, and waits until they are live. */
async function live(service, { path = "/logs", query = "", ...options } = {}) {
  const page = await open(browser, `${path}?range=1h&live=on&q=${encodeURIComponent(`service:${service}${query}`)}`, options);
  await isLive(page);
  return page;
}

const isLive = (page) => page.waitForFunction(() => document.querySelector(".live")?.dataset.state === "live");

/** Waits for a row with a text. */
const row = async (page, text) => {
  const found = rows(page).filter({ hasText: text });
  await found.first().waitFor();
  return found;
};

test("a line appears within a second, the newest first, and only if it fits", async () => {
  const service = unique("live");
  const page = await open(browser, "/logs");
  await settled(page);
  const loaded = await page.evaluate(() => performance.getEntriesByType("resource").some(({ name }) => name.endsWith("live.js")));
  assert.equal(loaded, false, "the module is not loaded before");
  const box = page.getByRole("searchbox", { name: "Search", exact: true });
  await box.fill(`service:${service} card`);
  await box.press("Enter");
  await page.waitForURL((url) => url.searchParams.has("q"));
  await answered(page);
  await page.getByRole("link", { name: "Live", exact: true }).click();
  await page.waitForURL((url) => url.searchParams.get("live") === "on");
  await isLive(page);
  assert.equal(await pause(page).evaluate((button) => button === document.activeElement), true, "the focus is not lost");
  await sendLogs(service, "cart opened");
  const began = Date.now();
  await sendLogs(service, "card declined: <img src=x onerror=alert(1)>");
  await row(page, "card declined: <img src=x onerror=alert(1)>");
  assert.ok(Date.now() - began < 1000, `${Date.now() - began} ms`);
  await sendLogs(service, "card accepted");
  await row(page, "card accepted");
  assert.deepEqual(await rows(page).locator(".body").allInnerTexts(), ["card accepted", "card declined: <img src=x onerror=alert(1)>"]);
  assert.match(await state(page).innerText(), /^Live · [\d.]+\/s$/);
  await page.getByRole("link", { name: "Stop" }).click();
  await page.waitForURL((url) => !url.searchParams.has("live"));
  await page.waitForFunction(() => !document.querySelector(".live, lakefront-live"));
  assert.deepEqual(page.complaints, []);
});

for (const [path, send] of [
  ["/logs", (service) => sendLogs(service, "connection refused: 10.0.0.7:5432\nwith a second line", "x".repeat(300))],
  ["/traces", (service) => sendSpan(service, "GET /cart", 12.345)],
]) {
  test(`a live row of ${path} is the row of the list, where it is once it is in the lake`, async () => {
    const service = unique("same");
    const page = await live(service, { path });
    await send(service);
    await rows(page).first().waitFor();
    const before = await rows(page).evaluateAll((items) => items.map((item) => item.outerHTML));
    const deadline = Date.now() + 30_000;
    while ((await listed(page).count()) < before.length) {
      assert.ok(Date.now() < deadline, "the rows are not in the lake after 30 s");
      await page.getByRole("link", { name: "Refresh" }).click();
      await answered(page);
    }
    await page.waitForFunction(() => !document.querySelector(".live .lines li"));
    assert.deepEqual((await listed(page).evaluateAll((items) => items.map((item) => item.outerHTML))).toSorted(), before.toSorted());
    assert.deepEqual(page.complaints, []);
  });
}

test("a paused page keeps its rows and shows how many are new", async () => {
  const service = unique("pause");
  const page = await live(service);
  await sendLogs(service, "first");
  await row(page, "first");
  await pause(page).click();
  await sendLogs(service, "second", "third");
  const more = page.getByRole("button", { name: "2 new" });
  await more.waitFor();
  assert.match(await state(page).innerText(), /^Paused/);
  assert.equal(await rows(page).count(), 1);
  await page.getByRole("button", { name: "Resume" }).press("p");
  await row(page, "third");
  assert.equal(await rows(page).count(), 3);
  assert.equal(await more.count(), 0);
});

test("a row that is opened holds the list, and its detail appears once it is in the lake", async () => {
  const service = unique("open");
  const page = await live(service);
  await sendLogs(service, "opened");
  await (await row(page, "opened")).getByRole("link").click();
  await page.locator("#row .detail").waitFor();
  await sendLogs(service, "meanwhile");
  await page.getByRole("button", { name: "1 new" }).waitFor();
  assert.equal(await rows(page).count(), 1);
  await page.locator("#row .fields").first().waitFor({ timeout: 20_000 });
  assert.match(await page.locator("#row .detail").innerText(), /opened/);
  await page.getByRole("button", { name: "1 new" }).click();
  await row(page, "meanwhile");
  await sendLogs(service, "after");
  await row(page, "after");
  assert.deepEqual(page.complaints, []);
});

test("a reader who scrolled down is not moved", async () => {
  const service = unique("scroll");
  const page = await live(service, { viewport: { width: 1440, height: 400 } });
  await sendLogs(service, ...Array.from({ length: 60 }, (_, at) => `line ${at}`));
  await page.waitForFunction(() => document.querySelectorAll(".live .lines li").length === 60);
  await rows(page).last().scrollIntoViewIfNeeded();
  const top = () => rows(page).last().evaluate((item) => item.getBoundingClientRect().top);
  const before = await top();
  await sendLogs(service, "newest");
  const more = page.getByRole("button", { name: "1 new" });
  await more.waitFor();
  assert.ok(Math.abs((await top()) - before) < 60, "but for the button");
  assert.ok(await more.evaluate((button) => button.getBoundingClientRect().top >= 0 && button.getBoundingClientRect().bottom <= innerHeight));
  await more.click();
  await row(page, "newest");
});

for (const viewport of [{ width: 1440, height: 900 }, { width: 390, height: 844 }]) {
  for (const colorScheme of ["light", "dark"]) {
    test(`what is too much is counted, and the page fits its window without findings of axe, ${viewport.width} px, ${colorScheme}`, async () => {
      const service = unique("much");
      const page = await live(service, { viewport, colorScheme });
      await sendLogs(service, ...Array.from({ length: 1000 }, (_, at) => `order ${at} ${"failed".repeat(at % 40)}`));
      await page.waitForFunction(() => /Live · [\d.]+\/s · 800 not shown/.test(document.querySelector(".live-state").textContent));
      assert.equal(await rows(page).count(), 200);
      // The page keeps 500 of the rows that follow.
      for (let round = 0; (await rows(page).filter({ hasText: "order" }).count()) > 0; round += 1) {
        await sendLogs(service, ...Array.from({ length: 150 }, (_, at) => `again ${round} ${at}`));
      }
      assert.equal(await rows(page).count(), 500);
      assert.deepEqual([await overflow(page), await axeFindings(page)], [0, []]);
      assert.deepEqual(page.complaints, []);
    });
  }
}

test("assistive technology is told how many lines are new, not each of them", async () => {
  const service = unique("told");
  const page = await live(service);
  const said = page.getByRole("log", { name: "Live lines" });
  assert.equal(await said.getAttribute("aria-live"), "polite");
  await sendLogs(service, "one", "two", "three");
  await page.waitForFunction(() => /^3 new lines\. The last: error /.test(document.querySelector("[role=log]").textContent), undefined, { timeout: 15_000 });
});

test("a tail that breaks is opened again, and one that is refused says why", async () => {
  const service = unique("broken");
  const problem = (status, detail) => (route) => route.fulfill({ status, contentType: "application/problem+json", body: JSON.stringify({ status, detail }) });
  let answer = problem(503, "64 tails are open; close one, or try again");
  const prepare = (page) => page.route("**/tail?*", (route) => answer(route));
  const page = await open(browser, `/logs?live=on&q=service:${service}`, { prepare });
  await page.waitForFunction(() => /^Reconnecting in \d+ s · 64 tails are open/.test(document.querySelector(".live-state")?.textContent));
  answer = problem(404, "live rows come from ingest: set INGEST_URL");
  await page.getByRole("button", { name: "Try again" }).click();
  await page.waitForFunction(() => document.querySelector(".live-state").textContent === "Off · live rows come from ingest: set INGEST_URL");
  assert.deepEqual(await axeFindings(page), []);
  answer = (route) => route.continue();
  await page.getByRole("button", { name: "Try again" }).click();
  await isLive(page);
  await sendLogs(service, "again");
  await row(page, "again");
});

test("a page that is hidden for long closes its tail and opens it when it is seen", async () => {
  const service = unique("hidden");
  const page = await open(browser, `/logs?live=on&q=service:${service}`, { prepare: (page) => page.clock.install() });
  await isLive(page);
  const hide = (hidden) =>
    page.evaluate((hidden) => {
      Object.defineProperty(document, "hidden", { value: hidden, configurable: true });
      document.dispatchEvent(new Event("visibilitychange"));
    }, hidden);
  await hide(true);
  await page.clock.fastForward(61_000);
  await page.waitForFunction(() => document.querySelector(".live").dataset.state === "asleep");
  await hide(false);
  await isLive(page);
  await sendLogs(service, "awake");
  await row(page, "awake");
});

test("a search with a fault has no live rows, and another search is live at once", async () => {
  const service = unique("search");
  const page = await live(service);
  await sendLogs(service, "of the first search");
  await row(page, "of the first search");
  const box = page.getByRole("searchbox", { name: "Search", exact: true });
  await box.fill("level:loud");
  await box.press("Enter");
  await page.locator("#rows .failure").waitFor();
  await page.waitForFunction(() => !document.querySelector(".live"));
  await box.fill(`service:${service} again`);
  await box.press("Enter");
  await isLive(page);
  assert.equal(await rows(page).count(), 0, "rows of another search are gone");
  await sendLogs(service, "not this", "again this");
  assert.equal(await (await row(page, "again this")).count(), 1);
  assert.equal(await rows(page).count(), 1);
});

test("without JavaScript the page says what live rows need", async () => {
  const page = await open(browser, "/plain/logs?live=on", { javaScriptEnabled: false, viewport: { width: 390, height: 844 } });
  assert.match(await page.locator("#rows .note").first().innerText(), /Live rows need JavaScript/);
  assert.ok((await listed(page).count()) > 0);
  assert.ok((await overflow(page)) <= 0);
  await page.getByRole("link", { name: "Turn live off" }).click();
  await page.waitForURL((url) => !url.searchParams.has("live"));
});

test("the past is not live", async () => {
  const page = await open(browser, `/logs?at=${new Date(Date.now() - 3_600_000).toISOString().slice(0, 13)}:00:00Z&live=on`);
  await settled(page);
  assert.equal(await page.locator("lakefront-live, .live-switch").count(), 0);
});
