//! The traffic of an invented web shop: its people, their visits, the telemetry of its services, and the expected
//! answers of the named queries.
//!
//! Everything is a function of a seed and a time. The library has no clock, no I/O and no OpenTelemetry types. An
//! [`Event`] is plain data, which the program beside this library sends through the OpenTelemetry SDK.

#![expect(
    missing_docs,
    reason = "the library of a program, used by its tests: a name that says all has no comment"
)]

mod backend;
mod event;
pub mod expected;
mod fault;
mod live;
mod page;
mod person;
mod product;
mod rng;
mod shop;
mod traffic;
mod visit;
mod visitor;

pub use event::{
    Attribute, Environment, ErrorFact, Event, Facts, Kind, Log, Record, Request, Service, Severity, Source,
    Span, SpanContext, SpanEvent, Value,
};
pub use fault::Fault;
pub use live::Live;
pub use shop::Shop;

/// Microseconds in a second. All times of this crate are in microseconds.
pub const SECOND: i64 = 1_000_000;
/// Microseconds in an hour.
pub const HOUR: i64 = 3_600 * SECOND;
/// Microseconds in a day of 24 hours.
pub const DAY: i64 = 24 * HOUR;
