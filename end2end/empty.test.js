// A lake without a row: the page says what to send, and shows the first row by itself.
import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { after, before, test } from "node:test";

import { axeFindings, launch, open, overflow } from "./browser.js";

const base = process.env.LAKEFRONT_EMPTY_URL;
const folder = process.env.LAKEFRONT_SCREENSHOTS;
let browser;
before(async () => (browser = await launch()));
after(() => browser.close());

test("an empty lake says what to send", { skip: !base && "LAKEFRONT_EMPTY_URL is not set" }, async () => {
  for (const viewport of [{ width: 390, height: 844 }, { width: 1440, height: 900 }]) {
    const page = await open(browser, "/", { base, viewport });
    const guide = page.locator(".guide");
    await guide.waitFor();
    assert.match(await guide.innerText(), /OTEL_EXPORTER_OTLP_ENDPOINT=http:\/\/127\.0\.0\.1:\d+/);
    for (const title of ["Python", "JavaScript", "curl"]) assert.ok((await guide.innerText()).includes(title));
    assert.equal(await page.locator("[data-panel]:visible").count(), 0);
    assert.ok((await overflow(page)) <= 0);
    assert.deepEqual(await axeFindings(page), []);
    assert.deepEqual(page.complaints, []);
    if (folder) {
      mkdirSync(folder, { recursive: true });
      await page.screenshot({ path: `${folder}/empty-${viewport.width}.png`, fullPage: true });
    }
  }
});

test("the first row ends the waiting", { skip: !base && "LAKEFRONT_EMPTY_URL is not set" }, async () => {
  const page = await open(browser, "/", { base });
  const guide = page.locator(".guide");
  await guide.waitFor();
  const [, endpoint] = /ENDPOINT=(\S+)/.exec(await guide.innerText());
  const attributes = (pairs) => Object.entries(pairs).map(([key, stringValue]) => ({ key, value: { stringValue } }));
  const record = {
    timeUnixNano: `${Date.now()}000000`,
    severityNumber: 17,
    body: { stringValue: "the first row" },
    attributes: attributes({ "exception.type": "FirstError" }),
  };
  const resource = { attributes: attributes({ "service.name": "first" }) };
  const reply = await fetch(`${endpoint}/v1/logs`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ resourceLogs: [{ resource, scopeLogs: [{ logRecords: [record] }] }] }),
  });
  assert.equal(reply.status, 200);
  await guide.waitFor({ state: "detached" });
  await page.locator("[data-panel=errors_per_hour]").getByText("FirstError").first().waitFor({ state: "attached" });
  assert.deepEqual(page.complaints, []);
});
