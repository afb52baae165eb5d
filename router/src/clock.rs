//! The Worker's clock. The platform's resolution is whole milliseconds.

use std::time::Duration;

use jiff::Timestamp;

/// An instant of the Worker's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Instant {
    millis: i64,
}

impl Instant {
    /// Returns the current instant.
    pub fn now() -> Self {
        Self {
            millis: i64::try_from(worker::Date::now().as_millis()).unwrap_or(i64::MAX),
        }
    }

    /// Returns the instant as a timestamp.
    pub fn timestamp(self) -> Timestamp {
        // A clock past the year 9999 must not cause a panic.
        Timestamp::from_millisecond(self.millis).unwrap_or(Timestamp::MAX)
    }

    /// Returns the time since this instant, or zero if the clock was set back.
    pub fn elapsed(self) -> Duration {
        Duration::from_millis(u64::try_from(Self::now().millis - self.millis).unwrap_or(0))
    }

    /// Returns the milliseconds since this instant.
    pub fn elapsed_ms(self) -> f64 {
        self.elapsed().as_secs_f64() * 1e3
    }
}
