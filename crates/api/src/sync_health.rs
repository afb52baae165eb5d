//! The `/health` document of sync: the state of each ClickHouse.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The reply to `GET /health` of sync. The status is 200 if no ClickHouse failed its last round, else 503.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SyncHealth {
    /// True if no ClickHouse failed its last round.
    pub ready: bool,
    /// The state of each ClickHouse after its last round, by its name.
    pub targets: BTreeMap<String, TargetHealth>,
}

/// The state of a ClickHouse after sync's last round.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct TargetHealth {
    /// Start of the last round that succeeded. Everything that was committed until then is loaded.
    pub in_step_as_of: Option<Timestamp>,
    /// End of the last round, whatever its outcome.
    pub last_round: Option<Timestamp>,
    /// True if another sync held the lease.
    pub busy: bool,
    /// The holder of the lease, as of the last round.
    pub lease: Option<LeaseHealth>,
    /// Time of the last loaded rows, by any sync.
    pub last_loaded: Option<Timestamp>,
    /// Seconds since then.
    pub nothing_loaded_for_seconds: Option<i64>,
    /// The error of the last round.
    pub error: Option<String>,
}

/// The holder of a lease.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeaseHealth {
    /// The name of the holder.
    pub holder: String,
    /// True if the sync that reports holds the lease.
    pub ours: bool,
    /// Seconds since the last heartbeat of another holder, as of the last round.
    pub silent_for_seconds: Option<u64>,
}
