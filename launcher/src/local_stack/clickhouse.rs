//! The ClickHouse servers of a stack, embedded or given by `CLICKHOUSE_URL`.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::password::Passwords;
use super::ports::Ports;
use super::tier::Tier;
use super::{address, url};
use crate::installation::Installation;
use crate::supervisor::{Ready, Service};

/// Name of the header that sets the location of a request: `latitude,longitude` in degrees.
pub const LOCATION_HEADER: &str = "x-lakefront-location";

/// A ClickHouse server of the stack.
pub struct Server {
    /// The name of the service, and of the backend in the Worker's configuration.
    name: &'static str,
    /// The address of the server's HTTP interface.
    pub url: String,
    region: Option<Region>,
    /// `None` for a server that is not part of the stack.
    embedded: Option<Embedded>,
}

/// A region with its location, in degrees.
#[derive(Clone, Copy)]
struct Region {
    name: &'static str,
    latitude: f64,
    longitude: f64,
}

struct Embedded {
    port: u16,
    disk: PathBuf,
}

/// Ashburn, Virginia.
const US: Region = Region {
    name: "us",
    latitude: 39.04,
    longitude: -77.49,
};
/// Frankfurt.
const EU: Region = Region {
    name: "eu",
    latitude: 50.11,
    longitude: 8.68,
};

/// Returns the servers of a tier. `CLICKHOUSE_URL` names a server that replaces the embedded ones.
pub fn servers(tier: Tier, ports: Ports, data: &Path) -> Vec<Server> {
    let embedded = |name, index: usize, disk, region| Server {
        name,
        url: url(ports.clickhouse[index]),
        region,
        embedded: Some(Embedded {
            port: ports.clickhouse[index],
            disk: data.join(disk),
        }),
    };
    let given = std::env::var("CLICKHOUSE_URL").ok().filter(|url| !url.is_empty());
    match (tier, given) {
        (Tier::One, _) => Vec::new(),
        (_, Some(url)) => vec![Server {
            name: "clickhouse",
            url,
            region: None,
            embedded: None,
        }],
        (Tier::Two, None) => vec![embedded("clickhouse", 0, "clickhouse", None)],
        (Tier::Three, None) => vec![
            embedded("clickhouse-us", 0, "clickhouse", Some(US)),
            embedded("clickhouse-eu", 1, "clickhouse-eu", Some(EU)),
        ],
    }
}

/// Returns the servers as the value of the Worker's variable `CLICKHOUSE`, a JSON array.
pub fn configuration(servers: &[Server]) -> String {
    let servers = servers.iter().map(|server| {
        let mut entry = json!({ "name": server.name, "url": server.url });
        if let Some(region) = server.region {
            entry["region"] = region.name.into();
            entry["latitude"] = region.latitude.into();
            entry["longitude"] = region.longitude.into();
        }
        entry
    });
    Value::from_iter(servers).to_string()
}

impl Server {
    /// Returns the region's name.
    pub fn region(&self) -> Option<&str> {
        self.region.map(|region| region.name)
    }

    /// Returns the embedded server as a service, or `None` for a server that is not part of the stack.
    pub fn service(
        &self,
        installation: &Installation,
        lake: &Path,
        passwords: &Passwords,
    ) -> Option<Service> {
        let Embedded { port, disk } = self.embedded.as_ref()?;
        let mut command = installation.command("lakefront-chdb-container");
        command.args(["--listen", &address(*port)]);
        command.arg("--data-dir").arg(disk).arg("--lake").arg(lake);
        command
            .env("LAKEFRONT_ROUTER_PASSWORD", &passwords.router)
            .env("LAKEFRONT_SYNC_PASSWORD", &passwords.sync);
        Some(Service {
            name: self.name,
            command,
            ready: Ready::Url(format!("{}/ping", self.url)),
        })
    }
}
