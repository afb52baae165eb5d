//! The three signals of OpenTelemetry.

/// The signal of a request.
///
/// The numbers never change: a write-ahead log stores them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, prost::Enumeration)]
#[repr(i32)]
pub enum Signal {
    /// `POST /v1/logs`
    Logs = 0,
    /// `POST /v1/traces`
    Traces = 1,
    /// `POST /v1/metrics`
    Metrics = 2,
}

impl Signal {
    /// All signals.
    pub const ALL: [Self; 3] = [Self::Logs, Self::Traces, Self::Metrics];

    /// Returns the path of the signal's requests.
    pub fn path(self) -> &'static str {
        match self {
            Self::Logs => "/v1/logs",
            Self::Traces => "/v1/traces",
            Self::Metrics => "/v1/metrics",
        }
    }

    /// Returns the signal's label in metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::Logs => "logs",
            Self::Traces => "traces",
            Self::Metrics => "metrics",
        }
    }
}
