//! The `/health` document of the router: its backends and their states.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::BackendKind;

/// The reply to `GET /health` of the router. The status is 200 while a backend can answer, else 503.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HealthReply {
    /// True if at least one backend can answer.
    pub healthy: bool,
    /// The configured backends.
    pub backends: Vec<BackendHealth>,
}

/// The router's cached status of one backend.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BackendHealth {
    /// The backend's name in the configuration.
    pub name: String,
    /// The backend's kind.
    pub kind: BackendKind,
    /// The backend's region, if one is configured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// The backend's state.
    pub state: BackendState,
    /// When a check or a call last updated the state.
    pub last_check: Option<Timestamp>,
    /// The duration of that check or call, in milliseconds.
    pub latency_ms: Option<f64>,
    /// The last time at which the backend's data was current with the lake.
    pub as_of: Option<Timestamp>,
    /// The time since `as_of`, in whole seconds.
    pub lag_seconds: Option<u64>,
    /// The last failure, as a text for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// The container of the backend, if the router starts it. With several instances it is the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub container: Option<ContainerHealth>,
}

/// The container of a backend. Its Durable Object reports it to the router.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ContainerHealth {
    /// The state of the container.
    pub state: ContainerState,
    /// The last cold start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_start: Option<ContainerStart>,
}

/// The states of a container.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ContainerState {
    /// The container does not run. The next query starts it.
    Stopped,
    /// The container was started, or has to prove that it still answers.
    Starting,
    /// The container takes queries.
    Ready,
    /// The container was told to end. The next query waits for the next container.
    Draining,
    /// The container failed, and is started again after a time.
    Failed,
}

/// A cold start of a container.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ContainerStart {
    /// When the container answered for the first time.
    pub at: Timestamp,
    /// The time from the start to that, in milliseconds.
    pub took_ms: u64,
}

/// The states of a backend.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BackendState {
    /// The backend was not checked yet, or was down and is due for a new try.
    Unknown,
    /// The backend answers.
    Healthy,
    /// The backend is a container that is stopped. The first query starts it, so it counts as healthy.
    Asleep,
    /// The backend does not answer. After 10 s it is tried once.
    Down,
}
