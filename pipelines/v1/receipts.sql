INSERT INTO lakefront_receipts_v1_sink
SELECT
  json_get_str(value, '_chunk') AS _chunk,
  json_get_int(value, '_row') AS _row,
  json_get_int(value, '_rows') AS _rows,
  json_get_int(value, '_accepted') AS _accepted,
  json_get_str(value, 'chunk_table') AS chunk_table
FROM lakefront_receipts_v1
WHERE json_get_int(value, '_version') = 1
  AND json_contains(value, '_chunk')
  AND json_contains(value, '_row')
  AND json_contains(value, '_rows')
  AND json_contains(value, '_accepted')
  AND json_contains(value, 'chunk_table')
