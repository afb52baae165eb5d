// Addresses that name nothing say what to do, and the form of a custom range behaves as a menu.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { launch, open, settled } from "./browser.js";

let browser;
before(async () => (browser = await launch()));
after(() => browser.close());

test("an address with an unknown range says so", async () => {
  const page = await open(browser, "/errors?range=bogus");
  await settled(page);
  assert.match(await page.locator(".unknown-range").innerText(), /^bogus is no range\. .*24h/);
  await page.locator(".unknown-range").getByRole("link", { name: "24h", exact: true }).click();
  await page.waitForURL(/range=24h/);
  await page.locator(".unknown-range").waitFor({ state: "detached" });
});

test("the form of a custom range has the range of the page and closes", async () => {
  const page = await open(browser, "/errors?range=24h&tz=Asia/Kathmandu");
  await settled(page);
  const custom = page.locator(".custom:not(.past)");
  await custom.locator("summary").click();
  const [from, to] = await custom.locator("input[type=datetime-local]").evaluateAll((inputs) => inputs.map((input) => `${input.value}+05:45`));
  assert.equal(new Date(to) - new Date(from), 86_400_000);
  assert.ok(Math.abs(Date.now() - new Date(to)) < 120_000, to);
  await page.keyboard.press("Escape");
  assert.equal(await custom.getAttribute("open"), null);
  await custom.locator("summary").click();
  await page.getByRole("heading", { level: 1 }).click();
  assert.equal(await custom.getAttribute("open"), null);
});

for (const [path, list] of [["/error?error_group=nobody", "/errors"], ["/error", "/errors"], ["/user", "/errors"], ["/trace", "/traces"]]) {
  test(`${path} says what to do and leads to a list`, async () => {
    const page = await open(browser, path);
    await settled(page);
    const link = page.locator(".note a").first();
    assert.match(await link.locator("..").innerText(), /Or choose from/);
    await link.click();
    await page.waitForURL((url) => url.pathname === list);
    assert.deepEqual(page.complaints, []);
  });
}
