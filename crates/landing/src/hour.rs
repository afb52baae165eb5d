//! Hours, by which rows are counted.

use std::fmt::{self, Display, Formatter};

use serde::{Deserialize, Serialize};

/// Microseconds of an hour.
const MICROS: i64 = 3_600_000_000;

/// An hour: the number of whole hours since 1970-01-01 UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Hour(pub i64);

impl Hour {
    /// Returns the hour of a time, in microseconds since 1970 UTC.
    pub fn of(micros: i64) -> Self {
        Self(micros.div_euclid(MICROS))
    }

    /// Returns the first microsecond of the hour, since 1970 UTC.
    pub fn micros(self) -> i64 {
        self.0.saturating_mul(MICROS)
    }
}

impl Display for Hour {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
