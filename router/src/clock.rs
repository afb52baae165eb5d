//! The Worker's clock: whole milliseconds, which is all that the platform gives.

use std::time::Duration;

use jiff::Timestamp;

/// An instant of the Worker's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Instant {
    millis: i64,
}

impl Instant {
    /// Now.
    pub fn now() -> Self {
        Self {
            millis: i64::try_from(worker::Date::now().as_millis()).unwrap_or(i64::MAX),
        }
    }

    /// The same instant on the calendar.
    pub fn timestamp(self) -> Timestamp {
        // A clock past the year 9999 is no reason to panic.
        Timestamp::from_millisecond(self.millis).unwrap_or(Timestamp::MAX)
    }

    /// How long ago that was.
    pub fn elapsed(self) -> Duration {
        Duration::from_millis(u64::try_from(Self::now().millis - self.millis).unwrap_or(0))
    }

    /// Milliseconds since then.
    pub fn elapsed_ms(self) -> f64 {
        self.elapsed().as_secs_f64() * 1e3
    }
}
