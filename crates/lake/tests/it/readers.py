"""Reads a table with other makers' software and prints, as JSON, what is in each column.

usage: readers.py duckdb|pyiceberg LAKE TABLE [FROM TO]
FROM and TO, RFC 3339, make pyiceberg plan that range only and print how many files it would open.
"""

import json
import sys

import pyarrow as pa
import pyarrow.compute as pc


def summary(column):
    """The same sums as `summary` in readers.rs."""
    kind = column.type
    if pa.types.is_map(kind):
        return {"entries": len(column.keys), "keys": summary(column.keys), "values": summary(column.items)}
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        elements = column.flatten()
        return {"elements": len(elements), "values": summary(elements)}
    result = {"values": len(column) - column.null_count}
    if pa.types.is_struct(kind):
        return result
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return result | {"bytes": pc.sum(pc.binary_length(column)).as_py() or 0}
    if pa.types.is_timestamp(kind):
        if kind != pa.timestamp("us", tz="UTC"):
            raise TypeError(f"a time came as {kind}")
        return result | {"sum": sum(column.cast(pa.int64()).to_pylist())}
    if pa.types.is_boolean(kind):
        return result | {"sum": pc.sum(column.cast(pa.int8())).as_py() or 0}
    if pa.types.is_integer(kind) or pa.types.is_floating(kind):
        return result | {"sum": int(pc.sum(column).as_py() or 0)}
    raise TypeError(f"no table has a column of type {kind}")


def read_duckdb(lake, table):
    """Without the catalog: by the version hint alone."""
    import duckdb
    from duckdb_extensions import import_extension

    connection = duckdb.connect()
    for name in ("avro", "iceberg"):
        import_extension(name, con=connection)
        connection.load_extension(name)
    connection.sql("SET TimeZone = 'UTC'")
    return connection.sql(f"FROM iceberg_scan('{lake}/otel/{table}')").to_arrow_table()


def open_pyiceberg(lake, table):
    """Through the SQL catalog."""
    from pyiceberg.catalog.sql import SqlCatalog

    return SqlCatalog("lakefront", uri=f"sqlite:///{lake}/catalog.db").load_table(f"otel.{table}")


def main(reader, lake, table, *time_range):
    if time_range:
        time_column = "TimeUnix" if "metrics" in table else "Timestamp"
        start, end = time_range
        row_filter = f"{time_column} >= '{start}' and {time_column} < '{end}'"
        return {"files": len(list(open_pyiceberg(lake, table).scan(row_filter=row_filter).plan_files()))}
    rows = read_duckdb(lake, table) if reader == "duckdb" else open_pyiceberg(lake, table).scan().to_arrow()
    columns = {name: summary(rows[name].combine_chunks()) for name in rows.column_names}
    return {"rows": rows.num_rows, "columns": columns}


print(json.dumps(main(*sys.argv[1:])))
