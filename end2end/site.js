// Serves a plain site of another origin with the script's tag on its pages, and reads its rows from the lake.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { createServer } from "node:http";
import { setTimeout as pause } from "node:timers/promises";

import { URL_FULL } from "./browser.js";

/** The address of the script, which is also the endpoint. */
export const ROUTER = new URL(URL_FULL).origin;

/** A user agent of an ordinary browser: headless Chromium has the one of a bot. */
const USER_AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/146.0.0.0 Safari/537.36";

const PAGE_SCRIPT = `
  const on = (id, act) => document.getElementById(id).addEventListener("click", act);
  on("throw", () => { const cart = undefined; cart.items; });
  on("reject", () => { Promise.reject(new RangeError("quantity 12 is out of range")); });
  on("go", () => history.pushState({}, "", "/cart/7"));
  on("slow", () => { const end = performance.now() + 120; while (performance.now() < end); });
  on("sort", () => history.replaceState({}, "", "?sort=price&page=2"));
  document.querySelector("form").addEventListener("submit", (event) => event.preventDefault());
`;

/**
 * Starts a site. Each page has the tag with these attributes (or this whole `line`), after `head`. The site's policy
 * allows no inline script, no eval, and of other origins only the script and its endpoint. Each site is a service of its
 * own.
 */
export async function site({ line, attributes = {}, head = "", tags = 1, script = `${ROUTER}/otel.js` } = {}) {
  const service = `script-${randomBytes(6).toString("hex")}`;
  const all = { src: script, "data-service": service, ...attributes };
  const tag = line ?? `<script async ${Object.entries(all).map(([name, value]) => `${name}="${value}"`).join(" ")}></script>`;
  const { origin: home } = new URL(/src="([^"]+)"/.exec(tag)[1]);
  const connect = [home, attributes["data-endpoint"] ?? ""].join(" ");
  const server = createServer((request, response) => {
    if (request.url === "/page.js") {
      response.setHeader("content-type", "text/javascript");
      response.end(PAGE_SCRIPT);
      return;
    }
    response.setHeader("content-type", "text/html");
    response.setHeader("content-security-policy", `default-src 'none'; script-src 'self' 'nonce-head' ${home}; connect-src ${connect}`);
    response.end(`<!doctype html><html lang="en"><head><title>Shop</title>${head}${tag.repeat(tags)}
      <script defer src="/page.js"></script></head><body><h1>Shop</h1>
      <button id="throw">Throw</button> <button id="reject">Reject</button> <button id="go">Go</button> <button id="sort">Sort</button>
      <button id="slow">Slow</button>
      <button id="cart" data-event="shop.cart_added" data-event-sku="42" data-event-shop.price="9.5"><b>Add to cart</b></button>
      <form data-event="newsletter.joined"><input name="mail"><button id="join">Join</button></form>
      <a id="away" href="/elsewhere" data-event="away.clicked">Away</a></body></html>`);
  });
  await listening(server);
  const origin = `http://localhost:${server.address().port}`;
  return { origin, service, close: () => server.close() };
}

/** Listens on a port of 127.0.0.1, or on a free one. A server that is not closed does not keep the test alive. */
export const listening = (server, port = 0) => new Promise((resolve) => server.unref().listen(port, "127.0.0.1", resolve));

/** Opens a visitor's page, which collects its errors and its requests. */
export async function visit(browser, address, { referer, prepare, ...options } = {}) {
  const context = await browser.newContext({ userAgent: USER_AGENT, ...options });
  const page = await context.newPage();
  page.uncaught = [];
  page.sent = [];
  page.on("pageerror", (error) => page.uncaught.push(String(error)));
  page.on("request", (request) => new URL(request.url()).pathname === "/v1/logs" && request.method() === "POST" && page.sent.push(request));
  await prepare?.(page);
  await page.goto(address, { referer });
  return page;
}

/** Waits until the script on a page has loaded. */
export const loaded = (page) => page.waitForFunction(() => window.lakefront?.track !== undefined);

/** Hides a page, as switching to another tab does. */
export const hide = (page) =>
  page.evaluate(() => {
    Object.defineProperty(document, "visibilityState", { value: "hidden", configurable: true });
    document.dispatchEvent(new Event("visibilitychange", { bubbles: true }));
  });

/** Returns the rows of a service in the order of their time, once `enough` returns true for them. */
export async function rowsOf(service, enough) {
  const sql = `SELECT EventName, PagePath, IsPageView, ReferrerHost, UtmSource, UtmMedium, UtmCampaign, SessionId, UserId, VisitorId, IsBot,
    ServiceVersion, Environment, ErrorType, ErrorMessage, ErrorGroup, VitalName, VitalValue, toString(LogAttributes) AS Attributes
    FROM otel.otel_logs WHERE ServiceName = {service:String} ORDER BY Timestamp, RowId`;
  return eventually(async () => {
    const { columns, rows } = await post("/sql", { sql, params: { service } });
    const named = rows.map((row) => Object.fromEntries(row.map((value, index) => [columns[index].name, value])));
    return enough(named) ? named : undefined;
  }, () => `the rows of ${service}`);
}

/** Returns the rows of a named query about a service, once there are any. */
export async function answerOf(query, service) {
  return eventually(async () => {
    const { rows } = await post("/query", { query, timeRange: "24h", tz: "UTC", params: { service } });
    return rows.length > 0 ? rows : undefined;
  }, () => `an answer to ${query} about ${service}`);
}

async function post(path, body) {
  const response = await fetch(new URL(path, ROUTER), {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  const reply = await response.json();
  assert.equal(response.status, 200, JSON.stringify(reply));
  return reply;
}

/** Returns the first value of `attempt`. It fails after 15 seconds, the promised time until a row is visible. */
async function eventually(attempt, what) {
  const deadline = Date.now() + 15_000;
  for (;;) {
    const result = await attempt();
    if (result !== undefined) return result;
    assert.ok(Date.now() < deadline, `waited 15 s for ${what()}`);
    await pause(500);
  }
}
