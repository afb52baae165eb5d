"""Creates or removes a tag of a table's current snapshot.

usage: tag.py LAKE TABLE create|remove NAME
"""

import sys

from pyiceberg.catalog.sql import SqlCatalog

lake, name, action, tag = sys.argv[1:]
table = SqlCatalog("lakefront", uri=f"sqlite:///{lake}/catalog.db").load_table(f"otel.{name}")
with table.manage_snapshots() as change:
    if action == "create":
        change.create_tag(table.current_snapshot().snapshot_id, tag)
    else:
        change.remove_tag(tag)
