// The accessibility tree of each page, compared with the files of aria/. LAKEFRONT_UPDATE=1 writes the files.
import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { after, before, test } from "node:test";

import { launch, open, pages, panelOf, settled } from "./browser.js";

let browser;
before(async () => (browser = await launch()));
after(() => browser.close());

const folder = new URL("aria/", import.meta.url);

/** Returns a tree without numbers, units and times in addresses, which differ between runs. */
const steady = (text) => text.replaceAll(/(\/download\/[^?]+)\S+/g, "$1").replaceAll(/(\/sql\/\w+\?)\S+/g, "$1N").replaceAll(/\b\d[\d.,:]*( (ms|s|min|[kM]?B)\b)?/g, "N");

function assertIs(name, text) {
  const file = new URL(`${name}.yml`, folder);
  if (process.env.LAKEFRONT_UPDATE) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(file, `${text}\n`);
  }
  assert.equal(`${text}\n`, readFileSync(file, "utf8"));
}

for (const { name, path } of await pages()) {
  test(`the page ${name} has the expected accessibility tree`, async () => {
    const page = await open(browser, path);
    await settled(page);
    // Answers and suggestions depend on the data, so they are removed. The page around them is compared.
    await page.evaluate(() =>
      document.querySelectorAll("[data-panel] .content, #backends .content, .part .content, .explore .content, .filters option:not(:first-child)").forEach((data) => data.remove()),
    );
    // The links to other ranges have the time of the run.
    assertIs(name, (await page.locator(".app").ariaSnapshot()).replaceAll(/\?from=[^"]+/g, "?from=N"));
    await page.context().close();
  });
}

test("a panel's answer has the expected accessibility tree", async () => {
  const page = await open(browser, "/web");
  await settled(page);
  // The lake answers while a machine is too busy for ClickHouse's deadline, and its answer has other words.
  const isOfClickHouse = async () => (await panelOf(page, "funnel").textContent()).includes("ClickHouse");
  for (const deadline = Date.now() + 60_000; !(await isOfClickHouse()) && Date.now() < deadline; ) {
    await page.reload();
    await settled(page);
  }
  // Only a kept answer has an age.
  await page.evaluate(() => document.querySelectorAll("[data-part=age]").forEach((age) => age.remove()));
  assertIs("funnel", steady(await panelOf(page, "funnel").ariaSnapshot()));
});
