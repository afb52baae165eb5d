use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::BackendKind;

/// `GET /health` of the router: 200 while something can answer, else 503.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HealthReply {
    /// Whether some backend can answer.
    pub healthy: bool,
    /// Each configured backend.
    pub backends: Vec<BackendHealth>,
}

/// What the router knows of one backend.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BackendHealth {
    /// The name in the configuration.
    pub name: String,
    /// Its kind.
    pub kind: BackendKind,
    /// Its region, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// What is believed of it.
    pub state: BackendState,
    /// When that was last learned.
    pub last_check: Option<Timestamp>,
    /// How long the last check took, in milliseconds.
    pub latency_ms: Option<f64>,
    /// When it was last known to hold all of the lake's head.
    pub as_of: Option<Timestamp>,
    /// Now minus `as_of`, in seconds.
    pub lag_seconds: Option<u64>,
    /// The last failure, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

/// What is believed of a backend.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BackendState {
    /// Not asked yet.
    Unknown,
    /// It answers.
    Healthy,
    /// A container that sleeps and wakes on the first query; counts as healthy.
    Asleep,
    /// It does not answer; one probe follows after 10 s.
    Down,
}
