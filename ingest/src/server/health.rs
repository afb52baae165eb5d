//! The handler of `GET /health`.

use std::collections::BTreeMap;
use std::sync::PoisonError;

use axum::{Json, extract::State, http::StatusCode};
use serde::Serialize;

use super::{AppState, losses::Loss, refusals::Refusal};
use crate::pipeline::{CommitRecord, Failure};

/// The state of the process.
#[derive(Debug, Serialize)]
pub struct Health {
    /// True if requests are accepted.
    ready: bool,
    /// The reason for which no requests are accepted.
    refusing: Option<String>,
    /// Accepted records per second, over the last minute.
    records_per_second: f64,
    /// The write-ahead log.
    wal: WalHealth,
    /// The last commit of each table since the start.
    last_commit: BTreeMap<&'static str, CommitRecord>,
    /// The last failed commit; kept also when later commits succeed.
    last_error: Option<Failure>,
    /// The last request that was refused since the start.
    last_refusal: Option<Refusal>,
    /// The last request since the start that was accepted without some of its records or values.
    last_loss: Option<Loss>,
}

/// The write-ahead log.
#[derive(Debug, Serialize)]
struct WalHealth {
    /// Number of this log in the lake's table properties.
    writer: u16,
    /// Bytes that are not in the lake.
    backlog_bytes: u64,
    /// Records that are not in the lake.
    backlog_records: u64,
    /// Bytes of the log's files on disk.
    disk_bytes: u64,
    /// Bytes of the log's files at which requests get 503.
    limit_bytes: u64,
}

/// Answers 200 while requests are accepted, 503 otherwise. The body is the same in both cases.
pub async fn health(State(state): State<AppState>) -> (StatusCode, Json<Health>) {
    let backlog = state.wal.backlog();
    let progress = state.progress.borrow().clone();
    let refusal = state.wal.refusal();
    let ready = refusal.is_none();
    let health = Health {
        ready,
        refusing: refusal.map(|refusal| refusal.to_string()),
        records_per_second: state.rate.per_second(),
        wal: WalHealth {
            writer: progress.writer,
            backlog_bytes: backlog.bytes,
            backlog_records: backlog.records,
            disk_bytes: backlog.disk_bytes,
            limit_bytes: state.config.log.wal_limit.as_u64(),
        },
        last_commit: progress.last_commit,
        last_error: progress.last_error,
        last_refusal: state
            .last_refusal
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone(),
        last_loss: state.last_loss.get(),
    };
    let status = if ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    (status, Json(health))
}
