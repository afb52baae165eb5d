//! The ClickHouse HTTP interface without I/O, for clients and servers.
//!
//! A client turns a [`Statement`] into an HTTP request with [`Endpoint::request`]. It turns the reply's status, headers
//! and bytes into an [`Answer`] or a [`ReplyError`]. A server parses an [`IncomingQuery`] from a request, and
//! recognizes an INSERT with rows by the [`Beginning`] of its text. [`code`] names the error codes. This crate opens no socket, reads no clock and
//! keeps no state, so it builds for WebAssembly.
//!
//! <https://clickhouse.com/docs/interfaces/http>

#![warn(clippy::missing_errors_doc)]

mod answer;
pub mod code;
mod endpoint;
mod error;
mod exception;
mod form;
mod format;
mod incoming;
mod insert;
mod literal;
mod native;
mod param;
mod statement;
mod status;

pub use answer::Answer;
pub use endpoint::{Credentials, Endpoint};
pub use error::{BadParam, BadRequest, ReplyError, RequestError};
pub use exception::Exception;
pub use format::content_type;
pub use incoming::IncomingQuery;
pub use insert::Beginning;
pub use literal::{identifier, literal};
pub use native::{NativeError, with_revision};
pub use param::Param;
pub use statement::{Format, Statement};
pub use status::status_of;

/// The reply header by which an engine reports that a limit cut the result. The value is the limit: `rows` or `bytes`.
pub const TRUNCATED_HEADER: &str = "x-lakefront-truncated";

/// The reply header in which the chDB container reports the number of requests to the object store.
pub const STORE_REQUESTS_HEADER: &str = "x-lakefront-store-requests";

/// The header with the time since the lake's catalog was last read, in milliseconds. It is an age and no time, because the
/// clocks of two machines differ.
pub const LAKE_AGE_HEADER: &str = "x-lakefront-lake-age-ms";

/// The header of a reply by which a server says that it was told to end, and did not take the request.
pub const DRAINING_HEADER: &str = "x-lakefront-draining";

/// The request header that carries the secret shared by router and engine.
pub const SECRET_HEADER: &str = "x-lakefront-engine-secret";
