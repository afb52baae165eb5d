//! The handler of `/health`.

use std::time::{Duration, Instant};

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use lakefront_api::{EngineHealth, EngineState, LakeHealth, LakeState};

use super::{Shared, reply};

/// The time within which the engine must answer `SELECT 1`.
const PATIENCE: Duration = Duration::from_secs(2);

/// Handles `GET /health`: reports engine and lake separately, with status 200 if the engine answers, else 503.
///
/// Checks the engine now. The lake's part is the result of the last background refresh, with its time. A slow catalog
/// or store therefore does not delay the reply.
pub async fn show(State(shared): State<Shared>, uri: Uri, headers: HeaderMap) -> Response {
    if let Err(error) = shared.door.look(&uri, &headers) {
        return reply::refusal(&error, "", shared.engine.version());
    }
    let started = Instant::now();
    shared.engine.asked();
    let detail = match tokio::time::timeout(PATIENCE, shared.engine.check("SELECT 1")).await {
        Ok(Ok(_)) => None,
        Ok(Err(error)) => Some(error.to_string()),
        Err(_) => Some(format!("no answer within {} s", PATIENCE.as_secs())),
    };
    let (running, waiting) = shared.engine.load();
    let health = EngineHealth {
        engine: EngineState {
            healthy: detail.is_none(),
            version: shared.engine.version().into(),
            latency_ms: started.elapsed().as_secs_f64() * 1e3,
            running: running as u64,
            waiting: waiting as u64,
            detail,
        },
        lake: lake(&shared),
    };
    let status = if health.engine.healthy {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    (status, Json(health)).into_response()
}

/// Returns the state of the lake. An engine with its own tables reports a missing lake.
fn lake(shared: &Shared) -> LakeHealth {
    match &shared.engine.lake {
        Some(lake) => lake.health(Timestamp::now()),
        None => LakeHealth {
            state: LakeState::Missing,
            as_of: None,
            detail: None,
            tables: Vec::new(),
        },
    }
}
