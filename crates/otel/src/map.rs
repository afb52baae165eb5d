//! The mapping from OTLP messages to typed rows, a pure function of a record and the context of its request.
//!
//! Rows borrow from the message. Values that all records of a resource share are computed once per resource
//! ([`Resource`]). Costly values that repeat are cached by the [`Mapper`]. Neither changes the rows.

mod any_value;
mod attributes;
mod bound;
mod context;
mod error_group;
mod exception;
mod id;
mod log;
mod mapper;
mod number;
mod page;
mod passed_on;
mod placeholder;
mod promoted;
mod pseudonym;
mod request;
mod resource;
mod route;
mod span;
mod time;
mod user_agent;
mod visitor;
mod vital;

pub use any_value::text;
pub use context::RequestContext;
pub use error_group::ErrorKey;
pub use id::HexId;
pub use log::LogRow;
pub use mapper::Mapper;
pub use passed_on::PassedOn;
pub use promoted::Promoted;
pub use pseudonym::Pseudonym;
pub use resource::{Resource, Scope};
pub use span::SpanRow;
pub use user_agent::UserAgent;

#[cfg(feature = "arrow")]
pub(crate) use {attributes::distinct, id::hex_id, time::micros};
