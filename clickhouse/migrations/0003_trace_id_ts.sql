-- Where in time a trace lies, so that a look-up by trace id reads only those granules. Name and columns are those of the
-- OpenTelemetry Collector's exporter, which is what Grafana's plugin asks. A trace may have several rows.
CREATE TABLE IF NOT EXISTS otel.otel_traces_trace_id_ts
(
    TraceId String CODEC(ZSTD(1)),
    Start DateTime64(6, 'UTC') CODEC(Delta, ZSTD(1)),
    End DateTime64(6, 'UTC') CODEC(Delta, ZSTD(1)),
    INDEX bloom_TraceId TraceId TYPE bloom_filter(0.01) GRANULARITY 1
)
ENGINE = MergeTree
PARTITION BY toDate(Start, 'UTC')
ORDER BY (TraceId, Start)
TTL toDate(Start, 'UTC') + INTERVAL 34 DAY
SETTINGS ttl_only_drop_parts = 1, non_replicated_deduplication_window = 10000;

CREATE MATERIALIZED VIEW IF NOT EXISTS otel.otel_traces_trace_id_ts_mv TO otel.otel_traces_trace_id_ts AS
SELECT
    TraceId,
    min(Timestamp) AS Start,
    max(Timestamp) AS End
FROM otel.otel_traces
WHERE TraceId != ''
GROUP BY TraceId, toDate(Timestamp, 'UTC');
