-- What `lakefront-sync audit` found: of each day and table the rows by the lake and the rows here, counted and hashed.
CREATE TABLE IF NOT EXISTS otel.audit
(
    at DateTime64(6, 'UTC'),
    day Date,
    table LowCardinality(String),
    lake_rows UInt64,
    lake_hash UInt64,
    rows UInt64,
    hash UInt64,
    differs Bool,
    repaired Bool
)
ENGINE = MergeTree
ORDER BY (at, day, table)
TTL toDate(at, 'UTC') + INTERVAL 90 DAY;
