// The HTML of a page stays small for any range, and what it leaves out arrives when the viewer asks for it.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { answered, launch, open, pages, panelOf, settled, URL_FULL, value } from "./browser.js";

let browser;
before(async () => (browser = await launch()));
after(() => browser.close());

const MOST = 120_000;
const RANGES = ["1h", "7d", "30d", "180d"];

/** Returns the addresses of the pages about the values that have the most rows. */
async function pagesAboutOne() {
  const most = (column) =>
    value(`SELECT ${column} FROM otel_logs WHERE ErrorType != '' AND ${column} != '' GROUP BY ${column} ORDER BY count() DESC LIMIT 1`);
  const trace = await value("SELECT TraceId FROM otel_traces WHERE ErrorType != '' LIMIT 1");
  return [`/error?error_group=${await most("ErrorGroup")}`, `/user?user_id=${await most("UserId")}`, `/trace?trace_id=${trace}`];
}

for (const range of RANGES) {
  test(`every page is smaller than ${MOST} bytes, ${range}`, async () => {
    const paths = [...(await pages()).map(({ path }) => `${path}?`), ...(await pagesAboutOne()).map((path) => `${path}&`)];
    const sizes = {};
    for (const path of paths) {
      const reply = await fetch(new URL(`${path}range=${range}`, URL_FULL));
      assert.equal(reply.status, 200, path);
      const html = await reply.text();
      assert.match(html, /<\/html>/, path);
      sizes[path.split("?")[0]] = Buffer.byteLength(html);
    }
    console.log(range, JSON.stringify(sizes));
    const large = Object.entries(sizes).filter(([, size]) => size >= MOST);
    assert.deepEqual(large, []);
  });
}

test("a page asks for the data behind its drawings when the viewer needs it, once", async () => {
  const page = await open(browser, "/errors");
  await settled(page);
  const asked = [];
  page.on("request", (request) => request.url().includes("/api/ask") && asked.push(request.postData()));
  const panel = panelOf(page, "errors_per_hour");
  assert.equal(await panel.locator("tbody tr").count(), 0);
  await panel.getByText(/^Table of/).click();
  await panel.locator("tbody tr").first().waitFor();
  assert.equal(asked.length, 1, asked.join("\n"));
  assert.match(asked[0], /errors_per_hour/);
  await panel.getByText(/^Table of/).click();
  await panel.getByText(/^Table of/).click();
  await panel.getByText("How was this answered?").click();
  await panel.locator(".how code").waitFor();
  assert.equal(asked.length, 1, asked.join("\n"));
  assert.deepEqual(page.complaints, []);
});

test("a table is sorted by its head, and the address has the order", async () => {
  const page = await open(browser, "/errors");
  await settled(page);
  const panel = panelOf(page, "error_groups");
  const numbers = async () => {
    const at = await panel.locator("thead th").evaluateAll((heads) => heads.findIndex((head) => head.textContent === "users"));
    const rows = await panel.locator("tbody tr").evaluateAll((rows, at) => rows.map((row) => row.cells[at].textContent), at);
    return rows.map((text) => Number(text.replaceAll(",", "")));
  };
  const sorted = (order) => panel.locator(`th[aria-sort=${order}]`).waitFor();
  const head = panel.locator("thead").getByRole("link", { name: "users" });
  await head.click();
  await sorted("descending");
  const descending = await numbers();
  assert.deepEqual(descending, [...descending].sort((a, b) => b - a));
  await head.click();
  await sorted("ascending");
  assert.equal(new URL(page.url()).searchParams.get("error_groups.sort"), "users");
  const ascending = await numbers();
  assert.deepEqual(ascending, [...ascending].sort((a, b) => a - b));
  // The address alone restores the order, without the app too.
  const plain = await open(browser, new URL(page.url()).href.replace("/errors", "/plain/errors"), { javaScriptEnabled: false });
  assert.equal(await panelOf(plain, "error_groups").locator("th[aria-sort=ascending]").innerText(), "users");
  assert.deepEqual(page.complaints, []);
});

test("a refresh keeps the nodes, the scroll position and the focus of a table", async () => {
  const page = await open(browser, "/errors", { viewport: { width: 390, height: 844 } });
  await settled(page);
  const panel = panelOf(page, "error_groups");
  const table = panel.locator(".table");
  await table.evaluate((table) => (table.isTheSame = true));
  await table.getByRole("link").last().focus();
  await table.evaluate((table) => table.scrollTo(80, 40));
  // The duration of an answer differs from that of the one before, sooner or later.
  const elapsed = () => panel.locator("[data-part=elapsed]").innerText();
  for (const before = await elapsed(); (await elapsed()) === before; ) {
    // Without the pointer, which would move the focus.
    await Promise.all([page.waitForResponse("**/api/ask"), page.getByRole("link", { name: "Refresh" }).dispatchEvent("click")]);
    await answered(page);
  }
  const state = await table.evaluate((table) => [table.isTheSame, table.scrollLeft, table.scrollTop, table.contains(document.activeElement)]);
  assert.deepEqual(state, [true, 80, 40, true]);
});
