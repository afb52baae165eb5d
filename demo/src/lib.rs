//! A small web shop, invented: its people, their visits, what its services then report, and what the named
//! queries must answer about it.
//!
//! Everything here is a function of a seed and a time. No clock, no I/O, no OpenTelemetry types: an [`Event`] is plain
//! data, and the program beside this library hands it to the OpenTelemetry SDK.

mod backend;
mod dice;
mod event;
pub mod expected;
mod fault;
mod now;
mod page;
mod person;
mod product;
mod shop;
mod visit;

pub use event::{
    Attribute, Environment, ErrorFact, Event, Facts, Kind, Log, Record, Request, Service, Severity, Source,
    Span, SpanContext, SpanEvent, Value,
};
pub use fault::Fault;
pub use now::Live;
pub use shop::Shop;

/// Microseconds in a second, the unit of every time here.
pub const SECOND: i64 = 1_000_000;
/// Microseconds in an hour.
pub const HOUR: i64 = 3_600 * SECOND;
/// Microseconds in a day of 24 hours.
pub const DAY: i64 = 24 * HOUR;
