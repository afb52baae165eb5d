CREATE TABLE IF NOT EXISTS `otel`.`otel_logs`
(
    `Timestamp` DateTime64(6, 'UTC') CODEC(Delta, ZSTD(1)),
    `ObservedTimestamp` DateTime64(6, 'UTC') CODEC(Delta, ZSTD(1)),
    `TraceId` String CODEC(ZSTD(1)),
    `SpanId` String CODEC(ZSTD(1)),
    `TraceFlags` Int32,
    `SeverityText` LowCardinality(String),
    `SeverityNumber` Int32,
    `ServiceName` LowCardinality(String),
    `Body` String CODEC(ZSTD(1)),
    `ResourceSchemaUrl` LowCardinality(String),
    `ResourceAttributes` Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    `ScopeSchemaUrl` LowCardinality(String),
    `ScopeName` LowCardinality(String),
    `ScopeVersion` LowCardinality(String),
    `ScopeAttributes` Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    `LogAttributes` Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    `EventName` LowCardinality(String),
    `RowId` Int64 CODEC(Delta, ZSTD(1)),
    `ServiceNamespace` LowCardinality(String),
    `ServiceVersion` LowCardinality(String),
    `Environment` LowCardinality(String),
    `ErrorType` LowCardinality(String),
    `ErrorMessage` String CODEC(ZSTD(1)),
    `ErrorGroup` LowCardinality(String),
    `IsPageView` Bool,
    `PagePath` String CODEC(ZSTD(1)),
    `PageRoute` LowCardinality(String),
    `VitalName` LowCardinality(String),
    `VitalValue` Nullable(Float64),
    `HttpRoute` LowCardinality(String),
    `HttpMethod` LowCardinality(String),
    `HttpStatusCode` Nullable(Int32),
    `DurationMs` Nullable(Float64),
    `SessionId` String CODEC(ZSTD(1)),
    `UserId` String CODEC(ZSTD(1)),
    `VisitorId` String CODEC(ZSTD(1)),
    `ReferrerHost` LowCardinality(String),
    `UtmSource` LowCardinality(String),
    `UtmMedium` LowCardinality(String),
    `UtmCampaign` LowCardinality(String),
    `Country` LowCardinality(String),
    `DeviceType` LowCardinality(String),
    `Browser` LowCardinality(String),
    `Os` LowCardinality(String),
    `IsBot` Bool,
    INDEX `bloom_TraceId` `TraceId` TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX `bloom_UserId` `UserId` TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX `bloom_SessionId` `SessionId` TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX `minmax_Timestamp` `Timestamp` TYPE minmax GRANULARITY 1
)
ENGINE = MergeTree
PARTITION BY toDate(`Timestamp`, 'UTC')
ORDER BY (`ServiceName`, `EventName`, `Timestamp`, `RowId`)
TTL toDate(`Timestamp`, 'UTC') + INTERVAL 34 DAY
SETTINGS ttl_only_drop_parts = 1, non_replicated_deduplication_window = 10000;

CREATE TABLE IF NOT EXISTS `otel`.`otel_traces`
(
    `Timestamp` DateTime64(6, 'UTC') CODEC(Delta, ZSTD(1)),
    `TraceId` String CODEC(ZSTD(1)),
    `SpanId` String CODEC(ZSTD(1)),
    `ParentSpanId` String CODEC(ZSTD(1)),
    `TraceState` String CODEC(ZSTD(1)),
    `SpanName` LowCardinality(String),
    `SpanKind` LowCardinality(String),
    `ServiceName` LowCardinality(String),
    `ResourceAttributes` Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    `ScopeName` LowCardinality(String),
    `ScopeVersion` LowCardinality(String),
    `SpanAttributes` Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    `Duration` Int64,
    `StatusCode` LowCardinality(String),
    `StatusMessage` String CODEC(ZSTD(1)),
    `Events.Timestamp` Array(DateTime64(6, 'UTC')) CODEC(ZSTD(1)),
    `Events.Name` Array(String) CODEC(ZSTD(1)),
    `Events.Attributes` Array(Map(LowCardinality(String), String)) CODEC(ZSTD(1)),
    `Links.TraceId` Array(String) CODEC(ZSTD(1)),
    `Links.SpanId` Array(String) CODEC(ZSTD(1)),
    `Links.TraceState` Array(String) CODEC(ZSTD(1)),
    `Links.Attributes` Array(Map(LowCardinality(String), String)) CODEC(ZSTD(1)),
    `RowId` Int64 CODEC(Delta, ZSTD(1)),
    `ServiceNamespace` LowCardinality(String),
    `ServiceVersion` LowCardinality(String),
    `Environment` LowCardinality(String),
    `ErrorType` LowCardinality(String),
    `ErrorMessage` String CODEC(ZSTD(1)),
    `ErrorGroup` LowCardinality(String),
    `IsPageView` Bool,
    `PagePath` String CODEC(ZSTD(1)),
    `PageRoute` LowCardinality(String),
    `VitalName` LowCardinality(String),
    `VitalValue` Nullable(Float64),
    `HttpRoute` LowCardinality(String),
    `HttpMethod` LowCardinality(String),
    `HttpStatusCode` Nullable(Int32),
    `DurationMs` Nullable(Float64),
    `SessionId` String CODEC(ZSTD(1)),
    `UserId` String CODEC(ZSTD(1)),
    `VisitorId` String CODEC(ZSTD(1)),
    `ReferrerHost` LowCardinality(String),
    `UtmSource` LowCardinality(String),
    `UtmMedium` LowCardinality(String),
    `UtmCampaign` LowCardinality(String),
    `Country` LowCardinality(String),
    `DeviceType` LowCardinality(String),
    `Browser` LowCardinality(String),
    `Os` LowCardinality(String),
    `IsBot` Bool,
    INDEX `bloom_TraceId` `TraceId` TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX `bloom_UserId` `UserId` TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX `bloom_SessionId` `SessionId` TYPE bloom_filter(0.01) GRANULARITY 1,
    INDEX `minmax_Timestamp` `Timestamp` TYPE minmax GRANULARITY 1
)
ENGINE = MergeTree
PARTITION BY toDate(`Timestamp`, 'UTC')
ORDER BY (`ServiceName`, `SpanName`, `Timestamp`, `RowId`)
TTL toDate(`Timestamp`, 'UTC') + INTERVAL 34 DAY
SETTINGS ttl_only_drop_parts = 1, non_replicated_deduplication_window = 10000;

CREATE TABLE IF NOT EXISTS `otel`.`otel_metrics_gauge`
(
    `ResourceAttributes` Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    `ResourceSchemaUrl` LowCardinality(String),
    `ScopeName` LowCardinality(String),
    `ScopeVersion` LowCardinality(String),
    `ScopeAttributes` Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    `ScopeDroppedAttrCount` Int64,
    `ScopeSchemaUrl` LowCardinality(String),
    `ServiceName` LowCardinality(String),
    `MetricName` LowCardinality(String),
    `MetricDescription` LowCardinality(String),
    `MetricUnit` LowCardinality(String),
    `Attributes` Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    `StartTimeUnix` Nullable(DateTime64(6, 'UTC')) CODEC(Delta, ZSTD(1)),
    `TimeUnix` DateTime64(6, 'UTC') CODEC(Delta, ZSTD(1)),
    `Value` Float64,
    `Flags` Int64,
    `Exemplars.FilteredAttributes` Array(Map(LowCardinality(String), String)) CODEC(ZSTD(1)),
    `Exemplars.TimeUnix` Array(DateTime64(6, 'UTC')) CODEC(ZSTD(1)),
    `Exemplars.Value` Array(Float64) CODEC(ZSTD(1)),
    `Exemplars.SpanId` Array(String) CODEC(ZSTD(1)),
    `Exemplars.TraceId` Array(String) CODEC(ZSTD(1)),
    `RowId` Int64 CODEC(Delta, ZSTD(1)),
    INDEX `minmax_TimeUnix` `TimeUnix` TYPE minmax GRANULARITY 1
)
ENGINE = MergeTree
PARTITION BY toDate(`TimeUnix`, 'UTC')
ORDER BY (`ServiceName`, `MetricName`, `TimeUnix`, `RowId`)
TTL toDate(`TimeUnix`, 'UTC') + INTERVAL 34 DAY
SETTINGS ttl_only_drop_parts = 1, non_replicated_deduplication_window = 10000;

CREATE TABLE IF NOT EXISTS `otel`.`otel_metrics_sum`
(
    `ResourceAttributes` Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    `ResourceSchemaUrl` LowCardinality(String),
    `ScopeName` LowCardinality(String),
    `ScopeVersion` LowCardinality(String),
    `ScopeAttributes` Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    `ScopeDroppedAttrCount` Int64,
    `ScopeSchemaUrl` LowCardinality(String),
    `ServiceName` LowCardinality(String),
    `MetricName` LowCardinality(String),
    `MetricDescription` LowCardinality(String),
    `MetricUnit` LowCardinality(String),
    `Attributes` Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    `StartTimeUnix` Nullable(DateTime64(6, 'UTC')) CODEC(Delta, ZSTD(1)),
    `TimeUnix` DateTime64(6, 'UTC') CODEC(Delta, ZSTD(1)),
    `Value` Float64,
    `Flags` Int64,
    `Exemplars.FilteredAttributes` Array(Map(LowCardinality(String), String)) CODEC(ZSTD(1)),
    `Exemplars.TimeUnix` Array(DateTime64(6, 'UTC')) CODEC(ZSTD(1)),
    `Exemplars.Value` Array(Float64) CODEC(ZSTD(1)),
    `Exemplars.SpanId` Array(String) CODEC(ZSTD(1)),
    `Exemplars.TraceId` Array(String) CODEC(ZSTD(1)),
    `AggregationTemporality` Int32,
    `IsMonotonic` Bool,
    `RowId` Int64 CODEC(Delta, ZSTD(1)),
    INDEX `minmax_TimeUnix` `TimeUnix` TYPE minmax GRANULARITY 1
)
ENGINE = MergeTree
PARTITION BY toDate(`TimeUnix`, 'UTC')
ORDER BY (`ServiceName`, `MetricName`, `TimeUnix`, `RowId`)
TTL toDate(`TimeUnix`, 'UTC') + INTERVAL 34 DAY
SETTINGS ttl_only_drop_parts = 1, non_replicated_deduplication_window = 10000;

CREATE TABLE IF NOT EXISTS `otel`.`otel_metrics_histogram`
(
    `ResourceAttributes` Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    `ResourceSchemaUrl` LowCardinality(String),
    `ScopeName` LowCardinality(String),
    `ScopeVersion` LowCardinality(String),
    `ScopeAttributes` Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    `ScopeDroppedAttrCount` Int64,
    `ScopeSchemaUrl` LowCardinality(String),
    `ServiceName` LowCardinality(String),
    `MetricName` LowCardinality(String),
    `MetricDescription` LowCardinality(String),
    `MetricUnit` LowCardinality(String),
    `Attributes` Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    `StartTimeUnix` Nullable(DateTime64(6, 'UTC')) CODEC(Delta, ZSTD(1)),
    `TimeUnix` DateTime64(6, 'UTC') CODEC(Delta, ZSTD(1)),
    `Count` Int64,
    `Sum` Nullable(Float64),
    `BucketCounts` Array(Int64) CODEC(ZSTD(1)),
    `ExplicitBounds` Array(Float64) CODEC(ZSTD(1)),
    `Exemplars.FilteredAttributes` Array(Map(LowCardinality(String), String)) CODEC(ZSTD(1)),
    `Exemplars.TimeUnix` Array(DateTime64(6, 'UTC')) CODEC(ZSTD(1)),
    `Exemplars.Value` Array(Float64) CODEC(ZSTD(1)),
    `Exemplars.SpanId` Array(String) CODEC(ZSTD(1)),
    `Exemplars.TraceId` Array(String) CODEC(ZSTD(1)),
    `Flags` Int64,
    `Min` Nullable(Float64),
    `Max` Nullable(Float64),
    `AggregationTemporality` Int32,
    `RowId` Int64 CODEC(Delta, ZSTD(1)),
    INDEX `minmax_TimeUnix` `TimeUnix` TYPE minmax GRANULARITY 1
)
ENGINE = MergeTree
PARTITION BY toDate(`TimeUnix`, 'UTC')
ORDER BY (`ServiceName`, `MetricName`, `TimeUnix`, `RowId`)
TTL toDate(`TimeUnix`, 'UTC') + INTERVAL 34 DAY
SETTINGS ttl_only_drop_parts = 1, non_replicated_deduplication_window = 10000;

CREATE TABLE IF NOT EXISTS `otel`.`otel_metrics_exponential_histogram`
(
    `ResourceAttributes` Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    `ResourceSchemaUrl` LowCardinality(String),
    `ScopeName` LowCardinality(String),
    `ScopeVersion` LowCardinality(String),
    `ScopeAttributes` Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    `ScopeDroppedAttrCount` Int64,
    `ScopeSchemaUrl` LowCardinality(String),
    `ServiceName` LowCardinality(String),
    `MetricName` LowCardinality(String),
    `MetricDescription` LowCardinality(String),
    `MetricUnit` LowCardinality(String),
    `Attributes` Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    `StartTimeUnix` Nullable(DateTime64(6, 'UTC')) CODEC(Delta, ZSTD(1)),
    `TimeUnix` DateTime64(6, 'UTC') CODEC(Delta, ZSTD(1)),
    `Count` Int64,
    `Sum` Nullable(Float64),
    `Scale` Int32,
    `ZeroCount` Int64,
    `PositiveOffset` Int32,
    `PositiveBucketCounts` Array(Int64) CODEC(ZSTD(1)),
    `NegativeOffset` Int32,
    `NegativeBucketCounts` Array(Int64) CODEC(ZSTD(1)),
    `Exemplars.FilteredAttributes` Array(Map(LowCardinality(String), String)) CODEC(ZSTD(1)),
    `Exemplars.TimeUnix` Array(DateTime64(6, 'UTC')) CODEC(ZSTD(1)),
    `Exemplars.Value` Array(Float64) CODEC(ZSTD(1)),
    `Exemplars.SpanId` Array(String) CODEC(ZSTD(1)),
    `Exemplars.TraceId` Array(String) CODEC(ZSTD(1)),
    `Flags` Int64,
    `Min` Nullable(Float64),
    `Max` Nullable(Float64),
    `AggregationTemporality` Int32,
    `RowId` Int64 CODEC(Delta, ZSTD(1)),
    INDEX `minmax_TimeUnix` `TimeUnix` TYPE minmax GRANULARITY 1
)
ENGINE = MergeTree
PARTITION BY toDate(`TimeUnix`, 'UTC')
ORDER BY (`ServiceName`, `MetricName`, `TimeUnix`, `RowId`)
TTL toDate(`TimeUnix`, 'UTC') + INTERVAL 34 DAY
SETTINGS ttl_only_drop_parts = 1, non_replicated_deduplication_window = 10000;

CREATE TABLE IF NOT EXISTS `otel`.`otel_metrics_summary`
(
    `ResourceAttributes` Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    `ResourceSchemaUrl` LowCardinality(String),
    `ScopeName` LowCardinality(String),
    `ScopeVersion` LowCardinality(String),
    `ScopeAttributes` Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    `ScopeDroppedAttrCount` Int64,
    `ScopeSchemaUrl` LowCardinality(String),
    `ServiceName` LowCardinality(String),
    `MetricName` LowCardinality(String),
    `MetricDescription` LowCardinality(String),
    `MetricUnit` LowCardinality(String),
    `Attributes` Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    `StartTimeUnix` Nullable(DateTime64(6, 'UTC')) CODEC(Delta, ZSTD(1)),
    `TimeUnix` DateTime64(6, 'UTC') CODEC(Delta, ZSTD(1)),
    `Count` Int64,
    `Sum` Float64,
    `ValueAtQuantiles.Quantile` Array(Float64) CODEC(ZSTD(1)),
    `ValueAtQuantiles.Value` Array(Float64) CODEC(ZSTD(1)),
    `Flags` Int64,
    `RowId` Int64 CODEC(Delta, ZSTD(1)),
    INDEX `minmax_TimeUnix` `TimeUnix` TYPE minmax GRANULARITY 1
)
ENGINE = MergeTree
PARTITION BY toDate(`TimeUnix`, 'UTC')
ORDER BY (`ServiceName`, `MetricName`, `TimeUnix`, `RowId`)
TTL toDate(`TimeUnix`, 'UTC') + INTERVAL 34 DAY
SETTINGS ttl_only_drop_parts = 1, non_replicated_deduplication_window = 10000;
