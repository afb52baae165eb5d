"""Changes otel_logs as another writer may, with pyiceberg.

usage: rewrite.py CATALOG delete                       takes out the rows of one service
       rewrite.py CATALOG rewrite                      writes all rows again, in files with new sequence numbers
       rewrite.py CATALOG add-column NAME string|struct
       rewrite.py CATALOG rename-column NAME NEW
       rewrite.py CATALOG copy-with NAME VALUE         adds copies of some rows, with other ids and that value

CATALOG: properties of pyiceberg's catalog, as JSON
"""

import json
import sys

import pyarrow as pa
import pyarrow.compute as pc
from pyiceberg.catalog import load_catalog
from pyiceberg.types import NestedField, StringType, StructType

properties, action, *arguments = sys.argv[1:]
table = load_catalog("lakefront", **json.loads(properties)).load_table("otel.otel_logs")

if action == "delete":
    services = sorted(set(table.scan(selected_fields=("ServiceName",)).to_arrow()["ServiceName"].to_pylist()))
    table.delete(f"ServiceName == '{services[0]}'")
elif action == "rewrite":
    table.overwrite(table.scan().to_arrow())
elif action == "add-column":
    name, kind = arguments
    place = StructType(NestedField(900, "City", StringType(), required=False))
    with table.update_schema() as update:
        update.add_column(name, StringType() if kind == "string" else place)
elif action == "rename-column":
    with table.update_schema() as update:
        update.rename_column(*arguments)
elif action == "copy-with":
    name, value = arguments
    rows = table.scan(limit=10).to_arrow()
    ids = pa.array([2**62 + n for n in range(rows.num_rows)], pa.int64())
    rows = rows.set_column(rows.schema.get_field_index("RowId"), rows.schema.field("RowId"), ids)
    values = pa.array([value] * rows.num_rows, rows.schema.field(name).type)
    table.append(rows.set_column(rows.schema.get_field_index(name), rows.schema.field(name), values))
else:
    raise SystemExit(__doc__)
