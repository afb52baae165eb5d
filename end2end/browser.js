// Chromium, the addresses under test, and what every test asks of a page.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
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

/** One browser for a file of tests; `close` it when they are done. */
export const launch = () => chromium.launch({ executablePath: process.env.LAKEFRONT_CHROMIUM ?? "/usr/bin/chromium", args: FLAGS });

/** A page in a fresh profile, which keeps what its console calls an error in `page.complaints`. */
export async function open(browser, path = "/", options = {}) {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, ...options });
  const page = await context.newPage();
  page.complaints = [];
  page.on("console", (message) => message.type() === "error" && page.complaints.push(message.text()));
  page.on("pageerror", (error) => page.complaints.push(String(error)));
  await page.goto(new URL(path, options.base ?? URL_FULL).href);
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
    () => document.querySelector("[data-panel]") && !document.querySelector(".skeleton, [data-panel][aria-busy=true]"),
  );
}

/** The router's catalogue. */
export const catalogue = async () => (await fetch(new URL("/queries", URL_FULL))).json();

/** The first value of an ad-hoc query. */
export async function value(sql) {
  const reply = await fetch(new URL("/sql", URL_FULL), {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ sql, params: {} }),
  });
  const body = await reply.json();
  assert.equal(reply.status, 200, JSON.stringify(body));
  return body.rows[0]?.[0];
}

/** What axe finds at least serious, as lines of text. */
export async function axeFindings(page) {
  await page.evaluate(axe);
  const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
  const serious = violations.filter(({ impact }) => impact === "serious" || impact === "critical");
  return serious.flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${html}\n${failureSummary}`));
}

/** How far the page reaches beyond its window, in pixels. */
export const overflow = (page) => page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
