CREATE TABLE IF NOT EXISTS otel.mv_errors_<version>
ENGINE = AggregatingMergeTree
PARTITION BY toDate(Bucket, 'UTC')
ORDER BY (Bucket, ServiceName, Environment, ErrorGroup, ErrorType)
TTL toDate(Bucket, 'UTC') + INTERVAL 367 DAY
SETTINGS ttl_only_drop_parts = 1, non_replicated_deduplication_window = 10000
EMPTY AS
-- Errors by group and type, of logs and of spans.
SELECT
    toStartOfFifteenMinutes(Timestamp) AS Bucket,
    ServiceName,
    Environment,
    ErrorGroup,
    ErrorType,
    countState() AS Errors,
    uniqCombined64IfState(VisitorId, VisitorId != '') AS Users,
    minState(Timestamp) AS FirstSeen,
    maxState((Timestamp, ErrorMessage, ErrorType::String)) AS Latest
FROM otel.otel_logs
WHERE ErrorType != ''
GROUP BY Bucket, ServiceName, Environment, ErrorGroup, ErrorType;

CREATE MATERIALIZED VIEW IF NOT EXISTS otel.mv_errors_<version>_from_otel_logs TO otel.mv_errors_<version> AS
-- Errors by group and type, of logs and of spans.
SELECT
    toStartOfFifteenMinutes(Timestamp) AS Bucket,
    ServiceName,
    Environment,
    ErrorGroup,
    ErrorType,
    countState() AS Errors,
    uniqCombined64IfState(VisitorId, VisitorId != '') AS Users,
    minState(Timestamp) AS FirstSeen,
    maxState((Timestamp, ErrorMessage, ErrorType::String)) AS Latest
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
    minState(Timestamp) AS FirstSeen,
    maxState((Timestamp, ErrorMessage, ErrorType::String)) AS Latest
FROM otel.otel_traces
WHERE ErrorType != ''
GROUP BY Bucket, ServiceName, Environment, ErrorGroup, ErrorType;
