// Every named query has a panel with data and says how it was answered.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { axeFindings, catalogue, launch, open, settled, value } from "./browser.js";

let browser;
before(async () => (browser = await launch()));
after(() => browser.close());

const needsNothing = (query) => query.params.every((param) => param.default !== null);

async function assertAnswer(panel, query) {
  const badge = panel.locator(".badge");
  assert.match((await badge.getAttribute("data-backend")) ?? "", /^(chdb|clickhouse)$/, query.name);
  assert.match(await badge.getAttribute("data-reason"), /^[a-z-]+$/);
  assert.match(await badge.locator("[data-part=engine]").innerText(), /^(chDB|ClickHouse)/);
  assert.ok((await badge.locator("[data-part=reason]").innerText()).length > 10);
  assert.match(await badge.locator("[data-part=freshness]").innerText(), /^as of \d\d:\d\d:\d\d \(\d+ \S+ behind\)$/);
  assert.match(await badge.locator("[data-part=elapsed]").innerText(), /^[\d.]+ (ms|s)$/);
  assert.match(await badge.locator("[data-part=read]").innerText(), /^[\d,]+ rows, [\d.]+ \w?B read$/);
  assert.ok((await panel.locator("tbody tr").count()) > 0, `${query.name} has no rows`);
  if (query.chart.kind !== "table") {
    const chart = panel.getByRole("img");
    assert.ok((await chart.getAttribute("aria-label")).startsWith(query.title));
    assert.ok((await chart.locator("svg:visible path.fill, svg:visible path.line").count()) > 0, query.name);
  }
}

test("every named query shows data of the demo", async () => {
  const page = await open(browser);
  await settled(page);
  const queries = await catalogue();
  assert.ok(queries.length >= 9);
  assert.equal(await page.locator("[data-panel]").count(), queries.length);
  for (const query of queries) {
    const panel = page.locator(`[data-panel=${query.name}]`);
    assert.equal(await panel.getByRole("heading", { level: 2 }).innerText(), query.title);
    assert.ok((await panel.innerText()).includes(query.description));
    if (needsNothing(query)) {
      await assertAnswer(panel, query);
    } else {
      assert.match(await panel.locator(".note").innerText(), /Fill in the form/);
    }
  }
  assert.deepEqual(page.complaints, []);
});

test("the errors of one user", async () => {
  const user = await value(
    "SELECT UserId FROM otel_logs WHERE ErrorType != '' AND UserId != '' AND Timestamp > now() - INTERVAL 7 DAY " +
      "GROUP BY UserId ORDER BY count() DESC LIMIT 1",
  );
  assert.ok(user, "the demo has no user with an error");
  const page = await open(browser);
  await settled(page);
  const panel = page.locator("[data-panel=errors_for_user]");
  await panel.getByLabel("user id").fill(user);
  await panel.getByRole("button", { name: "Show" }).click();
  await panel.locator(".badge").waitFor();
  assert.equal(new URL(page.url()).searchParams.get("errors_for_user.user_id"), user);
  const query = (await catalogue()).find(({ name }) => name === "errors_for_user");
  await assertAnswer(panel, query);
  // The address alone brings it back.
  const again = await open(browser, new URL(page.url()).search);
  await again.locator("[data-panel=errors_for_user] tbody tr").first().waitFor();
  assert.deepEqual(page.complaints, []);
});

test("a panel that fails says so and tries again", async () => {
  const page = await open(browser);
  await settled(page);
  await page.route("**/api/ask", (route) => route.abort());
  await page.getByRole("navigation", { name: "Time range" }).getByRole("link", { name: "24h", exact: true }).click();
  const panel = page.locator("[data-panel=top_pages]");
  await panel.getByRole("alert").waitFor();
  await page.unroute("**/api/ask");
  await panel.getByRole("link", { name: "Try again" }).click();
  await panel.locator(".badge").waitFor();
  assert.equal(await panel.getByRole("alert").count(), 0);
});

test("axe finds nothing serious", async () => {
  for (const colorScheme of ["light", "dark"]) {
    const page = await open(browser, "/", { colorScheme });
    await settled(page);
    assert.deepEqual(await axeFindings(page), [], colorScheme);
  }
});
