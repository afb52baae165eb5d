// An error in a visitor's browser is on an open dashboard within 15 seconds.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { launch, open, panelOf, settled } from "./browser.js";
import { loaded, site, visit } from "./site.js";

let browser;
before(async () => (browser = await launch()));
after(() => browser.close());

test("an error that the SDK sends shows by itself", async () => {
  const shop = await site();
  const page = await open(browser, `/errors?range=15m&refresh=10s&service=${shop.service}`);
  await settled(page);
  const groups = panelOf(page, "error_groups");
  assert.equal(await groups.locator("tbody tr").count(), 0);
  const visitor = await visit(browser, shop.origin);
  await loaded(visitor);
  const thrown = Date.now();
  await visitor.click("#reject");
  const row = groups.locator("tbody tr", { hasText: "RangeError" });
  await row.waitFor({ timeout: 15_000 - (Date.now() - thrown) });
  assert.match(await row.innerText(), /quantity 12 is out of range/);
  assert.match(await row.innerText(), /new/);
  assert.deepEqual(page.complaints, []);
  shop.close();
});
