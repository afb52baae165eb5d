use std::fmt::Write as _;
use std::io::Read as _;

use anyhow::{Context, Result};

/// What the users of the embedded ClickHouse are known by. The port is open to every program of this machine, and a web
/// page can post to it too.
pub struct Passwords {
    /// Of the Worker, which may only read.
    pub router: String,
    /// Of sync, which may change everything.
    pub sync: String,
}

impl Passwords {
    /// `LAKEFRONT_ROUTER_PASSWORD` and `LAKEFRONT_SYNC_PASSWORD`, else random ones that nobody else learns.
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
