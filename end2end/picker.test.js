// The choice of a range: words, times, steps. The state is in the address, and what is no range is explained.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { answered, axeFindings, launch, open, overflow, panelOf, settled } from "./browser.js";

let browser;
before(async () => (browser = await launch()));
after(() => browser.close());

const range = (page) => page.getByRole("navigation", { name: "Time range" });
const custom = (page) => page.locator(".custom:not(.past)");
const words = (page) => custom(page).getByLabel("Range", { exact: true });
const query = (page) => new URL(page.url()).searchParams;

/** Returns the range that a panel's files have, in milliseconds. */
async function shown(page, panel = "error_groups") {
  const href = await panelOf(page, panel).getByRole("link", { name: "CSV" }).getAttribute("href");
  const { searchParams } = new URL(href, page.url());
  return [Date.parse(searchParams.get("from")), Date.parse(searchParams.get("to"))];
}

test("a range is written in words, also by Enter, and Back undoes it", async () => {
  const page = await open(browser, "/errors?tz=Asia/Kathmandu");
  await settled(page);
  await custom(page).locator("summary").click();
  assert.equal(await words(page).inputValue(), "7d");
  await words(page).fill("yesterday");
  await page.keyboard.press("Enter");
  await page.waitForURL((url) => url.searchParams.get("range") === "yesterday");
  await answered(page);
  await custom(page).locator("summary[aria-current=true]", { hasText: "yesterday" }).waitFor();
  assert.ok(!(await custom(page).getAttribute("open")), "the form stays open");
  const [from, to] = await shown(page);
  assert.equal(to - from, 86_400_000);
  assert.equal(new Date(from).toISOString().slice(11), "18:15:00.000Z");
  await custom(page).locator("summary").click();
  assert.equal(await words(page).inputValue(), "yesterday");
  await page.goBack();
  await page.waitForURL((url) => !url.searchParams.has("range"));
  await custom(page).locator("summary", { hasText: "Custom" }).waitFor();
  assert.deepEqual(page.complaints, []);
});

test("what is no range is explained, and stays in its field", async () => {
  const page = await open(browser, "/errors?service=none&tz=UTC");
  await settled(page);
  await custom(page).locator("summary").click();
  await words(page).fill("last 3 hous");
  await custom(page).getByRole("button", { name: "Show" }).click();
  const notice = page.locator(".unknown-range");
  await notice.waitFor();
  assert.match(await notice.innerText(), /^last 3 hous is no range\. The page shows the last 7 days\. .*24h.*last 3h.*yesterday.*to now\.$/);
  await custom(page).locator("summary").click();
  assert.equal(await words(page).inputValue(), "last 3 hous");
  assert.equal(await words(page).getAttribute("aria-invalid"), "true");
  await page.keyboard.press("Escape");
  await notice.getByRole("link", { name: "last 3h", exact: true }).click();
  await page.waitForURL((url) => url.searchParams.get("range") === "last 3h" && url.searchParams.get("service") === "none");
  await notice.waitFor({ state: "detached" });
  await answered(page);
  assert.deepEqual(page.complaints, []);
});

test("steps lead back, forth and out", async () => {
  const page = await open(browser, "/errors?range=24h&tz=UTC");
  await settled(page);
  const step = (name) => range(page).getByRole("link", { name });
  assert.equal(await step("The range after").getAttribute("href"), null);
  await step("The range before").click();
  await page.waitForURL(/from=/);
  await answered(page);
  const [from, to] = [query(page).get("from"), query(page).get("to")];
  assert.equal(Date.parse(to) - Date.parse(from), 86_400_000);
  await page.locator(".moves a[href]").nth(2).click();
  await page.waitForURL((url) => url.searchParams.get("from") > from);
  // It ends now at the latest.
  assert.ok(Date.parse(`${query(page).get("to")}Z`) < Date.now() + 120_000);
  await answered(page);
  await page.waitForFunction(() => document.querySelector(".moves :last-child").getAttribute("href") === null);
  await page.goto(new URL("/errors?range=24h", page.url()).href);
  await settled(page);
  await step("Zoom out").click();
  await page.waitForURL((url) => url.searchParams.get("range") === "48h");
  await answered(page);
  await custom(page).locator("summary", { hasText: "48h" }).waitFor();
  assert.deepEqual(page.complaints, []);
});

test("words are those of the past that is shown", async () => {
  const at = new Date(Date.now() - 3_600_000).toISOString().slice(0, 13);
  const page = await open(browser, `/errors?range=3+hours&tz=UTC&at=${at}:00`);
  await settled(page);
  await custom(page).locator("summary").click();
  assert.equal(await custom(page).getByLabel("To", { exact: true }).inputValue(), `${at}:00`);
  assert.equal(await page.locator(".unknown-range").count(), 0);
});

test("without JavaScript the forms are in the page", async () => {
  const page = await open(browser, "/plain/errors?service=none&range=bogus", { javaScriptEnabled: false });
  assert.match(await page.locator(".unknown-range").innerText(), /^bogus is no range\./);
  await custom(page).locator("summary").click();
  assert.equal(await words(page).inputValue(), "bogus");
  await words(page).fill("last 2 days");
  await custom(page).getByRole("button", { name: "Show" }).click();
  assert.deepEqual([query(page).get("range"), query(page).get("service")], ["last 2 days", "none"]);
  assert.equal(await page.locator(".unknown-range").count(), 0);
  await page.locator(".moves a[href]").first().click();
  assert.match(new URL(page.url()).pathname, /^\/plain\/errors$/);
  assert.ok(query(page).has("from"));
});

for (const [width, colorScheme] of [[390, "light"], [390, "dark"], [1440, "light"], [1440, "dark"]]) {
  test(`the open form and a notice fit the window and have no findings of axe, ${width} px, ${colorScheme}`, async () => {
    const page = await open(browser, "/web?range=bogus&compare=1&country=DE&route=/x", { viewport: { width, height: 844 }, colorScheme });
    await settled(page);
    await custom(page).locator("summary").click();
    const box = await custom(page).locator(".popover").boundingBox();
    assert.ok(box.x >= 0 && box.x + box.width <= width, JSON.stringify(box));
    assert.ok((await overflow(page)) <= 0);
    assert.deepEqual(await axeFindings(page), []);
    assert.deepEqual(page.complaints, []);
  });
}
