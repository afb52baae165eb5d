//! Times in milliseconds since 1970 UTC, the unit of snapshots and table properties.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Milliseconds of an hour.
pub(crate) const HOUR_MS: i64 = 3_600_000;
/// Milliseconds of a day.
pub(crate) const DAY_MS: i64 = 24 * HOUR_MS;

/// Returns the time by the system's clock; 0 if the clock is before 1970.
pub(crate) fn now_ms() -> i64 {
    millis(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default())
}

/// Returns the duration in milliseconds; `i64::MAX` if it does not fit.
pub(crate) fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
