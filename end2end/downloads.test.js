// The files of a panel have the rows that the API returns.
import assert from "node:assert/strict";
import { test } from "node:test";

import { catalogue, post, URL_FULL } from "./browser.js";

// Yesterday's rows do not change any more.
const day = new Date(Date.now() - 86_400_000).toISOString().slice(0, 10);
const [from, to] = [`${day}T00:00`, `${day}T23:00`];
const timeRange = { from: `${from}:00Z`, to: `${to}:00Z` };

const needsNothing = (query) => query.params.every((param) => param.default !== null);

for (const query of (await catalogue()).filter((query) => query.panels?.length > 0 && needsNothing(query))) {
  test(`the files of ${query.name} have the rows of the API`, async () => {
    const reply = await post("/query", { query: query.name, timeRange, tz: "UTC" });
    const file = async (format) => fetch(new URL(`/download/${query.name}.${format}?from=${from}&to=${to}&tz=UTC`, URL_FULL));
    const json = await (await file("json")).json();
    assert.deepEqual([json.columns, json.rows, json.range], [reply.columns, reply.rows, reply.range]);
    const csv = await file("csv");
    assert.match(csv.headers.get("content-type"), /^text\/csv/);
    const lines = (await csv.text()).trimEnd().split("\r\n");
    assert.equal(lines[0], reply.columns.map(({ name }) => name).join(","));
    // A cell may contain line breaks.
    if (!reply.rows.flat().some((cell) => /[\r\n]/.test(cell))) assert.equal(lines.length, reply.rows.length + 1);
  });
}
