// Reads the container with npm's @clickhouse/client. Argument: the port.
const assert = require("node:assert");
const { createClient } = require("@clickhouse/client");

async function main() {
  for (const response of [false, true]) {
    const client = createClient({ url: `http://127.0.0.1:${process.argv[2]}`, compression: { response } });
    assert.deepStrictEqual(await client.ping(), { success: true });

    const query = "SELECT Timestamp, Body, RowId FROM otel.otel_logs WHERE RowId = {row:Int64}";
    const set = await client.query({ query, query_params: { row: 1 }, format: "JSON" });
    const reply = await set.json();
    assert.deepStrictEqual(reply.data, [{ Timestamp: "2026-11-01 00:00:01.000000", Body: "record 1", RowId: 1 }]);
    assert.match(set.query_id, /^[0-9a-f-]{36}$/);

    const text = "tab\tquote'back\\slash\nnewline";
    const echo = await client.query({
      query: "SELECT {text:String} AS text, {list:Array(String)} AS list",
      query_params: { text, list: [text] },
      format: "JSONEachRow",
      clickhouse_settings: { output_format_json_quote_64bit_integers: 0, max_execution_time: 5 },
    });
    assert.deepStrictEqual(await echo.json(), [{ text, list: [text] }]);

    let rows = 0;
    const stream = (await client.query({ query: "SELECT number FROM numbers(200000)", format: "JSONCompactEachRow" })).stream();
    for await (const chunk of stream) rows += chunk.length;
    assert.strictEqual(rows, 200000);

    await assert.rejects(client.query({ query: "SELECT * FROM otel.nope" }), { code: "60", type: "UNKNOWN_TABLE" });
    await client.close();
  }
  console.log("all good");
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
