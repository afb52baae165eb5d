//! The demo as a service of the stack.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::Path;

use crate::installation::Installation;
use crate::supervisor::{Ready, Service};

/// Name of the demo's service.
pub const NAME: &str = "demo";

/// The funnels of the demo's shop.
const FUNNELS: &str = "\
# The funnels that the dashboard offers, one in each line: `page` for any page view, a path for views of that page, or the name
# of an event. The first is shown. The router reads this file when it starts.
page > shop.product_viewed > shop.cart_added > shop.checkout_started > shop.order_placed
/ > /search > /cart > /checkout
";

/// Writes the shop's funnels, unless the file exists.
///
/// # Errors
/// Returns an error if the file cannot be written.
pub fn write_funnels(file: &Path) -> io::Result<()> {
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder)?;
    }
    match File::create_new(file) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        created => created?.write_all(FUNNELS.as_bytes()),
    }
}

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
