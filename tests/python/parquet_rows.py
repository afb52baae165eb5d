"""Reads Parquet files with DuckDB. Arguments: the files. Prints names and types of the columns and the rows of each, as JSON with
times in RFC 3339 and NaN as null."""

import datetime
import decimal
import json
import math
import sys
import uuid

import duckdb

connection = duckdb.connect()
connection.execute("SET TimeZone = 'UTC'")


def plain(value):
    if isinstance(value, datetime.datetime):
        return value.replace(tzinfo=None).isoformat() + "Z"
    if isinstance(value, (datetime.date, decimal.Decimal, uuid.UUID)):
        return str(value)
    if isinstance(value, bytes):
        return value.decode()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, dict):
        return {key: plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(inner) for inner in value]
    return value


def read(path):
    relation = connection.read_parquet(path)
    columns = [[name, str(kind)] for name, kind in zip(relation.columns, relation.types)]
    return {"columns": columns, "rows": [plain(row) for row in relation.fetchall()]}


print(json.dumps([read(path) for path in sys.argv[1:]]))
