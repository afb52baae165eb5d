"""Times questions about a table of a lake in a folder, asked with DuckDB. Arguments: the folder of the table, how often each
question is asked within 20 s, three times at least, and the questions, about `lake`. Prints the median milliseconds of each,
as JSON."""

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


def median(question):
    took(question)
    taken = []
    while len(taken) < int(times) and (len(taken) < 3 or sum(taken) < 20_000):
        taken.append(took(question))
    return statistics.median(taken)


print(json.dumps([median(question) for question in questions]))
