// The search box of Logs and Traces completes names of fields and their values.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { accept, suggestions, tokenAt } from "../app/search/complete.js";
import { axeFindings, launch, open, overflow, URL_FULL } from "./browser.js";

let browser;
before(async () => (browser = await launch()));
after(() => browser.close());

const box = (page) => page.getByRole("searchbox", { name: "Search" });
const list = (page) => page.getByRole("listbox", { name: "Suggestions" });
const options = (page) => list(page).locator("[role=option] span");

/** Waits until ingest has written which fields the demo has. */
async function counted(signal, field) {
  for (let tries = 0; ; tries++) {
    const answer = await fetch(new URL("/query", URL_FULL), {
      method: "POST", headers: { "content-type": "application/json", "cache-control": "no-cache" },
      body: JSON.stringify({ query: "search_fields", timeRange: "7d", params: { signal } }),
    });
    const { rows } = await answer.json();
    if (rows?.some(([name]) => name === field)) return;
    assert.ok(tries < 60, `${signal} have no field ${field}: ${JSON.stringify(rows)}`);
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
}

/** Types into the box, once it completes. */
async function type(page, text) {
  await box(page).focus();
  await page.locator("[data-search] input[aria-controls]").waitFor();
  await box(page).pressSequentially(text);
}

test("a token is the word at the caret, or a value of its field", () => {
  const token = (text) => tokenAt(text, text.length);
  assert.deepEqual(token("serv"), { start: 0, end: 4, field: undefined, text: "serv" });
  assert.deepEqual(token("level:error -(ser"), { start: 14, end: 17, field: undefined, text: "ser" });
  assert.deepEqual(token("-level:er"), { start: 7, end: 9, field: "level", text: "er" });
  assert.deepEqual(token('operation:"GET /'), { start: 10, end: 16, field: "operation", text: "GET /" });
  assert.deepEqual(token('"odd \\" name":x'), { start: 14, end: 15, field: 'odd " name', text: "x" });
  assert.deepEqual(token("level:"), { start: 6, end: 6, field: "level", text: "" });
  for (const none of ['"a phr', "duration:>1", "status:[400", 'operation:"GET /" ', '"a phrase"']) {
    const found = token(none);
    assert.ok(found === undefined || found.text === "", `${none}: ${JSON.stringify(found)}`);
  }
  // What is behind the caret is not part of it.
  assert.deepEqual(tokenAt("lev service:a", 3), { start: 0, end: 3, field: undefined, text: "lev" });
});

test("suggestions begin with the text or contain it, the most frequent first", () => {
  const fields = new Map([
    ["http.route", { records: 5, values: [] }],
    ["route", { records: 3, values: [["/a", 2], ["/b c", 1]] }],
    ["router", { records: 9, values: [] }],
  ]);
  const texts = (field, text) => suggestions(fields, { field, text }).map((option) => option.text);
  assert.deepEqual(texts(undefined, "RO"), ["router", "route", "http.route"]);
  assert.deepEqual(texts("route", ""), ["/a", "/b c"]);
  assert.deepEqual(texts("route", "/a"), [], "it is complete");
  assert.deepEqual(texts("unknown", ""), []);
});

test("a suggestion takes the place of its token, in quotes where the grammar wants them", () => {
  const taken = (search, text, isField) => accept(search, tokenAt(search, search.length), { text, isField }).value;
  assert.equal(taken("-(lev", "level", true), "-(level:");
  assert.equal(taken("x", "odd name", true), '"odd name":');
  assert.equal(taken("route:/", "/a", false), 'route:"/a" ');
  assert.equal(taken('operation:"GE', 'GET "x"', false), 'operation:"GET \\"x\\"" ');
  assert.equal(taken("level:", "error", false), "level:error ");
  assert.equal(taken("word:", "OR", false), 'word:"OR" ');
  assert.deepEqual(accept("lev service:a", tokenAt("lev service:a", 3), { text: "level", isField: true }), { value: "level: service:a", caret: 6 });
});

test("a search is written with the keyboard alone", async () => {
  await counted("logs", "level");
  const page = await open(browser, "/logs?range=24h");
  await type(page, "lev");
  await list(page).waitFor();
  assert.equal(await options(page).first().innerText(), "level");
  await page.keyboard.press("ArrowDown");
  const chosen = list(page).locator('[aria-selected="true"]');
  assert.equal(await box(page).getAttribute("aria-activedescendant"), await chosen.getAttribute("id"));
  await page.keyboard.press("Enter");
  assert.equal(await box(page).inputValue(), "level:");
  // Its values follow.
  await page.keyboard.type("err");
  await options(page).filter({ hasText: "error" }).waitFor();
  assert.deepEqual(await axeFindings(page), []);
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Tab");
  assert.equal(await box(page).inputValue(), "level:error ");
  await page.keyboard.press("Escape");
  await list(page).waitFor({ state: "hidden" });
  await page.keyboard.press("Enter");
  await page.waitForURL((url) => url.searchParams.get("q") === "level:error ");
  assert.equal(await page.locator(".failure").count(), 0);
});

test("Enter without a choice searches for what is written", async () => {
  const page = await open(browser, "/logs?range=24h");
  await type(page, "lev");
  await list(page).waitFor();
  await page.keyboard.press("Enter");
  await page.waitForURL((url) => url.searchParams.get("q") === "lev");
});

test("a press completes too, on a narrow page", async () => {
  await counted("traces", "kind");
  const page = await open(browser, "/traces?range=24h", { viewport: { width: 390, height: 844 } });
  await type(page, "kin");
  await options(page).getByText("kind", { exact: true }).click();
  assert.equal(await box(page).inputValue(), "kind:");
  await options(page).filter({ hasText: "Server" }).waitFor();
  assert.equal(await overflow(page), 0);
  await options(page).filter({ hasText: "Server" }).click();
  assert.equal(await box(page).inputValue(), "kind:Server ");
});
