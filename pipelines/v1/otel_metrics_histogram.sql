INSERT INTO lakefront_otel_metrics_histogram_v1_sink
SELECT
  json_get_str(value, '_chunk') AS _chunk,
  json_get_int(value, '_row') AS _row,
  json_get_int(value, '_rows') AS _rows,
  json_get_int(value, '_accepted') AS _accepted,
  json_get_json(value, 'resource_attributes') AS resource_attributes,
  json_get_str(value, 'resource_schema_url') AS resource_schema_url,
  json_get_str(value, 'scope_name') AS scope_name,
  json_get_str(value, 'scope_version') AS scope_version,
  json_get_json(value, 'scope_attributes') AS scope_attributes,
  json_get_int(value, 'scope_dropped_attr_count') AS scope_dropped_attr_count,
  json_get_str(value, 'scope_schema_url') AS scope_schema_url,
  json_get_str(value, 'service_name') AS service_name,
  json_get_str(value, 'metric_name') AS metric_name,
  json_get_str(value, 'metric_description') AS metric_description,
  json_get_str(value, 'metric_unit') AS metric_unit,
  json_get_json(value, 'attributes') AS attributes,
  CASE WHEN json_contains(value, 'start_time_unix') THEN json_get_int(value, 'start_time_unix') END AS start_time_unix,
  json_get_int(value, 'time_unix') AS time_unix,
  json_get_int(value, 'count') AS count,
  json_get_str(value, 'sum') AS sum,
  json_get_json(value, 'bucket_counts') AS bucket_counts,
  json_get_json(value, 'explicit_bounds') AS explicit_bounds,
  json_get_json(value, 'exemplars_filtered_attributes') AS exemplars_filtered_attributes,
  json_get_json(value, 'exemplars_time_unix') AS exemplars_time_unix,
  json_get_json(value, 'exemplars_value') AS exemplars_value,
  json_get_json(value, 'exemplars_span_id') AS exemplars_span_id,
  json_get_json(value, 'exemplars_trace_id') AS exemplars_trace_id,
  json_get_int(value, 'flags') AS flags,
  json_get_str(value, 'min') AS min,
  json_get_str(value, 'max') AS max,
  json_get_int(value, 'aggregation_temporality') AS aggregation_temporality
FROM lakefront_otel_metrics_histogram_v1
WHERE json_get_int(value, '_version') = 1
  AND json_contains(value, '_chunk')
  AND json_contains(value, '_row')
  AND json_contains(value, '_rows')
  AND json_contains(value, '_accepted')
  AND json_contains(value, 'scope_dropped_attr_count')
  AND json_contains(value, 'time_unix')
  AND json_contains(value, 'count')
  AND json_contains(value, 'flags')
  AND json_contains(value, 'aggregation_temporality')
