-- What sync and router know of this server. `lakefront-sync migrate` applies the files of this folder in order.

CREATE DATABASE IF NOT EXISTS otel;

-- Which of them were applied, with a hash of what stood in them.
CREATE TABLE IF NOT EXISTS otel.migrations
(
    version UInt32,
    name String,
    sha256 String,
    applied_at DateTime64(6, 'UTC')
)
ENGINE = ReplacingMergeTree(applied_at)
ORDER BY version;

-- Which of the lake's data files are in the raw tables. `loading` is written before a file's insert and `loaded` after it:
-- a file that left the lake in between means that its day has to be rebuilt. Read with FINAL.
CREATE TABLE IF NOT EXISTS otel.ledger
(
    table LowCardinality(String),
    day Date,
    path String,
    rows UInt64,
    sequence_number Int64,
    state Enum8('loading' = 1, 'loaded' = 2, 'gone' = 3),
    at DateTime64(6, 'UTC')
)
ENGINE = ReplacingMergeTree(at)
ORDER BY (table, day, path);

-- Since which UTC day a view or raw table holds all rows of the lake, as of a time; NULL: nothing is promised. Every
-- statement on it checks this by itself. Read with FINAL.
CREATE TABLE IF NOT EXISTS otel.coverage
(
    view String,
    version String,
    first_day Nullable(Date),
    as_of DateTime64(6, 'UTC'),
    at DateTime64(6, 'UTC')
)
ENGINE = ReplacingMergeTree(at)
ORDER BY (view, version);
