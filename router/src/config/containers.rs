//! The containers of chDB: how many there are, and when they sleep.

use std::num::NonZeroU16;
use std::time::Duration;

use super::{number, seconds};
use crate::error::ConfigError;

/// The most instances. `max_instances` of `wrangler.toml` has to allow as many as are configured.
const MOST_INSTANCES: u16 = 8;
/// The longest idle time, in seconds.
const LONGEST_IDLE: u16 = 3_600;

/// The containers of chDB.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Containers {
    /// `CHDB_INSTANCES`: the number of instances, 1 to 8, by default 1. The first answers what it can. While it is busy,
    /// drains or fails, queries go to the others.
    pub instances: NonZeroU16,
    /// `CHDB_SLEEP_AFTER`: the time without a query after which an instance is stopped, 1 to 3600 seconds, by default 300.
    pub sleep_after: Duration,
}

impl Default for Containers {
    fn default() -> Self {
        Self {
            instances: NonZeroU16::MIN,
            sleep_after: Duration::from_secs(300),
        }
    }
}

impl Containers {
    /// Reads the configuration, as [`super::Config::from_lookup`] does.
    ///
    /// # Errors
    /// Returns an error that names the variable if a number is not valid.
    pub fn from_lookup(variable: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let text = |name| variable(name).filter(|text| !text.is_empty());
        Ok(Self {
            instances: number("CHDB_INSTANCES", text("CHDB_INSTANCES"), MOST_INSTANCES, 1)?,
            sleep_after: seconds("CHDB_SLEEP_AFTER", text("CHDB_SLEEP_AFTER"), LONGEST_IDLE, 300)?,
        })
    }
}
