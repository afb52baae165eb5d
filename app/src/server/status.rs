//! The state of the backends, and whether the lake has rows.

use std::collections::BTreeMap;

use jiff::Timestamp;
use lakefront_api::{
    BackendHealth, BackendState, ContainerHealth, ContainerState, IngestRefusal, SqlRequest,
};
use lakefront_chart::{Unit, span};

use super::{
    guide,
    types::{BackendRow, LakeContent},
};
use crate::{QueryService, elapsed::ago, failure::Failure};

/// Counts the rows of all tables without Lakefront's own events, which are in the lake before any sender's rows.
const COUNT: &str = "SELECT (SELECT count() FROM (SELECT 1 FROM otel_logs WHERE ServiceName NOT IN ('lakefront-router', 'lakefront-ingest') LIMIT 1)) \
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
    let container = health.container.map(|container| of_container(container, now));
    let notes: Vec<_> = health.detail.into_iter().chain(container).collect();
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
        detail: notes.join("; "),
    }
}

/// Returns the state of a container as a sentence.
fn of_container(container: ContainerHealth, now: Timestamp) -> String {
    let state = match container.state {
        ContainerState::Stopped => "stopped",
        ContainerState::Starting => "starting",
        ContainerState::Ready => "ready",
        ContainerState::Draining => "about to end",
        ContainerState::Failed => "failed",
    };
    let start = container.last_start.map(|start| {
        let took = Unit::Millis.full(start.took_ms as f64);
        format!(", last started {} in {took}", ago(start.at, now))
    });
    format!("container {state}{}", start.unwrap_or_default())
}

/// Returns whether the lake has rows, and if not, the guide and the last request that ingest refused. `origin` is the
/// dashboard's own.
///
/// # Errors
/// [`Failure::Problem`] if no backend can count the rows.
pub async fn lake_content(host: &QueryService, origin: String) -> Result<LakeContent, Failure> {
    let request = SqlRequest {
        sql: COUNT.into(),
        params: BTreeMap::new(),
        id: None,
    };
    let reply = host.own_sql(request).await?;
    let empty = reply.rows.first().and_then(|row| row.first()?.as_u64()) == Some(0);
    let refusal = if empty { refusal(host).await } else { None };
    let guide = empty.then(|| guide::steps(&origin, &host.otlp_endpoint()).into_string());
    Ok(LakeContent { guide, refusal })
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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_container_says_its_state_and_its_last_start() {
        let now: Timestamp = "2026-03-24T14:00:00Z".parse().unwrap();
        let state = |container| {
            let health: BackendHealth = serde_json::from_value(json!({
                "name": "chdb", "kind": "chdb", "state": "asleep", "lastCheck": null, "latencyMs": null, "asOf": null,
                "lagSeconds": null, "container": container
            }))
            .unwrap();
            backend(health, now).detail
        };
        let start = json!({ "at": "2026-03-24T12:00:00Z", "tookMs": 2_300 });
        assert_eq!(
            state(json!({ "state": "stopped", "lastStart": start })),
            "container stopped, last started 2 h ago in 2.3 s"
        );
        assert_eq!(state(json!({ "state": "draining" })), "container about to end");
        assert_eq!(state(json!(null)), "");
    }
}
