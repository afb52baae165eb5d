// A page that an extension or a translation has changed. The app continues where it can. Elsewhere the page reports the
// change and loads whole pages.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { answered, axeFindings, launch, open, overflow, panelOf, settled } from "./browser.js";

let browser;
before(async () => (browser = await launch()));
after(() => browser.close());

const range = (page, name) => page.getByRole("navigation", { name: "Time range" }).getByRole("link", { name, exact: true });
const chosen = (page) => page.locator("[aria-label='Time range'] [aria-current=true]").innerText();
const navigation = (page, name) => page.getByRole("navigation", { name: "Pages" }).getByRole("link", { name, exact: true });
const line = (page) => page.locator(".whole-pages");
const title = (page, name) => page.getByRole("heading", { level: 1, name, exact: true });

/** Changes every page after it is parsed and before the app hydrates it. */
const changing = (change) => async (page) => {
  await page.addInitScript(`window.change = ${change}; addEventListener("DOMContentLoaded", () => window.change(), { capture: true });`);
};

/** Adds elements to the body, as extensions do. */
const bodyChildren = () => {
  document.body.prepend(Object.assign(document.createElement("div"), { textContent: "an extension" }));
  document.body.append(document.createElement("extension-root"));
  document.documentElement.append(document.createElement("extension-frame"));
};

/** Replaces every text by an element, as Chrome's translation does. */
const translation = () => {
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const found = [];
  while (texts.nextNode()) found.push(texts.currentNode);
  for (const text of found) {
    if (!text.data.trim() || text.parentElement.closest("script, style, svg, select, template, [translate=no]")) continue;
    const font = document.createElement("font");
    text.replaceWith(font);
    font.append(Object.assign(document.createElement("font"), { textContent: text.data }));
  }
};

for (const [what, change] of [["an extension adds to the body", bodyChildren], ["the page is translated", translation]]) {
  test(`${what}: the page continues to work`, async () => {
    const page = await open(browser, "/", { prepare: changing(change) });
    await settled(page);
    await page.evaluate(() => (window.notReloaded = true));
    await range(page, "24h").click();
    await page.waitForURL(/range=24h/);
    await answered(page);
    assert.equal(await chosen(page), "24h");
    await navigation(page, "Errors").click();
    await title(page, "Errors").waitFor();
    await answered(page);
    assert.equal(await panelOf(page, "error_groups").count(), 1);
    assert.equal(await page.evaluate(() => window.notReloaded), true);
    assert.equal(await line(page).innerText(), "");
    assert.deepEqual(page.complaints, []);
    await page.context().close();
  });
}

/** The changes after which the app cannot hydrate the page. */
const removedComments = () => {
  const comments = document.createTreeWalker(document.body, NodeFilter.SHOW_COMMENT);
  const found = [];
  while (comments.nextNode()) found.push(comments.currentNode);
  for (const comment of found) comment.remove();
};
const addedInside = () => document.querySelector("main").prepend(document.createElement("div"));

for (const [what, change] of [["comments are removed", removedComments], ["an extension adds to the app itself", addedInside]]) {
  test(`${what}: the page reports it and loads whole pages`, async () => {
    const page = await open(browser, "/errors?range=6h", { prepare: changing(change) });
    await page.waitForURL((url) => url.pathname === "/plain/errors" && url.search === "?range=6h");
    await page.waitForLoadState();
    assert.equal(await line(page).getAttribute("role"), "status");
    assert.match(await line(page).innerText(), /changed by an extension or a translation\. It now loads whole pages/);
    assert.deepEqual([await overflow(page), await axeFindings(page)], [0, []]);
    const labels = () => panelOf(page, "errors_per_hour").locator(".chart g:visible text").allTextContents();
    const hours = await labels();

    // The address and the panels agree after a link, a choice and a custom range.
    await range(page, "7d").click();
    await page.waitForURL((url) => url.pathname === "/plain/errors" && !url.searchParams.has("range"));
    await page.waitForLoadState();
    assert.equal(await chosen(page), "7d");
    assert.notDeepEqual(await labels(), hours);
    const select = page.getByRole("search").getByLabel("service");
    const service = await select.locator("option").nth(1).innerText();
    await select.selectOption(service);
    await page.waitForURL((url) => url.searchParams.get("service") === service);
    await page.waitForLoadState();
    assert.equal(await page.getByRole("search").getByLabel("service").inputValue(), service);
    await navigation(page, "Web").click();
    await page.waitForURL((url) => url.pathname === "/plain/web" && url.searchParams.get("service") === service);
    await page.waitForLoadState();
    await title(page, "Web").waitFor();
    assert.equal(await page.locator(".skeleton").count(), 0);
    assert.match(await line(page).innerText(), /whole pages/);
    await page.getByLabel("dark").check({ force: true });
    await page.reload();
    assert.ok(await page.getByLabel("dark").isChecked(), "the theme is forgotten");
    await page.context().close();
  });
}

test("after a later panic the page shows the state of its address", async () => {
  const page = await open(browser, "/errors");
  await settled(page);
  // The panic hook dispatches this event.
  await page.evaluate(() => dispatchEvent(new Event("lakefront-panic")));
  await page.waitForURL((url) => url.pathname === "/plain/errors");
  assert.match(await line(page).innerText(), /whole pages/);
  await line(page).getByRole("link", { name: "Try again" }).click();
  await page.waitForURL((url) => url.pathname === "/errors");
  await settled(page);
  assert.equal(await line(page).innerText(), "");
  await page.goto(new URL("/plain/errors", page.url()).href);
  assert.equal(await line(page).innerText(), "", "a page that is plain by choice has nothing to explain");
});

test("a page whose app does not load stays as it is and loads whole pages", async () => {
  const page = await open(browser, "/web?range=24h", { prepare: (page) => page.route("**/*.wasm", (route) => route.abort()) });
  await line(page).getByText("did not load. Links and forms load whole pages").waitFor();
  assert.equal(await page.getByLabel("Auto-refresh").isVisible(), false, "a choice that does nothing is there");
  const panel = panelOf(page, "top_pages");
  await panel.getByText(/^Table of/).click();
  const whole = new URL(await panel.locator(".data").getByRole("link", { name: "Open without the app" }).getAttribute("href"), page.url());
  assert.equal(whole.pathname + whole.search, "/plain/web?range=24h");
  await page.evaluate(() => (window.isThePageBefore = true));
  await range(page, "7d").click();
  await page.waitForURL((url) => url.pathname === "/web" && !url.searchParams.has("range"));
  await line(page).getByText("did not load").waitFor();
  assert.equal(await chosen(page), "7d");
  assert.equal(await page.evaluate(() => window.isThePageBefore), undefined);
});

test("a choice applies before the app has loaded", async () => {
  const page = await open(browser, "/errors", { prepare: (page) => page.route("**/*.wasm", () => undefined) });
  const select = page.getByRole("search").getByLabel("service");
  const service = await select.locator("option").nth(1).innerText();
  await select.selectOption(service);
  await page.waitForURL((url) => url.pathname === "/errors" && url.searchParams.get("service") === service);
  await page.unrouteAll({ behavior: "ignoreErrors" });
  await page.context().close();
});

test("a statement on a plain page can be copied", async () => {
  const page = await open(browser, "/plain/errors", { permissions: ["clipboard-read", "clipboard-write"] });
  const panel = panelOf(page, "error_groups");
  await panel.getByText("How was this answered?").click();
  await panel.getByRole("button", { name: "Copy" }).click();
  assert.match(await page.evaluate(() => navigator.clipboard.readText()), /SELECT/);
});
