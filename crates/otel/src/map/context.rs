//! What is known about a request besides its body.

use std::net::IpAddr;

/// The request that brought the records.
#[derive(Clone, Copy, Debug)]
pub struct RequestContext<'a> {
    /// The client's address. It goes into a keyed hash and is never stored.
    pub address: Option<IpAddr>,
    /// Header `User-Agent`, or `""`.
    pub user_agent: &'a str,
    /// Two-letter country of the address (ISO 3166-1), or `""`.
    pub country: &'a str,
    /// Arrival in microseconds since 1970, UTC.
    pub arrival: i64,
    /// Key of the day's visitor hashes. It changes daily, and without it a hash says nothing about an address.
    pub visitor_key: [u8; 32],
}
