//! Passwords of the embedded ClickHouse, from the environment or random.

use std::fmt::Write as _;
use std::io::Read as _;

use anyhow::{Context, Result};

/// Passwords of the users of the embedded ClickHouse. They are necessary because every program of this machine can
/// reach the port, and a web page can post to it.
pub struct Passwords {
    /// Password of the Worker's user, which may only read.
    pub router: String,
    /// Password of sync's user, which may change everything.
    pub sync: String,
}

impl Passwords {
    /// Returns the values of `LAKEFRONT_ROUTER_PASSWORD` and `LAKEFRONT_SYNC_PASSWORD`. A variable that is not set is
    /// replaced by a random password for this start.
    ///
    /// # Errors
    /// Returns an error if `/dev/urandom` cannot be read.
    pub fn of_this_start() -> Result<Self> {
        Ok(Self {
            router: given_or_random("LAKEFRONT_ROUTER_PASSWORD")?,
            sync: given_or_random("LAKEFRONT_SYNC_PASSWORD")?,
        })
    }
}

fn given_or_random(variable: &str) -> Result<String> {
    if let Ok(given) = std::env::var(variable)
        && !given.is_empty()
    {
        return Ok(given);
    }
    let mut bytes = [0; 16];
    std::fs::File::open("/dev/urandom")
        .and_then(|mut random| random.read_exact(&mut bytes))
        .context("cannot read /dev/urandom")?;
    let mut text = String::with_capacity(32);
    for byte in bytes {
        write!(text, "{byte:02x}")?;
    }
    Ok(text)
}
