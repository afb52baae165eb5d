INSERT INTO lakefront_otel_logs_v1_sink
SELECT
  json_get_str(value, '_chunk') AS _chunk,
  json_get_int(value, '_row') AS _row,
  json_get_int(value, '_rows') AS _rows,
  json_get_int(value, '_accepted') AS _accepted,
  json_get_int(value, 'timestamp') AS timestamp,
  json_get_int(value, 'observed_timestamp') AS observed_timestamp,
  json_get_str(value, 'trace_id') AS trace_id,
  json_get_str(value, 'span_id') AS span_id,
  json_get_int(value, 'trace_flags') AS trace_flags,
  json_get_str(value, 'severity_text') AS severity_text,
  json_get_int(value, 'severity_number') AS severity_number,
  json_get_str(value, 'service_name') AS service_name,
  json_get_str(value, 'body') AS body,
  json_get_str(value, 'resource_schema_url') AS resource_schema_url,
  json_get_json(value, 'resource_attributes') AS resource_attributes,
  json_get_str(value, 'scope_schema_url') AS scope_schema_url,
  json_get_str(value, 'scope_name') AS scope_name,
  json_get_str(value, 'scope_version') AS scope_version,
  json_get_json(value, 'scope_attributes') AS scope_attributes,
  json_get_json(value, 'log_attributes') AS log_attributes,
  json_get_str(value, 'event_name') AS event_name,
  json_get_str(value, 'service_namespace') AS service_namespace,
  json_get_str(value, 'service_version') AS service_version,
  json_get_str(value, 'environment') AS environment,
  json_get_str(value, 'error_type') AS error_type,
  json_get_str(value, 'error_message') AS error_message,
  json_get_str(value, 'error_group') AS error_group,
  json_get_bool(value, 'is_page_view') AS is_page_view,
  json_get_str(value, 'page_path') AS page_path,
  json_get_str(value, 'page_route') AS page_route,
  json_get_str(value, 'vital_name') AS vital_name,
  json_get_str(value, 'vital_value') AS vital_value,
  json_get_str(value, 'http_route') AS http_route,
  json_get_str(value, 'http_method') AS http_method,
  CASE WHEN json_contains(value, 'http_status_code') THEN json_get_int(value, 'http_status_code') END AS http_status_code,
  json_get_str(value, 'duration_ms') AS duration_ms,
  json_get_str(value, 'session_id') AS session_id,
  json_get_str(value, 'user_id') AS user_id,
  json_get_str(value, 'visitor_id') AS visitor_id,
  json_get_str(value, 'referrer_host') AS referrer_host,
  json_get_str(value, 'utm_source') AS utm_source,
  json_get_str(value, 'utm_medium') AS utm_medium,
  json_get_str(value, 'utm_campaign') AS utm_campaign,
  json_get_str(value, 'country') AS country,
  json_get_str(value, 'device_type') AS device_type,
  json_get_str(value, 'browser') AS browser,
  json_get_str(value, 'os') AS os,
  json_get_bool(value, 'is_bot') AS is_bot
FROM lakefront_otel_logs_v1
WHERE json_get_int(value, '_version') = 1
  AND json_contains(value, '_chunk')
  AND json_contains(value, '_row')
  AND json_contains(value, '_rows')
  AND json_contains(value, '_accepted')
  AND json_contains(value, 'timestamp')
  AND json_contains(value, 'observed_timestamp')
  AND json_contains(value, 'trace_flags')
  AND json_contains(value, 'severity_number')
