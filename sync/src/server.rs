//! The HTTP server of `run`: `GET /health` and `GET /metrics`.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use jiff::Timestamp;
use lakefront_api::{LeaseHealth, SyncHealth, TargetHealth};
use lakefront_hosts::AllowedHosts;
use prometheus_client::encoding::{EncodeLabelSet, text::encode};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::{Registry, Unit};

use crate::error::{Error, Result};
use crate::follower::Summary;

/// The monitor: metrics, and the state of each ClickHouse after its last round.
#[derive(Debug)]
pub struct Monitor {
    targets: Mutex<BTreeMap<String, TargetHealth>>,
    registry: Registry,
    rounds: Family<RoundLabels, Counter>,
    files: Family<TargetLabel, Counter>,
    rows: Family<TargetLabel, Counter>,
    built: Family<TargetLabel, Counter>,
    in_step_at: Family<TargetLabel, Gauge>,
    seconds: Family<TargetLabel, Histogram>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct TargetLabel {
    target: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RoundLabels {
    target: String,
    outcome: &'static str,
}

/// A round that has ended.
#[derive(Debug)]
pub struct EndedRound<'a> {
    /// Start of the round.
    pub began: Timestamp,
    /// Duration of the round.
    pub elapsed: Duration,
    /// The name under which this process holds the lease, if it does.
    pub holder: Option<&'a str>,
    /// Time of the last loaded rows, if known.
    pub last_loaded: Option<Timestamp>,
    /// The result of the round.
    pub round: &'a Result<Summary>,
}

impl Monitor {
    /// Creates a monitor without rounds.
    pub fn new<'a>(targets: impl Iterator<Item = &'a str>) -> Self {
        let mut monitor = Self {
            targets: Mutex::new(
                targets
                    .map(|name| (name.to_owned(), TargetHealth::default()))
                    .collect(),
            ),
            registry: Registry::with_prefix("lakefront_sync"),
            rounds: Family::default(),
            files: Family::default(),
            rows: Family::default(),
            built: Family::default(),
            in_step_at: Family::default(),
            seconds: Family::new_with_constructor(|| Histogram::new(exponential_buckets(0.01, 2.0, 18))),
        };
        let r = &mut monitor.registry;
        r.register("rounds", "Rounds by outcome", monitor.rounds.clone());
        r.register("files", "Data files loaded", monitor.files.clone());
        r.register("rows", "Rows loaded", monitor.rows.clone());
        r.register("days_built", "Days built in staging", monitor.built.clone());
        r.register_with_unit(
            "in_step_as_of",
            "Start of the last round that ended well",
            Unit::Seconds,
            monitor.in_step_at.clone(),
        );
        r.register_with_unit(
            "round",
            "Duration of a round",
            Unit::Seconds,
            monitor.seconds.clone(),
        );
        monitor
    }

    /// Records a round that has ended.
    pub fn round_ended(&self, target: &str, ended: &EndedRound<'_>) {
        let EndedRound { began, round, .. } = *ended;
        let label = TargetLabel {
            target: target.to_owned(),
        };
        let outcome = match round {
            Ok(_) => "done",
            Err(Error::Busy { .. }) => "busy",
            Err(_) => "failed",
        };
        let labels = RoundLabels {
            target: target.to_owned(),
            outcome,
        };
        self.rounds.get_or_create(&labels).inc();
        self.seconds
            .get_or_create(&label)
            .observe(ended.elapsed.as_secs_f64());
        if let Ok(summary) = round {
            self.files.get_or_create(&label).inc_by(summary.files);
            self.rows.get_or_create(&label).inc_by(summary.rows);
            self.built.get_or_create(&label).inc_by(summary.built);
            self.in_step_at.get_or_create(&label).set(began.as_second());
        }
        let mut targets = self.targets.lock().unwrap_or_else(PoisonError::into_inner);
        let health = targets.entry(target.to_owned()).or_default();
        health.last_round = Some(Timestamp::now());
        health.busy = outcome == "busy";
        health.last_loaded = ended.last_loaded;
        health.lease = match round {
            Err(Error::Busy { holder, silent, .. }) => Some(LeaseHealth {
                holder: holder.clone(),
                ours: false,
                silent_for_seconds: Some(silent.as_secs()),
            }),
            _ => ended.holder.map(|holder| LeaseHealth {
                holder: holder.to_owned(),
                ours: true,
                silent_for_seconds: None,
            }),
        };
        match round {
            Ok(_) => {
                health.in_step_as_of = Some(began);
                health.error = None;
            }
            Err(Error::Busy { .. }) => health.error = None,
            Err(error) => health.error = Some(error.to_string()),
        }
    }
}

/// Returns the routes. Requests must name this host, and must not come from a web page of another origin.
pub fn router(monitor: Arc<Monitor>, hosts: AllowedHosts) -> Router {
    Router::new()
        .route("/health", get(health))
        .route("/metrics", get(metrics))
        .layer(middleware::from_fn_with_state(Arc::new(hosts), require_own_host))
        .with_state(monitor)
}

async fn require_own_host(State(hosts): State<Arc<AllowedHosts>>, request: Request, next: Next) -> Response {
    const VARIABLE: &str = "LAKEFRONT_ALLOWED_HOSTS (--allowed-hosts)";
    if let Err(foreign) = hosts.check(request.uri(), request.headers(), VARIABLE) {
        let problem = serde_json::json!({
            "type": "https://lakefront.dev/problems/foreign-request",
            "title": "request not allowed",
            "status": StatusCode::FORBIDDEN.as_u16(),
            "detail": foreign.to_string(),
        });
        let header = [(CONTENT_TYPE, "application/problem+json")];
        return (StatusCode::FORBIDDEN, header, problem.to_string()).into_response();
    }
    next.run(request).await
}

/// Answers 200 if no ClickHouse failed its last round, else 503, with the same body.
async fn health(State(monitor): State<Arc<Monitor>>) -> (StatusCode, Json<SyncHealth>) {
    let mut targets = monitor
        .targets
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .clone();
    let now = Timestamp::now();
    for target in targets.values_mut() {
        let since = target.last_loaded.map(|last| now.duration_since(last).as_secs());
        target.nothing_loaded_for_seconds = since;
    }
    let ready = targets.values().all(|target| target.error.is_none());
    let status = match ready {
        true => StatusCode::OK,
        false => StatusCode::SERVICE_UNAVAILABLE,
    };
    (status, Json(SyncHealth { ready, targets }))
}

async fn metrics(State(monitor): State<Arc<Monitor>>) -> String {
    let mut text = String::new();
    // Writing to a `String` cannot fail.
    let _ = encode(&mut text, &monitor.registry);
    text
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::{TcpListener, TcpStream};

    use super::{Monitor, router};

    #[tokio::test]
    async fn only_requests_for_this_host_are_answered() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let hosts = ["sync.internal".parse().expect("a name")].into_iter().collect();
        let monitor = Arc::new(Monitor::new(std::iter::empty()));
        tokio::spawn(axum::serve(listener, router(monitor, hosts)).into_future());
        for (headers, expected) in [
            ("Host: localhost:8190", "200"),
            ("Host: sync.internal", "200"),
            ("Host: evil.example", "403"),
            ("Host: localhost\r\nOrigin: http://evil.example", "403"),
            ("Host: localhost\r\nSec-Fetch-Site: cross-site", "403"),
        ] {
            for path in ["/health", "/metrics"] {
                let mut stream = TcpStream::connect(address).await.expect("a connection");
                let request = format!("GET {path} HTTP/1.1\r\n{headers}\r\nConnection: close\r\n\r\n");
                stream.write_all(request.as_bytes()).await.expect("written");
                let mut answer = String::new();
                stream.read_to_string(&mut answer).await.expect("read");
                assert_eq!(
                    answer.split(' ').nth(1),
                    Some(expected),
                    "{path} {headers}: {answer}"
                );
            }
        }
    }
}
