//! The handler of `/health`.

use std::time::{Duration, Instant};

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use lakefront_api::{EngineHealth, EngineState, LakeHealth, LakeState};

use super::{AppState, reply};

/// The time within which the engine must answer `SELECT 1`.
const ENGINE_TIMEOUT: Duration = Duration::from_secs(2);

/// Handles `GET /health`: reports engine and lake separately, with status 200 if the engine answers, else 503.
///
/// Checks the engine now. The lake's part is the result of the last background refresh, with its time. A slow catalog
/// or store therefore does not delay the reply.
pub async fn show(State(state): State<AppState>, uri: Uri, headers: HeaderMap) -> Response {
    if let Err(error) = state.authenticator.authorize_metrics(&uri, &headers) {
        return reply::error(&error, "", state.engine.version());
    }
    let started = Instant::now();
    state.engine.record_request();
    let detail = match tokio::time::timeout(ENGINE_TIMEOUT, state.engine.check("SELECT 1")).await {
        Ok(Ok(_)) => None,
        Ok(Err(error)) => Some(error.to_string()),
        Err(_) => Some(format!("no answer within {} s", ENGINE_TIMEOUT.as_secs())),
    };
    let (running, waiting) = state.engine.load();
    let health = EngineHealth {
        engine: EngineState {
            healthy: detail.is_none(),
            version: state.engine.version().into(),
            latency_ms: started.elapsed().as_secs_f64() * 1e3,
            running: running as u64,
            waiting: waiting as u64,
            detail,
        },
        lake: lake(&state),
    };
    let status = if health.engine.healthy {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    (status, Json(health)).into_response()
}

/// Returns the state of the lake. An engine with its own tables reports a missing lake.
fn lake(state: &AppState) -> LakeHealth {
    match &state.engine.lake {
        Some(lake) => lake.health(Timestamp::now()),
        None => LakeHealth {
            state: LakeState::Missing,
            as_of: None,
            first_days_age_ms: None,
            detail: None,
            past_states: Vec::new(),
            tables: Vec::new(),
        },
    }
}
