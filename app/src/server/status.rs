//! The state of the backends, and whether the lake has rows.

use std::collections::BTreeMap;

use jiff::Timestamp;
use lakefront_api::{BackendHealth, BackendState, IngestRefusal, SqlRequest};
use lakefront_chart::{Unit, span};

use super::types::{BackendRow, LakeContent};
use crate::{QueryService, elapsed::ago, failure::Failure};

/// Counts the rows of all tables without the router's own events, which are in the lake before any sender's rows.
const COUNT: &str = "SELECT (SELECT count() FROM (SELECT 1 FROM otel_logs WHERE ServiceName != 'lakefront-router' LIMIT 1)) \
    + (SELECT count() FROM otel_traces) + (SELECT count() FROM otel_metrics_gauge) + (SELECT count() FROM otel_metrics_sum) \
    + (SELECT count() FROM otel_metrics_histogram)";

/// Returns the state of each backend.
///
/// # Errors
/// [`Failure::Problem`] if the host does not report them.
pub async fn backends(host: &QueryService, now: Timestamp) -> Result<Vec<BackendRow>, Failure> {
    let health = host.health().await?;
    Ok(health
        .backends
        .into_iter()
        .map(|health| backend(health, now))
        .collect())
}

fn backend(health: BackendHealth, now: Timestamp) -> BackendRow {
    let (class, state) = match health.state {
        BackendState::Unknown => ("idle", "not asked yet"),
        BackendState::Healthy => ("up", "healthy"),
        BackendState::Asleep => ("idle", "asleep"),
        BackendState::Down => ("down", "down"),
    };
    let region = health
        .region
        .map(|region| format!(" {region}"))
        .unwrap_or_default();
    BackendRow {
        name: format!("{}{region}", health.kind.title()),
        state: state.into(),
        class: class.into(),
        latency: health
            .latency_ms
            .map(|ms| Unit::Millis.full(ms))
            .unwrap_or_default(),
        checked: health.last_check.map(|time| ago(time, now)).unwrap_or_default(),
        lag: health.lag_seconds.map(span).unwrap_or_default(),
        detail: health.detail.unwrap_or_default(),
    }
}

/// Returns whether the lake has rows, and if not, the last request that ingest refused.
///
/// # Errors
/// [`Failure::Problem`] if no backend can count the rows.
pub async fn lake_content(host: &QueryService) -> Result<LakeContent, Failure> {
    let request = SqlRequest {
        sql: COUNT.into(),
        params: BTreeMap::new(),
        id: None,
    };
    let reply = host.own_sql(request).await?;
    let empty = reply.rows.first().and_then(|row| row.first()?.as_u64()) == Some(0);
    let refusal = if empty { refusal(host).await } else { None };
    Ok(LakeContent { empty, refusal })
}

/// Returns the last request that ingest refused, as a sentence. `None` also if ingest does not answer, because the
/// state of the lake is worth showing without it.
async fn refusal(host: &QueryService) -> Option<String> {
    let health = host.ingest().await.ok()??;
    let IngestRefusal {
        at,
        path,
        status,
        message,
        ..
    } = health.last_refusal?;
    Some(format!("{at:.0} {path} was refused with {status}: {message}"))
}
