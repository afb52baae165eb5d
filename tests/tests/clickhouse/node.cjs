// Creates a table, inserts and queries with npm's @clickhouse/client. Arguments: URL, user, password, and the name of a
// read-only user with the same password ("" without one).
const assert = require("node:assert");
const { Readable } = require("node:stream");
const { createClient } = require("@clickhouse/client");

const [url, username, password, reader] = process.argv.slice(2);
const table = "otel.lakefront_test_node";

function connect(username, password, compression = {}) {
  return createClient({ url, username, password, database: "otel", compression });
}

async function main() {
  for (const request of [false, true]) {
    const client = connect(username, password, { request, response: request });
    await client.command({ query: `DROP TABLE IF EXISTS ${table}` });
    await client.command({
      query: `CREATE TABLE ${table} (id UInt32, name String, tags Map(String, String)) ENGINE = MergeTree ORDER BY id`,
      clickhouse_settings: { wait_end_of_query: 1 },
    });

    const rows = Array.from({ length: 20000 }, (_, id) => ({ id, name: `ü ${id}`, tags: { k: String(id) } }));
    const inserted = await client.insert({ table, values: rows, format: "JSONEachRow" });
    assert.strictEqual(inserted.summary.written_rows, "20000");
    // A stream of unknown length.
    const lines = Readable.from((function* () {
      for (let id = 20000; id < 40000; id++) yield `${id},csv\n`;
    })(), { objectMode: false });
    await client.insert({ table, columns: ["id", "name"], values: lines, format: "CSV" });
    await client.command({ query: `INSERT INTO ${table} (id, name) VALUES (50000, {name:String})`, query_params: { name: "a;b" } });
    await client.insert({
      table,
      values: [{ id: 50001, name: "once" }],
      format: "JSONEachRow",
      clickhouse_settings: { async_insert: 1, wait_for_async_insert: 1 },
    });

    const set = await client.query({
      query: `SELECT name, tags FROM ${table} WHERE id IN {ids:Array(UInt32)} ORDER BY id`,
      query_params: { ids: [7, 30000, 50000, 50001] },
      format: "JSONEachRow",
    });
    assert.deepStrictEqual(await set.json(), [
      { name: "ü 7", tags: { k: "7" } },
      { name: "csv", tags: {} },
      { name: "a;b", tags: {} },
      { name: "once", tags: {} },
    ]);
    const count = await client.query({ query: `SELECT count() AS n FROM ${table}`, format: "JSON" });
    assert.strictEqual(Number((await count.json()).data[0].n), 40002);
    await assert.rejects(client.insert({ table, values: Readable.from(["no,1,2,3\n"], { objectMode: false }), format: "CSV" }), { type: /CANNOT_PARSE|INCORRECT_DATA/ });
    await client.close();
  }

  const wrong = connect(username, "a wrong password, long enough");
  await assert.rejects(wrong.query({ query: "SELECT 1" }), { code: "516" });
  if (reader) {
    const client = connect(reader, password);
    assert.strictEqual((await (await client.query({ query: `SELECT count() FROM ${table}`, format: "TSV" })).text()), "40002\n");
    await assert.rejects(client.insert({ table, values: [{ id: 1 }], format: "JSONEachRow" }), { code: "164" });
  }
  const client = connect(username, password);
  await client.command({ query: `DROP TABLE ${table}` });
  await client.close();
  console.log("all good");
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
