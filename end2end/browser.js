// Starts Chromium, names the addresses under test, and checks what every test checks of a page.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { request } from "node:http";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

const modules = process.env.LAKEFRONT_NODE_MODULES ?? fileURLToPath(new URL("../.tools/node_modules", import.meta.url));
const require = createRequire(`${modules}/`);
const { chromium } = require("playwright-core");
const axe = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");

const FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync"];

/** The stack with the demo's data. */
export const URL_FULL = process.env.LAKEFRONT_URL;
assert.ok(URL_FULL, "LAKEFRONT_URL is not set: run `cargo xtask test --only browser`, or point it at a running stack");

/** Starts a browser for a file of tests, which closes it at its end. */
export const launch = () => chromium.launch({ executablePath: process.env.LAKEFRONT_CHROMIUM ?? "/usr/bin/chromium", args: FLAGS });

/** Opens a page in a new profile. `page.complaints` collects the errors of its console. */
export async function open(browser, path = "/", { prepare, base = URL_FULL, ...options } = {}) {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, ...options });
  // Slow machines need longer than the 30 s that Playwright waits.
  context.setDefaultTimeout(90_000);
  const page = await context.newPage();
  await prepare?.(page);
  page.complaints = [];
  page.on("console", (message) => message.type() === "error" && page.complaints.push(message.text()));
  page.on("pageerror", (error) => page.complaints.push(String(error)));
  await page.goto(new URL(path, base).href);
  return page;
}

/** Waits until the page reacts to clicks and every panel has its answer. */
export async function settled(page) {
  await page.waitForFunction(() => document.documentElement.dataset.interactive !== undefined);
  await answered(page);
}

/** Waits until every panel has its answer. */
export async function answered(page) {
  await page.waitForFunction(
    () => document.querySelector("[data-panel], #backends, .explore, lakefront-sql") && !document.querySelector(".skeleton, [aria-busy=true]"),
  );
}

/** Returns the router's catalogue. */
export const catalogue = async () => (await fetch(new URL("/queries", URL_FULL))).json();

/** Returns the pages of the navigation, each with its address and its queries in order. */
export async function pages() {
  const queries = await catalogue();
  const names = ["overview", "errors", "services", "logs", "traces", "metrics", "web", "visitors", "vitals", "api", "sql", "usage", "operations"];
  return names.map((name) => {
    const place = (query) => query.panels?.find(({ page }) => page === name);
    const shown = queries.filter(place).sort((a, b) => place(a).position - place(b).position);
    return { name, path: name === "overview" ? "/" : `/${name}`, shown };
  });
}

/** Returns the panel of a query. */
export const panelOf = (page, name) => page.locator(`[data-panel=${name}]`);

/** Returns the first value of an ad-hoc query. */
export const value = async (sql) => (await post("/sql", { sql, params: {} })).rows[0]?.[0];

/** Sends JSON to the API and returns its reply. */
export async function post(path, body) {
  const reply = await fetch(new URL(path, URL_FULL), {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  const answer = await reply.json();
  assert.equal(reply.status, 200, JSON.stringify(answer));
  return answer;
}

/** Returns the findings of axe as lines of text. */
export async function axeFindings(page) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
  return violations.flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${html}\n${failureSummary}`));
}

/** Returns the width of the page beyond its window, in pixels. */
export const overflow = (page) => page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);

/** Sends a request as a browser does that a link of another site leads here. */
export const fromElsewhere = (path, headers = {}) =>
  new Promise((resolve, reject) => {
    const sent = request(new URL(path, URL_FULL), { headers: { "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document", accept: "text/html", ...headers } }, async (response) => {
      let text = "";
      for await (const part of response) text += part;
      resolve({ status: response.statusCode, text });
    });
    sent.on("error", reject).end();
  });
