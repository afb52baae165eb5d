// The choice of a past state of the lake: it is in the address, and marks every panel.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { answered, launch, open, panelOf, settled } from "./browser.js";

let browser;
before(async () => (browser = await launch()));
after(() => browser.close());

const state = (page) => page.locator(".past summary");

for (const path of ["/errors", "/logs", "/metrics"]) {
  test(`${path} shows the lake as it was, and leads back to now`, async () => {
    const page = await open(browser, `${path}?range=24h&tz=UTC&at=${new Date().toISOString()}`);
    await settled(page);
    assert.match(await state(page).innerText(), /^As of [A-Z][a-z]{2} \d+, \d\d:\d\d$/);
    const badges = page.locator(".badge");
    assert.ok((await badges.count()) > 0);
    for (const badge of await badges.all()) {
      assert.equal(await badge.getAttribute("data-reason"), "at");
      assert.match(await badge.getAttribute("class"), /loud/);
      assert.match(await badge.locator("[data-part=freshness]").innerText(), /^as of \d{4}-\d\d-\d\d \d\d:\d\d:\d\d/);
    }
    // Links to other pages carry it.
    const link = page.getByRole("navigation", { name: "Pages" }).getByRole("link", { name: "Traces" });
    assert.match(await link.getAttribute("href"), /[?&]at=/);
    await state(page).click();
    await page.getByRole("link", { name: "Back to now" }).click();
    await page.waitForURL((url) => !url.searchParams.has("at"));
    await answered(page);
    assert.equal(await page.locator(".badge[data-reason=at]").count(), 0);
    assert.equal(await state(page).innerText(), "As of now");
    assert.deepEqual(page.complaints, []);
  });
}

test("an hour is chosen in a form, and a state that has expired names the oldest one", async () => {
  const page = await open(browser, "/errors?range=24h&tz=UTC");
  await settled(page);
  await state(page).click();
  const form = page.locator(".past form");
  const proposed = await form.getByLabel("As of").inputValue();
  assert.match(proposed, /^\d{4}-\d\d-\d\dT\d\d:00$/);
  await form.getByLabel("As of").fill("2020-01-01T12:00");
  await form.getByRole("button", { name: "Apply" }).click();
  await page.waitForURL((url) => url.searchParams.get("at") === "2020-01-01T12:00");
  await panelOf(page, "error_groups").locator(".failure").waitFor();
  assert.match(await panelOf(page, "error_groups").locator(".failure").innerText(), /The oldest state of otel_\w+ is of \d{4}-/);
  assert.ok(!(await form.isVisible()), "the form stays open");
});

test("without JavaScript the past is in the address", async () => {
  const page = await open(browser, `/plain/errors?range=24h&tz=UTC&at=${new Date().toISOString()}`, { javaScriptEnabled: false });
  assert.equal(await panelOf(page, "error_groups").locator(".badge[data-reason=at]").count(), 1);
});
