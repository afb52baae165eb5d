//! The handler of `GET /metrics`, in Prometheus format.

use axum::{extract::State, http::header::CONTENT_TYPE, response::IntoResponse};

use super::AppState;

/// Returns the metrics as OpenMetrics text.
pub async fn metrics(State(state): State<AppState>) -> impl IntoResponse {
    let backlog = state.wal.backlog();
    state.metrics.backlog_bytes.set(backlog.bytes as i64);
    state.metrics.backlog_records.set(backlog.records as i64);
    let tails = i64::try_from(state.tails.count()).unwrap_or(i64::MAX);
    state.metrics.open_tails.set(tails);
    (
        [(
            CONTENT_TYPE,
            "application/openmetrics-text; version=1.0.0; charset=utf-8",
        )],
        state.metrics.render(),
    )
}
