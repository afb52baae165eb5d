//! The wire types that the router, the dashboard and the engines share: the JSON bodies of their HTTP requests and
//! replies.
//!
//! Times are RFC 3339 in UTC with microseconds ([`jiff::Timestamp`]). The crate does no I/O and no planning, and reads
//! no clock.

#![warn(clippy::missing_errors_doc)]

mod catalogue;
mod engine_health;
mod engine_query;
mod estimate;
mod funnels;
mod health;
mod ingest_health;
pub mod instant;
mod page;
mod problem;
mod query;
mod search;
mod sync_health;
mod table_status;
mod thresholds;
mod time_range;
#[cfg(feature = "tzdb")]
mod time_zone;
mod zone;

pub use catalogue::{
    Better, Bucket, ChartKind, ChartSpec, ColumnInfo, ParamInfo, ParamKind, QueryInfo, row_search,
};
pub use engine_health::{
    EngineHealth, EngineState, LakeHealth, LakeState, MOST_PAST_STATES, NO_SUCH_STATE, TableHealth,
};
pub use engine_query::{EngineQueryError, EngineQueryReply, EngineQueryRequest};
pub use estimate::{Estimate, Progress, ProgressState, TableEstimate};
pub use funnels::{MAX_STEPS, funnel_steps, parse_funnels};
pub use health::{BackendHealth, BackendState, ContainerHealth, ContainerStart, ContainerState, HealthReply};
pub use ingest_health::{
    IngestCommit, IngestCompaction, IngestDrop, IngestFailure, IngestHealth, IngestLanding, IngestLog,
    IngestLoss, IngestRefusal, IngestRetention, IngestRewrite, LandingHour, LandingTable,
};
pub use page::{Page, PanelPlace};
pub use problem::{Problem, ProblemType};
pub use query::{
    BackendChoice, BackendKind, Column, QueryReply, QueryRequest, Range, Reason, SentParam, SentStatement,
    SqlRequest, Stats,
};
pub use search::{Cursor, Language, SearchReply, SearchRequest, Signal, Wanted};
pub use sync_health::{LeaseHealth, SyncHealth, TargetHealth};
pub use table_status::{FilesBySize, TableStatus};
pub use thresholds::Thresholds;
pub use time_range::{Preset, TimeRange};
#[cfg(feature = "tzdb")]
pub use time_zone::time_zone;
pub use zone::{Zone, ZoneOffset};
