//! The error type of this crate.

/// An error of the REST catalog or its configuration.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A setting has an invalid value; the text names it.
    #[error("{0}")]
    Config(String),
    /// The REST catalog can't be reached or does not answer.
    #[error("the catalog at {uri} can't be reached: {reason}; check LAKEFRONT_CATALOG_URI and that it runs")]
    Unreachable {
        /// Address of the catalog.
        uri: String,
        /// The reason, as text.
        reason: String,
        /// True if the catalog may have received the request.
        sent: bool,
    },
    /// The REST catalog refused a request, or sent an answer that can't be parsed.
    #[error("asked for {what}, the catalog answered {status}: {message}; {advice}")]
    Answer {
        /// The requested thing, as text.
        what: String,
        /// HTTP status of the answer.
        status: u16,
        /// Error message of the catalog.
        message: String,
        /// Advice for the operator: what to check.
        advice: &'static str,
    },
}

/// A result of this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;
