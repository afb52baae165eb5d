-- The errors of a group are an index read, as those of a user are.
ALTER TABLE otel.otel_logs ADD INDEX IF NOT EXISTS bloom_ErrorGroup ErrorGroup TYPE bloom_filter(0.01) GRANULARITY 1;

ALTER TABLE otel.otel_traces ADD INDEX IF NOT EXISTS bloom_ErrorGroup ErrorGroup TYPE bloom_filter(0.01) GRANULARITY 1;

ALTER TABLE otel.otel_logs MATERIALIZE INDEX bloom_ErrorGroup;

ALTER TABLE otel.otel_traces MATERIALIZE INDEX bloom_ErrorGroup;
