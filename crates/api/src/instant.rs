//! Reading times. The library's own way brings the text of all its errors, 20 kB, into the browser; this one sentence
//! is enough.

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, de::Error};

const EXPECTED: &str = "expected an RFC 3339 time such as 2026-03-24T12:00:00Z";

/// A time.
pub fn required<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
    String::deserialize(deserializer)?
        .parse()
        .map_err(|_| D::Error::custom(EXPECTED))
}

/// A time or null.
pub fn optional<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Timestamp>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    text.map(|text| text.parse().map_err(|_| D::Error::custom(EXPECTED)))
        .transpose()
}
