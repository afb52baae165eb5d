//! The handlers of `GET /health` and of gRPC's health check.

use std::sync::PoisonError;

use axum::{Json, extract::State, http::StatusCode};
use lakefront_api::{IngestHealth, IngestLog};

use super::AppState;

/// Answers 200 while requests are accepted, 503 otherwise. The body is the same in both cases.
pub async fn health(State(state): State<AppState>) -> (StatusCode, Json<IngestHealth>) {
    let backlog = state.wal.backlog();
    let progress = state.progress.borrow().clone();
    let refusal = state.wal.refusal();
    let ready = refusal.is_none();
    let health = IngestHealth {
        ready,
        refusing: refusal.map(|refusal| refusal.to_string()),
        records_per_second: state.rate.per_second(),
        wal: IngestLog {
            writer: progress.writer,
            backlog_bytes: backlog.bytes,
            backlog_records: backlog.records,
            disk_bytes: backlog.disk_bytes,
            limit_bytes: state.config.log.wal_limit.as_u64(),
        },
        last_commit: progress.last_commit,
        last_error: progress.last_error,
        compaction: Some(state.compaction.borrow().clone()),
        retention: Some(state.retention.borrow().clone()),
        tables: state.tables.borrow().clone(),
        landing: Some(state.landing.borrow().clone()),
        last_refusal: state
            .last_refusal
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone(),
        last_loss: state.last_loss.get(),
        shifted_records: state.metrics.shifted_records.get(),
    };
    let status = if ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    (status, Json(health))
}

/// Answers `grpc.health.v1.Health/Check`: SERVING while requests are accepted, else NOT_SERVING. All services are one, so
/// that the name in the request does not matter.
pub async fn grpc(State(state): State<AppState>) -> Vec<u8> {
    // The field `status` of a HealthCheckResponse.
    vec![8, if state.wal.refusal().is_none() { 1 } else { 2 }]
}
