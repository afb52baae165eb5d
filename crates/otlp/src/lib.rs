//! OTLP/HTTP without I/O: the check of a request, the identity of its sender, and the answer.
//!
//! <https://opentelemetry.io/docs/specs/otlp/>
//!
//! Ingest and the Worker take telemetry by the same rules, which are here. Reading and decompressing a body, and storing
//! its rows, is theirs.

#![warn(clippy::missing_errors_doc)]

mod batch_id;
mod bearer_keys;
mod budgets;
mod check;
mod client;
mod format;
mod key_rules;
mod request;
mod response;
mod skew;
mod status;
mod usage;
mod visitors;

pub use batch_id::{BatchId, InvalidBatchId};
pub use bearer_keys::{BearerKeys, given_key};
pub use budgets::{Exhausted, KeyBudgets, SentToday};
pub use check::{MOST_DAYS, Rejected, Rejection, row_times};
pub use client::Client;
pub use format::Format;
pub use key_rules::{ByKey, InvalidRule, KeyOrigins, Origin, unknown_names};
pub use request::{
    Accepted, FIELDS_EVENT, Limits, OWN_EVENTS, QUERY_EVENT, RequestError, WATCH_EVENT, accept,
    has_own_events, own_logs,
};
pub use response::{PartialSuccess, export_response};
pub use skew::{SKEW_ATTRIBUTE, skew_micros};
pub use status::{Status, code};
pub use usage::{USAGE_EVENT, Usage};
pub use visitors::{VisitorSecret, day_key};
