"""Migrates, inserts and queries with PyPI's clickhouse-connect.

Arguments: URL, user, password, and the name of a user who only reads and has the same password ("" where there is none).
"""

import datetime
import sys

import clickhouse_connect
import pyarrow
from clickhouse_connect.driver.exceptions import DatabaseError

url, user, password, reader = sys.argv[1:5]
TABLE = "otel.lakefront_test_python"


def connect(user, password, **options):
    return clickhouse_connect.get_client(dsn=url, username=user, password=password, database="otel", **options)


def refused(what, action):
    try:
        action()
    except DatabaseError as error:
        assert what in str(error), error
        return
    raise AssertionError(f"{what} was expected")


start = datetime.datetime(2026, 11, 1, tzinfo=datetime.timezone.utc)
for compress in (False, "gzip", "zstd", "lz4"):
    client = connect(user, password, compress=compress)
    client.command(f"DROP TABLE IF EXISTS {TABLE}")
    client.command(
        f"CREATE TABLE {TABLE} (id UInt32, at DateTime64(6, 'UTC'), name LowCardinality(String), tags Map(String, String), "
        "value Nullable(Float64), list Array(Int64)) ENGINE = MergeTree ORDER BY id"
    )

    # Native.
    rows = [[n, start + datetime.timedelta(seconds=n), f"name {n % 5}", {"k": str(n)}, None, [n, -n]] for n in range(50_000)]
    columns = ["id", "at", "name", "tags", "value", "list"]
    summary = client.insert(TABLE, rows, column_names=columns, settings={"insert_deduplication_token": f"a{compress}"})
    assert summary.written_rows == 50_000, summary.summary
    row = client.query(f"SELECT * FROM {TABLE} WHERE id = {{id:UInt32}}", parameters={"id": 49_999}).first_row
    assert row[0] == 49_999 and row[2:] == ("name 4", {"k": "49999"}, None, [49_999, -49_999]), row

    # Arrow, and texts.
    client.insert_arrow(TABLE, pyarrow.table({"id": pyarrow.array([100_001], pyarrow.uint32()), "name": ["arrow"]}))
    client.raw_insert(TABLE, ["id", "name"], b"100002,csv\n", fmt="CSV")
    client.raw_insert(TABLE, ["id", "name"], b'{"id":100003,"name":"json"}\n', fmt="JSONEachRow")
    client.command(f"INSERT INTO {TABLE} (id, name) VALUES (100004, 'values;')")
    names = client.query(f"SELECT name FROM {TABLE} WHERE id > 100000 ORDER BY id").result_columns[0]
    assert list(names) == ["arrow", "csv", "json", "values;"], names
    refused("CANNOT_PARSE", lambda: client.raw_insert(TABLE, ["id"], b"no json", fmt="JSONEachRow"))

    client.command(f"INSERT INTO {TABLE} (id, name) SELECT id + 1000000, name FROM {TABLE} WHERE id < 10")
    assert client.query(f"SELECT count() FROM {TABLE} WHERE id >= 1000000").first_row == (10,)
    client.command(f"ALTER TABLE {TABLE} DELETE WHERE id >= 1000000", settings={"mutations_sync": 1})
    assert client.query(f"SELECT count() FROM {TABLE}").first_row == (50_004,)

refused("AUTHENTICATION_FAILED", lambda: connect(user, "a wrong password, long enough"))
if reader:
    client = connect(reader, password)
    assert client.query(f"SELECT count() FROM {TABLE}").first_row == (50_004,)
    refused("READONLY", lambda: client.insert(TABLE, [[1]], column_names=["id"], column_type_names=["UInt32"]))
    refused("READONLY", lambda: client.command(f"DROP TABLE {TABLE}"))

connect(user, password).command(f"DROP TABLE {TABLE}")
print("all good")
