"""Reads the lake with DuckDB and with pyiceberg. Argument: properties of pyiceberg's catalog, as JSON. Prints what each of
them sees, as JSON too."""

import json
import sys
from urllib.parse import urlsplit

import duckdb
import pyarrow.compute as pc
from duckdb_extensions import import_extension
from pyiceberg.catalog import load_catalog

properties = json.loads(sys.argv[1])
catalog = load_catalog("lakefront", **properties)
METRICS = ["gauge", "sum", "histogram", "exponential_histogram", "summary"]


def table(name):
    return catalog.load_table(f"otel.{name}")


def with_pyiceberg():
    logs = table("otel_logs").scan().to_arrow()
    traces = table("otel_traces").scan().to_arrow()
    days = {}
    for task in table("otel_logs").scan().plan_files():
        day = str(task.file.partition[0])
        days[day] = days.get(day, 0) + task.file.record_count
    lengths = lambda column: pc.sum(pc.list_value_length(traces[column])).as_py()
    return {
        "logs": logs.num_rows,
        "traces": traces.num_rows,
        "duration": pc.sum(traces["Duration"]).as_py(),
        "events": lengths("Events.Name"),
        "links": lengths("Links.TraceId"),
        "attributes": sum(len(pairs) for pairs in logs["LogAttributes"].to_pylist()),
        "days": len(days),
        "files_rows": sum(days.values()),
        "metrics": {kind: table(f"otel_metrics_{kind}").scan().to_arrow().num_rows for kind in METRICS},
    }


def with_duckdb():
    connection = duckdb.connect()
    for extension in ["avro", "httpfs", "iceberg"]:
        import_extension(extension)
        connection.load_extension(extension)
    if "s3.endpoint" in properties:
        connection.execute(
            f"""CREATE SECRET (TYPE s3, ENDPOINT '{urlsplit(properties["s3.endpoint"]).netloc}', URL_STYLE 'path', USE_SSL false,
            KEY_ID '{properties["s3.access-key-id"]}', SECRET '{properties["s3.secret-access-key"]}')"""
        )
    scan = lambda name: f"iceberg_scan('{table(name).metadata_location.removeprefix('file://')}')"
    one = lambda sql: connection.sql(sql).fetchone()
    logs = one(
        f"""SELECT count(*), sum(len(map_keys(LogAttributes))), count(DISTINCT date_trunc('day', Timestamp AT TIME ZONE 'UTC'))
        FROM {scan("otel_logs")}"""
    )
    traces = one(
        f"""SELECT count(*), sum(Duration), sum(len("Events.Name")), sum(len("Links.TraceId")) FROM {scan("otel_traces")}"""
    )
    # Cumulative: the last point of a series holds all of it.
    requests = one(
        f"""SELECT sum(last) FROM (SELECT max(Count) AS last FROM {scan("otel_metrics_histogram")}
        WHERE MetricName = 'http.server.request.duration' GROUP BY ResourceAttributes::VARCHAR, Attributes::VARCHAR)"""
    )
    buckets = one(
        f"""SELECT count(*) FROM {scan("otel_metrics_histogram")}
        WHERE list_sum(BucketCounts) <> Count OR len(BucketCounts) <> len(ExplicitBounds) + 1"""
    )
    return {
        "logs": logs[0],
        "attributes": int(logs[1]),
        "days": logs[2],
        "traces": traces[0],
        "duration": int(traces[1]),
        "events": int(traces[2]),
        "links": int(traces[3]),
        "requests": int(requests[0]),
        "broken_histograms": buckets[0],
        "metrics": {kind: one(f"SELECT count(*) FROM {scan('otel_metrics_' + kind)}")[0] for kind in METRICS},
    }


print(json.dumps({"pyiceberg": with_pyiceberg(), "duckdb": with_duckdb()}))
