//! The demo as a service of the stack.

use crate::installation::Installation;
use crate::supervisor::{Ready, Service};

/// Name of the demo's service.
pub const NAME: &str = "demo";

/// Returns the service that sends `days` days of the past, then `rate` events per second if a rate is given.
pub fn service(installation: &Installation, endpoint: &str, days: u32, rate: Option<u32>) -> Service {
    let mut command = installation.command("lakefront-demo");
    command.args(["--endpoint", endpoint, "--days", &days.to_string()]);
    if let Some(rate) = rate {
        command.args(["--rate", &rate.to_string()]);
    }
    Service {
        name: NAME,
        command,
        ready: Ready::AtOnce,
    }
}
