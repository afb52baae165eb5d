//! The live tail: accepted rows that fit a search, as server-sent events, before they are committed.
//!
//! A [`Filter`] finds rows in a record batch. A [`Hub`] hands them to open tails within limits on rate and memory, and
//! counts what a tail does not get: a tail loses rows rather than slow down who accepts them. [`frames`] makes the
//! stream of events that a reader gets.
//!
//! The crate does no I/O and reads no clock. Ingest and the Worker's Durable Object are the two programs around it.
//!
//! | event | data |
//! |---|---|
//! | `row` | an object with the columns that `POST /search` returns; `line` is the cursor of the row, once it has one |
//! | `counts` | [`Counts`] since the tail was opened: first at once, then each second in which they changed |
//!
//! A stream without an event for [`HEARTBEAT`] has a comment. It ends after [`LIFE`]; the reader then opens another.

#![warn(clippy::missing_errors_doc)]

mod delivery;
mod filter;
mod frames;
mod hub;
mod rows;

pub use delivery::Delivery;
pub use filter::Filter;
pub use frames::{HEARTBEAT, LIFE, MEDIA_TYPE, frames};
pub use hub::{Counts, Full, Hub, Listener, MOST_TAILS, QUEUE_BYTES, QUEUE_ROWS, RATE};
pub use rows::{Found, LONGEST_NAME, LONGEST_TEXT};

/// The path at which ingest and the router serve tails.
pub const PATH: &str = "/tail";
