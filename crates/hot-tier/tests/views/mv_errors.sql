CREATE TABLE IF NOT EXISTS otel.mv_errors_<version>
ENGINE = AggregatingMergeTree
PARTITION BY toDate(Bucket, 'UTC')
ORDER BY (Bucket, ServiceName, Environment, ErrorGroup, ErrorType)
TTL toDate(Bucket, 'UTC') + INTERVAL 397 DAY
SETTINGS ttl_only_drop_parts = 1, non_replicated_deduplication_window = 10000,
    min_age_to_force_merge_seconds = 60, min_age_to_force_merge_on_partition_only = 1
EMPTY AS
-- Errors by group and type, of logs and of spans. The first has the version beside its time, the latest after what
-- decides between several at once.
SELECT
    toStartOfFifteenMinutes(Timestamp) AS Bucket,
    ServiceName,
    Environment,
    ErrorGroup,
    ErrorType,
    countState() AS Errors,
    uniqCombined64IfState(VisitorId, VisitorId != '') AS Users,
    minState((Timestamp, ServiceVersion::String)) AS First,
    maxState((Timestamp, ErrorMessage, ErrorType::String, ServiceVersion::String)) AS Latest
FROM otel.otel_logs
WHERE ErrorType != ''
GROUP BY Bucket, ServiceName, Environment, ErrorGroup, ErrorType;

CREATE MATERIALIZED VIEW IF NOT EXISTS otel.mv_errors_<version>_from_otel_logs TO otel.mv_errors_<version> AS
-- Errors by group and type, of logs and of spans. The first has the version beside its time, the latest after what
-- decides between several at once.
SELECT
    toStartOfFifteenMinutes(Timestamp) AS Bucket,
    ServiceName,
    Environment,
    ErrorGroup,
    ErrorType,
    countState() AS Errors,
    uniqCombined64IfState(VisitorId, VisitorId != '') AS Users,
    minState((Timestamp, ServiceVersion::String)) AS First,
    maxState((Timestamp, ErrorMessage, ErrorType::String, ServiceVersion::String)) AS Latest
FROM otel.otel_logs
WHERE ErrorType != ''
GROUP BY Bucket, ServiceName, Environment, ErrorGroup, ErrorType;

CREATE MATERIALIZED VIEW IF NOT EXISTS otel.mv_errors_<version>_from_otel_traces TO otel.mv_errors_<version> AS
SELECT
    toStartOfFifteenMinutes(Timestamp) AS Bucket,
    ServiceName,
    Environment,
    ErrorGroup,
    ErrorType,
    countState() AS Errors,
    uniqCombined64IfState(VisitorId, VisitorId != '') AS Users,
    minState((Timestamp, ServiceVersion::String)) AS First,
    maxState((Timestamp, ErrorMessage, ErrorType::String, ServiceVersion::String)) AS Latest
FROM otel.otel_traces
WHERE ErrorType != ''
GROUP BY Bucket, ServiceName, Environment, ErrorGroup, ErrorType;
