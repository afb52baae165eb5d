use jiff::Timestamp;
use jiff::civil::Date;
use lakefront_api::{BackendKind, BackendState};

/// The engines that are configured, and what is believed of each: an argument of the plan.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Topology {
    /// In the order of preference (nearest first).
    pub backends: Vec<Backend>,
    /// The UTC day of the lake's first rows, where it is known: ranges are clipped to it.
    pub first_day: Option<Date>,
}

/// One engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backend {
    /// The name in the configuration.
    pub name: String,
    /// Its kind.
    pub kind: BackendKind,
    /// Its region, where it has one.
    pub region: Option<String>,
    /// What is believed of it. After a backend was down for 10 s it is unknown again, which lets one probe through.
    pub state: BackendState,
    /// What a ClickHouse says it holds; none while that was never heard, and for chDB.
    pub hot: Option<HotState>,
}

/// What a ClickHouse says it holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HotState {
    /// `otel.coverage`: a view or raw table that is not there is not held.
    pub coverage: Vec<Coverage>,
}

/// A row of `otel.coverage`: all of the lake's rows from a day on, as of a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Coverage {
    /// A view or a raw table, without its version.
    pub view: String,
    /// The version of its definition and of the mapping.
    pub version: String,
    /// The first UTC day of which all rows are held, and of every later one. With all of the lake in it that is the first
    /// day of its retention, also when the lake began later.
    pub first_day: Date,
    /// When it was last known to hold all of the lake's head.
    pub as_of: Timestamp,
}

impl Topology {
    /// The engines of a kind, in order.
    pub(crate) fn of(&self, kind: BackendKind) -> impl Iterator<Item = &Backend> {
        self.backends.iter().filter(move |backend| backend.kind == kind)
    }
}
