//! What is known about a request besides its body.

use super::visitor::Pseudonym;

/// The request that brought the records.
#[derive(Clone, Copy, Debug)]
pub struct RequestContext<'a> {
    /// Pseudonym of the sender's address. Visitors of browsers without one are told apart by session alone.
    pub sender: Option<Pseudonym>,
    /// Header `User-Agent`, or `""`.
    pub user_agent: &'a str,
    /// Two-letter country of the address (ISO 3166-1), or `""`.
    pub country: &'a str,
    /// Arrival in microseconds since 1970, UTC.
    pub arrival: i64,
}
