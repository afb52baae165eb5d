//! The context of a request: its sender and time.

use super::pseudonym::Pseudonym;

/// The context of the request that contained the records.
#[derive(Clone, Copy, Debug)]
pub struct RequestContext<'a> {
    /// Pseudonym of the sender's address. Without it, only the session distinguishes visitors of browsers.
    pub sender: Option<Pseudonym>,
    /// Value of the header `User-Agent`, or `""`.
    pub user_agent: &'a str,
    /// Two-letter country code of the address (ISO 3166-1), or `""`.
    pub country: &'a str,
    /// Time of arrival, in microseconds since 1970 UTC.
    pub arrival: i64,
}
