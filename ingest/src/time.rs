//! The current time, in the two forms that the program needs.

use std::time::{SystemTime, UNIX_EPOCH};

use jiff::Timestamp;

/// Returns the current time in microseconds since 1970 UTC; 0 if the clock is before 1970.
pub fn now_micros() -> i64 {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since_1970.as_micros()).unwrap_or(i64::MAX)
}

/// Returns the current time, to the millisecond.
pub fn now() -> Timestamp {
    Timestamp::from_millisecond(now_micros() / 1000).unwrap_or(Timestamp::MAX)
}
