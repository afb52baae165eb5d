"""Reads the container with PyPI's clickhouse-connect. Argument: the port."""

import datetime
import sys

import clickhouse_connect
from clickhouse_connect.driver.exceptions import DatabaseError

for compress in (False, "gzip", True):
    client = clickhouse_connect.get_client(host="127.0.0.1", port=int(sys.argv[1]), compress=compress)
    assert client.server_version.startswith("26."), client.server_version

    rows = client.query("SELECT Timestamp, Body, RowId FROM otel.otel_logs ORDER BY RowId LIMIT 2").result_rows
    assert rows[1] == (datetime.datetime(2026, 11, 1, 0, 0, 1), "record 1", 1), rows

    values = {"text": "tab\tquote'back\\slash", "list": [1, 2], "time": datetime.datetime(2026, 1, 1)}
    row = client.query("SELECT {text:String}, {list:Array(UInt8)}, {time:DateTime64(6)}", parameters=values).first_row
    assert row == tuple(values.values()), row

    row = client.query("SELECT map('a', toLowCardinality('b')), [1, NULL], toDate('2026-01-01'), toUInt64(-1)").first_row
    assert row == ({"a": "b"}, [1, None], datetime.date(2026, 1, 1), 2**64 - 1), row

    with client.query_row_block_stream("SELECT number FROM numbers(200000)") as stream:
        assert sum(len(block) for block in stream) == 200000

    frame = client.query_arrow("SELECT Body FROM otel.otel_logs ORDER BY RowId")
    assert frame.num_rows == 1000, frame

    try:
        client.query("SELECT * FROM otel.nope")
        raise AssertionError("an unknown table was no error")
    except DatabaseError as error:
        assert "UNKNOWN_TABLE" in str(error), error

print("all good")
