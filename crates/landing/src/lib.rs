//! The form of rows on their way from the Worker to the lake, through Cloudflare Pipelines.
//!
//! The Worker sends each row as an *event*, a JSON object, in *chunks*. A pipeline's SQL makes a row of a *landing table*
//! of it, and the keeper makes a row of `otel` of that. All three forms follow from the table definition of
//! `lakefront-otel`. Everything here is a pure function: no I/O, no clock.
//!
//! `docs/deploy/pipelines.md` has the limits and behaviour that this follows from, with sources.

#![warn(clippy::missing_errors_doc)]

#[cfg(feature = "send")]
mod chunk;
#[cfg(feature = "send")]
mod event;
mod form;
mod hour;
mod receipt;
mod resources;
#[cfg(feature = "read")]
mod rows;

#[cfg(feature = "send")]
pub use chunk::{Chunk, ChunkKey, Chunks, MAX_BYTES, TARGET_BYTES, TooLarge};
#[cfg(feature = "send")]
pub use event::Events;
pub use form::{INGESTED, LandingTable, NAMESPACE, VERSION, definitions, landing_table, landing_tables};
pub use hour::Hour;
pub use receipt::{RECEIPTS, Receipt};
pub use resources::{Call, Kind, calls, pipeline_sql};
#[cfg(feature = "read")]
pub use rows::{Mark, Moved, marks, receipts, rows, times};
