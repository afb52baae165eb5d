"""Times questions about a table of a lake in a folder, asked with DuckDB. Arguments: the folder of the table, how often each
question is asked, and the questions, about `lake`. Prints the median milliseconds of each, as JSON."""

import json
import statistics
import sys
import time

import duckdb
from duckdb_extensions import import_extension

folder, times, *questions = sys.argv[1:]
connection = duckdb.connect()
for extension in ["avro", "iceberg"]:
    import_extension(extension, con=connection)
    connection.load_extension(extension)
connection.execute("SET TimeZone = 'UTC'")
connection.execute(f"CREATE VIEW lake AS FROM iceberg_scan('{folder}')")


def took(question):
    started = time.perf_counter()
    connection.sql(question).fetchall()
    return (time.perf_counter() - started) * 1e3


medians = []
for question in questions:
    took(question)
    medians.append(statistics.median(took(question) for _ in range(int(times))))
print(json.dumps(medians))
