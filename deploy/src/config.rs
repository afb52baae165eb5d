//! `lakefront.toml`: the whole system in one file.

mod checks;
mod keys;
mod regions;

use std::collections::BTreeMap;

use serde::Deserialize;

pub use self::keys::{KEY_NAMES, Key};
pub use self::regions::{Region, region};
use crate::error::{Error, Result};

/// The content of `lakefront.toml`, checked.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Config {
    /// Name of the Worker. The names of containers and of apps on Fly.io begin with it.
    pub name: String,
    /// Cloudflare's id of the account: 32 hexadecimal digits.
    pub account: String,
    /// The bucket of the lake.
    pub bucket: Bucket,
    /// The way of telemetry into the lake.
    pub landing: Landing,
    /// The readers of the dashboard and the API.
    #[serde(default)]
    pub access: Access,
    /// The Worker.
    #[serde(default)]
    pub worker: Worker,
    /// The funnels that the dashboard offers, such as `page > /cart > order_placed`. The first is shown.
    #[serde(default)]
    pub funnels: Vec<String>,
    /// The problems that somebody is told of.
    #[serde(default)]
    pub watch: Watch,
    /// The instance types of the containers.
    #[serde(default)]
    pub containers: Containers,
    /// The organization on Fly.io. It counts only with `clickhouse`.
    #[serde(default)]
    pub fly: Fly,
    /// The ClickHouse servers: none in tier 1, one in tier 2, several in tier 3.
    #[serde(default)]
    pub clickhouse: Vec<Clickhouse>,
    /// The environment variables with the values of secrets, by the secret's name. The default is the secret's own name.
    #[serde(default)]
    pub secrets: BTreeMap<String, String>,
    /// The expected traffic, for the costs.
    #[serde(default)]
    pub traffic: Traffic,
}

/// The R2 bucket of the lake.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Bucket {
    /// Name of the bucket.
    pub name: String,
    /// Hint for the place of a new bucket.
    pub location: Option<Location>,
}

/// Places of R2 buckets. <https://developers.cloudflare.com/r2/reference/data-location/>
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Location {
    /// Asia-Pacific.
    Apac,
    /// Eastern Europe.
    Eeur,
    /// Eastern North America.
    Enam,
    /// Oceania.
    Oc,
    /// Western Europe.
    Weur,
    /// Western North America.
    Wnam,
}

impl Location {
    /// Returns the name in the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Apac => "apac",
            Self::Eeur => "eeur",
            Self::Enam => "enam",
            Self::Oc => "oc",
            Self::Weur => "weur",
            Self::Wnam => "wnam",
        }
    }
}

/// The way of telemetry into the lake.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(tag = "by", rename_all = "lowercase", deny_unknown_fields)]
pub enum Landing {
    /// The Worker takes OTLP and sends rows to Cloudflare Pipelines. A keeper in a container moves them into the lake.
    Pipelines {
        /// The senders that are let in.
        #[serde(default)]
        senders: Senders,
        /// The keys that have a name, with the rules for each. Without any there is one key without a name.
        #[serde(default)]
        keys: BTreeMap<String, Key>,
    },
    /// An ingest that runs elsewhere, to which the Worker forwards OTLP.
    Ingest {
        /// Its address.
        url: String,
    },
}

/// The senders that the Worker lets in.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Senders {
    /// Those with one of the keys in `INGEST_KEYS`.
    #[default]
    Keys,
    /// Everybody.
    Open,
}

/// The readers of the dashboard and the API.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Access {
    /// `token` or `cloudflare-access`. Without it, and with any other value, nothing is deployed.
    pub viewers: Option<String>,
    /// With `cloudflare-access`: the host names that an application of Cloudflare Access protects.
    #[serde(default)]
    pub hosts: Vec<String>,
}

/// The Worker.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Worker {
    /// A domain of a zone in the account. Without it, the Worker answers on workers.dev.
    pub domain: Option<String>,
}

/// The problems that somebody is told of.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Watch {
    /// True if the address in the secret `WATCH_WEBHOOK` is told of problems. They are events in the lake in any case.
    pub webhook: bool,
    /// The thresholds that differ from `crates/api/src/thresholds.json`. `"off"` turns a check off.
    pub thresholds: BTreeMap<String, Threshold>,
}

/// The value of a threshold.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(untagged)]
pub enum Threshold {
    /// A whole number.
    Whole(u64),
    /// A share.
    Share(f64),
    /// `off`
    Off(Off),
}

/// The word that turns a check off. TOML has no null.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum Off {
    /// `off`
    Off,
}

impl Watch {
    /// Returns the thresholds in the form of the Worker's variable `WATCH`.
    pub fn variable(&self) -> String {
        let values = self.thresholds.iter().map(|(name, threshold)| {
            let value = match threshold {
                Threshold::Whole(number) => (*number).into(),
                Threshold::Share(share) => (*share).into(),
                Threshold::Off(Off::Off) => serde_json::Value::Null,
            };
            (name.clone(), value)
        });
        serde_json::Value::from_iter(values).to_string()
    }
}

/// The instance types of the containers, and how many there are.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Containers {
    /// The container of chDB.
    pub chdb: String,
    /// The number of instances of chDB. More than one run only while the first is busy, drains or fails.
    pub chdb_instances: u16,
    /// The container of the keeper.
    pub keeper: String,
}

impl Default for Containers {
    fn default() -> Self {
        Self {
            chdb: "standard-2".to_owned(),
            chdb_instances: 1,
            keeper: "standard-1".to_owned(),
        }
    }
}

/// The organization on Fly.io.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Fly {
    /// Its short name.
    pub organization: String,
}

impl Default for Fly {
    fn default() -> Self {
        Self {
            organization: "personal".to_owned(),
        }
    }
}

/// A ClickHouse server on Fly.io, with a sync beside it.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Clickhouse {
    /// Name in answers and on the Operations page, and the end of the apps' names.
    pub name: String,
    /// The region of Fly.io.
    pub region: String,
    /// The machine.
    #[serde(default = "default_size")]
    pub size: String,
    /// Memory of the machine, in GB.
    #[serde(default = "default_memory")]
    pub memory_gb: u32,
    /// The volume, in GB. It only grows: a smaller one than before is refused by Fly.io.
    #[serde(default = "default_volume")]
    pub volume_gb: u32,
    /// The time between two rounds of sync.
    #[serde(default = "default_interval")]
    pub sync_interval: String,
}

fn default_size() -> String {
    "performance-2x".to_owned()
}

fn default_memory() -> u32 {
    4
}

fn default_volume() -> u32 {
    20
}

fn default_interval() -> String {
    "1m".to_owned()
}

/// The expected traffic, for the costs.
#[derive(Clone, Debug, Deserialize, PartialEq)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Traffic {
    /// Events a month, in millions.
    pub million_events_a_month: f64,
    /// Hours a day in which chDB's container runs: up to five minutes after its last query. With ClickHouse it answers only old ranges,
    /// searches and SQL.
    pub chdb_hours_a_day: f64,
    /// Months for which the lake keeps events.
    pub months_kept: f64,
}

impl Default for Traffic {
    fn default() -> Self {
        Self {
            million_events_a_month: 100.0,
            chdb_hours_a_day: 2.0,
            months_kept: 12.0,
        }
    }
}

impl Config {
    /// Parses and checks a file. `file` is its name in messages.
    ///
    /// # Errors
    /// Returns an error that names the line or the key, and what is expected. A system that everybody could read is one.
    pub fn parse(file: &str, text: &str) -> Result<Self> {
        let config: Self = toml::from_str(text).map_err(|cause| Error::Toml {
            file: file.to_owned(),
            cause: Box::new(cause),
        })?;
        checks::check(&config)?;
        keys::check(&config)?;
        Ok(config)
    }

    /// Returns true if rows land through Cloudflare Pipelines.
    pub fn lands_by_pipelines(&self) -> bool {
        matches!(self.landing, Landing::Pipelines { .. })
    }

    /// Returns true if viewers need the token.
    pub fn has_viewer_token(&self) -> bool {
        self.access.viewers.as_deref() == Some("token")
    }

    /// Returns the tier: 1 without ClickHouse, 2 with one, 3 with several.
    pub fn tier(&self) -> usize {
        1 + self.clickhouse.len().min(2)
    }

    /// Returns the environment variable with the value of a secret.
    pub fn variable(&self, secret: &str) -> String {
        self.secrets
            .get(secret)
            .cloned()
            .unwrap_or_else(|| secret.to_owned())
    }

    /// Returns the app of a ClickHouse.
    pub fn clickhouse_app(&self, server: &Clickhouse) -> String {
        format!("{}-clickhouse-{}", self.name, server.name)
    }

    /// Returns the app of the sync beside a ClickHouse.
    pub fn sync_app(&self, server: &Clickhouse) -> String {
        format!("{}-sync-{}", self.name, server.name)
    }
}
