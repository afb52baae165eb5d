//! The search language for logs and traces: parses a text, renders it as a SQL condition, and evaluates it on rows.
//!
//! ```
//! use lakefront_api::Signal;
//! use lakefront_search::Search;
//!
//! let search = Search::parse(Signal::Logs, "level:error -service:web \"connection refused\"")?;
//! let condition = search.condition();
//! assert_eq!(condition.params[0], ("q0".into(), "17".into()));
//! # Ok::<(), lakefront_search::SyntaxError>(())
//! ```
//!
//! - `timeout`: rows with this word, whatever its case. `time*`, `*out`, `*meo*`: words that begin, end or go on.
//! - `"connection refused"`: rows with this run of characters. `\"` and `\\` stand for `"` and `\`.
//! - `service:web`: the whole value of a field. `host.name:web-*`: the beginning of a value.
//! - `status:>=500`, `duration:>1s`, `status:[400 TO 499]`, `user:*`: comparison, range, presence.
//! - `a b`, `a AND b`, `a OR b`, `NOT a`, `-a`, `(a OR b) c`. NOT binds first, then AND, then OR.
//! - `"level":x`: an attribute with the name of a field.
//!
//! The crate does no I/O. The condition is the same text for ClickHouse and for chDB over the lake, and every value is
//! a typed parameter.

#![warn(clippy::missing_errors_doc)]

mod column;
mod error;
mod evaluate;
mod expression;
mod fields;
mod parse;
mod pattern;
mod print;
mod scan;
mod sql;
mod typed;

pub use column::{Column, Kind, RESOURCE, attributes, columns, named, severity};
pub use error::SyntaxError;
pub use evaluate::Row;
pub use expression::{Expression, Field, Op, Test, Value};
pub use fields::{Fields, MAX_FIELDS};
pub use parse::{MAX_BYTES, MAX_DEPTH, MAX_TERMS, Named, Search};
pub use pattern::Pattern;
pub use sql::Condition;
