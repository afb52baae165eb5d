// On an empty lake the page shows how to send data, and then the first rows without a reload.
import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { after, before, test } from "node:test";

import { axeFindings, launch, open, overflow } from "./browser.js";
import { loaded, site, visit } from "./site.js";

const base = process.env.LAKEFRONT_EMPTY_URL;
const folder = process.env.LAKEFRONT_SCREENSHOTS;
let browser;
before(async () => (browser = await launch()));
after(() => browser.close());

test("an empty lake shows what to send", { skip: !base && "LAKEFRONT_EMPTY_URL is not set" }, async () => {
  for (const viewport of [{ width: 390, height: 844 }, { width: 1440, height: 900 }]) {
    const page = await open(browser, "/", { base, viewport });
    const guide = page.locator(".guide");
    await guide.waitFor();
    assert.match(await guide.innerText(), /OTEL_EXPORTER_OTLP_ENDPOINT=http:\/\/127\.0\.0\.1:\d+/);
    assert.equal(await guide.locator("code").first().innerText(), `<script async src="${new URL(base).origin}/otel.js" data-service="my-site"></script>`);
    if (folder) {
      mkdirSync(folder, { recursive: true });
      await page.screenshot({ path: `${folder}/empty-${viewport.width}.png`, fullPage: true });
    }
    for (const title of ["Python", "Node.js", "Java", "Rust", "Collector", "curl"]) {
      const details = guide.locator("details").filter({ has: page.getByText(title, { exact: true }) });
      await details.locator("summary").click();
      await details.locator("pre").waitFor();
    }
    assert.equal(await page.locator("[data-panel]:visible").count(), 0);
    assert.ok((await overflow(page)) <= 0);
    assert.deepEqual(await axeFindings(page), []);
    assert.deepEqual(page.complaints, []);
  }
});

test("a refused request is shown with the reason", { skip: !base && "LAKEFRONT_EMPTY_URL is not set" }, async () => {
  const page = await open(browser, "/", { base });
  const guide = page.locator(".guide");
  await guide.waitFor();
  await guide.locator("summary", { hasText: "Python" }).click();
  const sent = await fetch(new URL("/v1/logs", base), { method: "POST", headers: { "content-type": "application/json" }, body: "{" });
  assert.equal(sent.status, 400);
  const refusal = page.getByRole("status").filter({ hasText: "was refused" });
  await refusal.waitFor({ timeout: 15_000 });
  assert.match(await refusal.innerText(), /\/v1\/logs was refused with 400: .{10,}/);
  assert.ok(await guide.locator("pre", { hasText: "LoggerProvider" }).isVisible(), "what was unfolded is folded again");
  assert.deepEqual(await axeFindings(page), []);
  const plain = await open(browser, "/plain", { base, javaScriptEnabled: false });
  await plain.getByText("was refused with 400").waitFor();
  assert.deepEqual(page.complaints, []);
});

test("the guide's script tag ends the waiting", { skip: !base && "LAKEFRONT_EMPTY_URL is not set" }, async () => {
  const page = await open(browser, "/", { base });
  const guide = page.locator(".guide");
  await guide.waitFor();
  const line = await guide.locator("code").first().innerText();
  const shop = await site({ line });
  const visitor = await visit(browser, shop.origin);
  await loaded(visitor);
  await visitor.click("#throw");
  await guide.waitFor({ state: "detached" });
  // More rows follow the first ones, so the page turns on the auto-refresh and shows it.
  await page.waitForURL(/refresh=10s/);
  assert.equal(await page.getByLabel("Auto-refresh").inputValue(), "10s");
  await page.locator("[data-panel=errors_per_hour]").locator(".chart .bar, .chart .partial").first().waitFor({ state: "attached" });
  assert.deepEqual(page.complaints, []);
  shop.close();
});
