// Every page shows its named queries with data of the demo, and each panel shows how it was answered.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { answered, catalogue, launch, open, pages, panelOf, settled, value } from "./browser.js";

let browser;
before(async () => (browser = await launch()));
after(() => browser.close());

const needsNothing = (query) => query.params.every((param) => param.default !== null);
const DRAWN = ["line", "bar", "ranking", "heatmap"];

async function assertAnswer(panel, query) {
  const badge = panel.locator(".badge");
  assert.match((await badge.getAttribute("data-backend")) ?? "", /^(chdb|clickhouse)$/, query.name);
  assert.match(await badge.getAttribute("data-reason"), /^[a-z-]+$/);
  assert.match(await badge.locator("[data-part=engine]").innerText(), /^(chDB|ClickHouse)/);
  assert.ok((await badge.locator("[data-part=reason]").innerText()).length > 10);
  assert.match(await badge.locator("[data-part=freshness]").innerText(), /^as of \d\d:\d\d:\d\d \(\d+ \S+ behind\)$/);
  assert.match(await badge.locator("[data-part=elapsed]").innerText(), /^[\d.]+ (ms|s)$/);
  assert.match(await badge.locator("[data-part=read]").innerText(), /^[\d,]+ rows, [\d.]+ \w?B read(, [\d,]+ requests?)?$/);
  if (DRAWN.includes(query.chart.kind)) {
    const chart = panel.locator(".chart");
    assert.ok((await chart.getAttribute("aria-label")).startsWith(query.title));
    assert.ok((await chart.locator(":is(.fill, .bar, .dot, .line:not(.grid, .axis, .marker)), .ranking i").count()) > 0, query.name);
  }
}

/** The queries without rows in a demo without failures. */
const MAY_BE_EMPTY = ["router_failovers", "usage", "usage_cost", "usage_per_hour", "usage_refused"];

const assertHasRows = async (page, name) =>
  assert.ok((await panelOf(page, name).locator("tbody tr").count()) > 0, `${name} has no rows`);

for (const { name, path, shown } of await pages()) {
  test(`${name} shows data of the demo`, async () => {
    const page = await open(browser, path);
    await settled(page);
    const panels = await page.locator("[data-panel]").evaluateAll((panels) => panels.map((panel) => panel.dataset.panel));
    // The list of metrics is a panel of its page, not of a named query.
    const own = name === "metrics" ? ["metrics"] : [];
    assert.deepEqual(panels, [...own, ...shown.map(({ name }) => name)]);
    if (name === "operations") assert.ok((await page.locator("#backends tbody tr").count()) > 0);
    else if (name === "metrics") assert.ok((await page.locator("#metrics tbody tr").count()) > 0);
    else if (["logs", "traces"].includes(name)) assert.ok((await page.locator("#rows .lines li").count()) > 0);
    else if (name === "sql") await page.getByRole("textbox", { name: "Statement" }).waitFor();
    else assert.ok(panels.length > 0);
    for (const query of shown) {
      const panel = panelOf(page, query.name);
      assert.equal(await panel.getByRole("heading", { level: 2 }).innerText(), query.title);
      assert.ok((await panel.innerText()).includes(query.description));
      if (!needsNothing(query)) {
        assert.match(await panel.locator(".note").innerText(), /Fill in the filter/);
      } else if (MAY_BE_EMPTY.includes(query.name) && (await panel.locator(".note").count()) > 0) {
        assert.equal(await panel.locator(".badge").count(), 1);
      } else {
        await assertAnswer(panel, query);
        assert.equal(await panel.locator(".note").count(), 0, `${query.name} has no rows`);
      }
    }
    assert.deepEqual(page.complaints, []);
  });
}

test("every named query with a panel is on an existing page", async () => {
  const known = ["overview", "errors", "error", "user", "services", "trace", "web", "visitors", "event", "visitor", "vitals", "api", "usage", "operations"];
  for (const query of await catalogue()) {
    for (const { page } of query.panels ?? []) assert.ok(known.includes(page), `${query.name}: ${page}`);
  }
});

test("the page of a user shows that user's errors", async () => {
  const user = await value(
    "SELECT UserId FROM otel_logs WHERE ErrorType != '' AND UserId != '' AND Timestamp > now() - INTERVAL 7 DAY " +
      "GROUP BY UserId ORDER BY count() DESC LIMIT 1",
  );
  assert.ok(user, "the demo has no user with an error");
  const page = await open(browser, "/user");
  await settled(page);
  await page.getByRole("search").getByLabel("user id").fill(user);
  await page.keyboard.press("Enter");
  await page.waitForURL((url) => url.searchParams.get("user_id") === user);
  await answered(page);
  const panel = panelOf(page, "errors_for_user");
  assert.ok((await panel.locator("tbody tr").count()) > 0);
  assert.equal(await page.getByRole("heading", { level: 1 }).innerText(), "Errors / User");
  // The address alone restores the view.
  const again = await open(browser, page.url());
  await panelOf(again, "errors_for_user").locator("tbody tr").first().waitFor();
  assert.deepEqual(page.complaints, []);
});

test("an error group links to its occurrences, its users and its trace", async () => {
  // The group is that of an error in a span, so that there is a trace.
  const group = await value(
    "SELECT ErrorGroup FROM otel_traces WHERE ErrorType != '' AND UserId != '' AND Timestamp > now() - INTERVAL 6 DAY " +
      "GROUP BY ErrorGroup ORDER BY count() DESC LIMIT 1",
  );
  const page = await open(browser, "/errors");
  await settled(page);
  // Other tests add groups, so that the page may have more than its first rows.
  const more = panelOf(page, "error_groups").getByRole("button", { name: /^Show/ });
  if ((await more.count()) > 0) await more.click();
  const row = panelOf(page, "error_groups").locator("tbody tr", { has: page.locator(`[data-group="${group}"]`) });
  assert.match(await row.locator(".state").innerText(), /^(new|returned|ongoing)$/);
  assert.equal(await row.locator("svg.spark").count(), 1);
  assert.match(await row.locator("td.age").innerText(), /^\d+ (s|min|h|days) ago$/);
  await row.locator("td.titled a").click();
  await page.waitForURL((url) => url.pathname === "/error" && url.searchParams.get("error_group") === group);
  await answered(page);
  assert.equal(await page.getByRole("heading", { level: 1 }).innerText(), "Errors / Error");
  await assertHasRows(page, "users_of_error");
  await panelOf(page, "errors_per_hour").locator(".chart .bar, .chart .partial").first().waitFor({ state: "attached" });
  const facts = panelOf(page, "error_groups");
  assert.match(await facts.locator(".fact-title").innerText(), /^\S.* – \S/);
  const names = ["state", "errors", "users", "trend", "first seen", "last seen", "first version", "last version"];
  assert.deepEqual(await facts.locator(".facts dt").allInnerTexts(), names);
  assert.ok((await panelOf(page, "users_of_error").locator("tbody").getByRole("link").first().getAttribute("href")).startsWith("/user?"));
  const link = panelOf(page, "error_occurrences").locator(".facts a[href^='/trace?']");
  await link.click();
  await page.waitForURL((url) => url.pathname === "/trace");
  await answered(page);
  const bars = panelOf(page, "trace_spans").locator("ol.waterfall > li");
  assert.ok((await bars.count()) >= 3, "a page, the API and its database");
  assert.equal(await panelOf(page, "trace_spans").locator("li.failed").count(), 1);
  assert.deepEqual(page.complaints, []);

  const plain = await open(browser, `/plain/error?error_group=${encodeURIComponent(group)}`, { javaScriptEnabled: false });
  await panelOf(plain, "error_occurrences").getByText(/^Table of/).click();
  assert.ok((await panelOf(plain, "error_occurrences").locator("td.lines").count()) > 0);
});

test("the occurrences of an error are read one at a time, the newest with its stack first", async () => {
  const group = await value("SELECT ErrorGroup FROM otel_logs WHERE ErrorType = 'TypeError' AND Timestamp > now() - INTERVAL 6 DAY LIMIT 1");
  const page = await open(browser, `/error?range=7d&error_group=${encodeURIComponent(group)}`);
  await settled(page);
  const panel = panelOf(page, "error_occurrences");
  const at = panel.getByRole("status").filter({ hasText: / of / });
  const time = () => panel.locator(".facts dd").first().innerText();
  assert.match(await panel.locator("pre.lines").innerText(), /at priceOf/);
  assert.match(await at.innerText(), /^1 of \d+$/);
  const newest = await time();
  assert.equal(await panel.getByRole("link", { name: "Newer" }).count(), 0);
  await panel.getByRole("link", { name: "Older" }).press("Enter");
  await at.filter({ hasText: /^2 of/ }).waitFor();
  const second = await time();
  assert.ok(second <= newest, `${second} is not before ${newest}`);
  // The address has the occurrence, for others and without the app.
  const address = new URL(page.url());
  assert.match(address.searchParams.get("error_occurrences.row"), /^20\S+Z~\d+$/);
  const plain = await open(browser, `/plain/error${address.search}`, { javaScriptEnabled: false });
  assert.match(await panelOf(plain, "error_occurrences").locator(".stepper").innerText(), /2 of \d+/);
  await page.goBack();
  await at.filter({ hasText: /^1 of/ }).waitFor();
  assert.equal(await time(), newest);
  assert.deepEqual(page.complaints, []);
});

test("a failed panel shows the failure and can be tried again", async () => {
  const page = await open(browser, "/web");
  await settled(page);
  await page.route("**/api/ask", (route) => route.abort());
  await page.getByRole("navigation", { name: "Time range" }).getByRole("link", { name: "24h", exact: true }).click();
  const panel = panelOf(page, "top_pages");
  await panel.getByRole("alert").waitFor();
  await page.unroute("**/api/ask");
  await panel.getByRole("link", { name: "Try again" }).click();
  await panel.locator(".badge").waitFor();
  assert.equal(await panel.getByRole("alert").count(), 0);
});

test("an answer that takes long says that it is awaited", async () => {
  const page = await open(browser, "/web");
  await settled(page);
  let release;
  const held = new Promise((resolve) => (release = resolve));
  await page.route("**/api/ask", async (route) => {
    await held;
    await route.continue();
  });
  await page.getByRole("navigation", { name: "Time range" }).getByRole("link", { name: "24h", exact: true }).click();
  // The sentence is drawn by the style sheet, so that a page says it before the app has loaded.
  const notice = () => panelOf(page, "top_pages").evaluate((panel) => {
    const { content, opacity } = getComputedStyle(panel, "::after");
    return `${content} ${opacity}`;
  });
  await page.waitForFunction(() => getComputedStyle(document.querySelector("[data-panel=top_pages]"), "::after").opacity === "1");
  assert.match(await notice(), /Waiting for an answer/);
  release();
  await answered(page);
  assert.match(await notice(), /^none /);
});

test("an unknown address is a page with status 404", async () => {
  const page = await open(browser, "/nothing");
  await page.getByRole("heading", { name: "There is no such page" }).waitFor();
});
