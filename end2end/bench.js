// Measures the dashboard's speed in Chromium, against a running stack: LAKEFRONT_URL=http://127.0.0.1:8787 node
// bench.js
import { launch, open, settled, URL_FULL } from "./browser.js";
import { observe } from "./observe.js";

const ROUNDS = 7;
const browser = await launch();

/** Clicks the link of a range. Returns the time until each panel has the new answer, by engine, in milliseconds. */
const choose = async (page, range) => {
  const link = page.locator("nav.range").getByRole("link", { name: range, exact: true });
  await link.evaluate((link) => {
    const panels = [...document.querySelectorAll("[data-panel]")];
    const shown = (panel) => panel.querySelector(".content")?.innerHTML;
    const before = panels.map(shown);
    const repaint = async () => {
      const times = new Map();
      const started = performance.now();
      while (times.size < panels.length && performance.now() - started < 30_000) {
        await new Promise((resolve) => requestAnimationFrame(resolve));
        for (const [at, panel] of panels.entries()) {
          const done = shown(panel) !== before[at] && panel.getAttribute("aria-busy") !== "true" && panel.querySelector(".badge");
          if (done && !times.has(at)) times.set(at, [panel.querySelector(".badge").dataset.backend, performance.now() - started]);
        }
      }
      return [...times.values()];
    };
    window.repainted = new Promise((done) => link.addEventListener("click", () => repaint().then(done), { once: true }));
  });
  await link.click();
  return page.evaluate(() => window.repainted);
};

const median = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
const most = (values) => Math.max(0, ...values);
const first = [];
const hot = [];
const lake = [];
for (let round = 0; round < ROUNDS; round += 1) {
  const page = await open(browser, "/", { prepare: observe });
  await settled(page);
  const fcp = await page.evaluate(() => performance.getEntriesByName("first-contentful-paint")[0].startTime);
  for (const range of ["24h", "6h", "7d"]) {
    const times = await choose(page, range);
    hot.push(most(times.filter(([backend]) => backend === "clickhouse").map(([, time]) => time)));
    lake.push(most(times.filter(([backend]) => backend === "chdb").map(([, time]) => time)));
  }
  // Only real input has a reaction time.
  await page.locator(".legend button").first().click();
  await page.locator(".chart[data-timed] svg:visible").first().hover();
  await page.getByRole("link", { name: "24h", exact: true }).click();
  await page.getByRole("navigation", { name: "Pages" }).getByRole("link", { name: "Web vitals" }).click();
  await settled(page);
  await page.waitForTimeout(300);
  first.push({ fcp, ...(await page.evaluate(() => window.seen)) });
  await page.context().close();
}
await browser.close();

const row = (name, values, limit, unit = "ms", digits = 0) =>
  console.log(`  ${name.padEnd(46)} median ${median(values).toFixed(digits)} ${unit}, most ${most(values).toFixed(digits)} ${unit} (limit ${limit} ${unit})`);
console.log(`\n${URL_FULL}, ${ROUNDS} visits with an empty cache`);
row("first contentful paint", first.map(({ fcp }) => fcp), 1000);
row("largest contentful paint", first.map(({ lcp }) => lcp), 1500);
row("interaction to next paint, slowest of a visit", first.map(({ inp }) => inp), 100);
row("cumulative layout shift", first.map(({ cls }) => cls), 0.02, "", 3);
row("range changed: all panels on ClickHouse repainted", hot, 300);
console.log(`  range changed: all panels on the lake repainted median ${median(lake).toFixed(0)} ms, most ${most(lake).toFixed(0)} ms`);
