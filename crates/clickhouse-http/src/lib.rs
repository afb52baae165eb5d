//! The ClickHouse HTTP interface without I/O, both ways.
//!
//! A client turns a [`Statement`] into an HTTP request with [`Endpoint::request`] and the reply's status, headers and
//! bytes into an [`Answer`] or a [`ReplyError`]. A server reads an [`IncomingQuery`] from a request, and from the
//! [`Beginning`] of its text whether rows to insert follow. Nothing here opens a socket, reads a clock or keeps state, so
//! it builds for wasm.
//!
//! <https://clickhouse.com/docs/interfaces/http>

mod answer;
mod endpoint;
mod error;
mod exception;
mod form;
mod format;
mod incoming;
mod insert;
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
pub use param::Param;
pub use statement::Statement;
pub use status::status_of;

/// The reply header in which an engine says that a limit on rows or bytes cut the result: `rows` or `bytes`.
pub const TRUNCATED_HEADER: &str = "x-lakefront-truncated";

/// Our engine's header that says how many requests to an object store a query took.
pub const STORE_REQUESTS_HEADER: &str = "x-lakefront-store-requests";

/// The request header that carries the secret shared by router and engine.
pub const SECRET_HEADER: &str = "x-lakefront-engine-secret";
