//! The handler of `/metrics`.

use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, Uri};
use axum::response::{IntoResponse, Response};

use super::{AppState, reply};

/// The statement for the engine's own counters: files opened, bytes read, files and row groups pruned, memory, and
/// running queries except this one.
const ENGINE: &str = "
SELECT concat('lakefront_chdb_engine_event_total{event=\"', event, '\"} ', toString(value))
FROM system.events
WHERE event IN ('FileOpen', 'ReadBufferFromFileDescriptorReadBytes', 'SelectQuery', 'FailedSelectQuery',
                'IcebergPartitionPrunedFiles', 'IcebergMinMaxIndexPrunedFiles', 'IcebergMetadataFilesCacheHits',
                'IcebergMetadataFilesCacheMisses', 'IcebergMetadataReturnedObjectInfos', 'ParquetReadRowGroups',
                'ParquetPrunedRowGroups', 'ParquetMetadataCacheHits', 'ParquetMetadataCacheMisses', 'S3GetObject', 'S3HeadObject',
                'S3ListObjects', 'CachedReadBufferReadFromCacheBytes', 'CachedReadBufferReadFromSourceBytes')
UNION ALL
SELECT concat('lakefront_chdb_engine_memory_bytes ', toString(value)) FROM system.metrics WHERE metric = 'MemoryTracking'
UNION ALL
SELECT concat('lakefront_chdb_engine_queries ', toString(countIf(Settings['log_comment'] LIKE 'lakefront-%' AND NOT is_cancelled)))
FROM system.processes";

/// Handles `GET /metrics`: returns the counters in the Prometheus text format. The engine's own counters are left out
/// if the engine fails.
pub async fn show(State(state): State<AppState>, uri: Uri, headers: HeaderMap) -> Response {
    if let Err(error) = state.authenticator.authorize_metrics(&uri, &headers) {
        return reply::error(&error, "", state.engine.version());
    }
    let own = state.engine.check(ENGINE).await;
    let counters = &state.counters;
    let (running, waiting) = state.engine.load();
    let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
    let mut text = String::new();
    for (name, value) in [
        ("queries_total{outcome=\"answered\"}", read(&counters.answered)),
        ("queries_total{outcome=\"refused\"}", read(&counters.refused)),
        ("queries_total{outcome=\"busy\"}", read(&counters.busy)),
        ("queries_truncated_total", read(&counters.truncated)),
        ("result_rows_total", read(&counters.rows)),
        ("result_bytes_total", read(&counters.bytes)),
        ("engine_microseconds_total", read(&counters.engine_micros)),
        ("query_microseconds_total", read(&counters.total_micros)),
        ("queries_running", running as u64),
        ("queries_waiting", waiting as u64),
    ] {
        // Writing to a string does not fail.
        let _ = writeln!(text, "lakefront_chdb_{name} {value}");
    }
    for line in own.unwrap_or_default() {
        text.push_str(&line);
        text.push('\n');
    }
    ([(CONTENT_TYPE, "text/plain; version=0.0.4")], text).into_response()
}
