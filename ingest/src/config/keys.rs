//! Rules for single keys.

use bytesize::ByteSize;
use lakefront_otlp::{ByKey, InvalidRule};

/// The bytes that keys may send in a day of UTC, by the names of the keys.
pub type KeyBudgets = ByKey<ByteSize>;

/// Parses budgets such as `shop=2GiB,blog=500MB`.
///
/// # Errors
/// Returns the first one that has no name or no size.
pub fn parse_budgets(text: &str) -> Result<KeyBudgets, InvalidRule> {
    ByKey::parse(text, "2GiB", |size| size.parse().ok())
}
