//! The topology: the configured engines and their last known status, an input of the plan.

use jiff::Timestamp;
use jiff::civil::Date;
use lakefront_api::{BackendKind, BackendState};

/// The configured engines with their last known status: an argument of the plan.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Topology {
    /// The engines in order of preference, the nearest first.
    pub backends: Vec<Backend>,
    /// The UTC day of the lake's first rows, if known. Ranges are clipped to it.
    pub first_day: Option<Date>,
}

/// A configured engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backend {
    /// The name in the configuration.
    pub name: String,
    /// The kind of engine: ClickHouse or chDB.
    pub kind: BackendKind,
    /// The region of the engine, if it has one.
    pub region: Option<String>,
    /// The cached status. Ten seconds after a backend went down the status is unknown again, which lets one probe
    /// through.
    pub state: BackendState,
    /// The coverage that a ClickHouse reported. `None` before the first report, and for chDB.
    pub hot: Option<HotState>,
}

/// The state of a ClickHouse, as it reported it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HotState {
    /// The rows of `otel.coverage`. A view or raw table without a row counts as empty.
    pub coverage: Vec<Coverage>,
}

/// A row of `otel.coverage`: as of a time, the ClickHouse holds all of the lake's rows from a day on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Coverage {
    /// The name of a view or a raw table, without its version.
    pub view: String,
    /// The version: a hash of the definition and of the mapping from OTLP.
    pub version: String,
    /// The first UTC day from which on all rows are held. When the whole lake is loaded, it is the first day of the
    /// retention, even if the lake began later.
    pub first_day: Date,
    /// The last time at which the ClickHouse was known to hold everything that the lake had committed.
    pub as_of: Timestamp,
}

impl Topology {
    /// Returns the engines of a kind, in order of preference.
    pub(crate) fn of(&self, kind: BackendKind) -> impl Iterator<Item = &Backend> {
        self.backends.iter().filter(move |backend| backend.kind == kind)
    }
}
