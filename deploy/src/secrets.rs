//! The secrets of a system: where each value comes from, and the places that have it.

use lakefront_otlp::BearerKeys;
use secrecy::{ExposeSecret as _, SecretString};

use crate::config::{Config, Landing, Senders};
use crate::error::{Error, Result};

/// The names of all secrets that a system may have.
pub const NAMES: [&str; 10] = [
    CATALOG_TOKEN,
    "CLICKHOUSE_PASSWORD",
    "ENGINE_SECRET",
    "INGEST_KEY",
    KEYS,
    "LANDING_TOKEN",
    "SYNC_PASSWORD",
    "VIEWER_TOKEN",
    "VISITOR_SECRET",
    "WATCH_WEBHOOK",
];

/// The token of the catalog, which the sinks have too.
pub const CATALOG_TOKEN: &str = "CATALOG_TOKEN";

/// The keys of senders.
pub const KEYS: &str = "INGEST_KEYS";

/// The fewest characters of a secret. The router requires as many.
const LEAST: usize = 16;

/// A secret.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Secret {
    /// Name in `lakefront.toml` and in the plan.
    pub name: &'static str,
    /// The origin of its value.
    pub source: Source,
    /// The places that have it, with the name of the variable there. All have the same value.
    pub places: Vec<(Place, &'static str)>,
}

/// The origin of a secret's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// Made here, unless the environment variable is set. `shown` is true if people or senders need it: it is printed once.
    Made {
        /// True if it is printed once.
        shown: bool,
    },
    /// Read from the environment variable.
    Given {
        /// Meaning of the value, for the message if it is missing.
        what: &'static str,
    },
}

/// A place that has secrets.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// An app on Fly.io.
    App(String),
    /// The Worker.
    Worker,
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::App(name) => f.write_str(name),
            Self::Worker => f.write_str("the Worker"),
        }
    }
}

/// Returns the secrets of a system.
pub fn secrets(config: &Config) -> Vec<Secret> {
    let mut secrets = Vec::new();
    let on_worker = |name: &'static str, source| Secret {
        name,
        source,
        places: vec![(Place::Worker, name)],
    };
    if config.has_viewer_token() {
        secrets.push(on_worker("VIEWER_TOKEN", Source::Made { shown: true }));
    }
    secrets.push(on_worker("ENGINE_SECRET", Source::Made { shown: false }));
    match &config.landing {
        Landing::Pipelines { senders, .. } => {
            if *senders == Senders::Keys {
                secrets.push(on_worker(KEYS, Source::Made { shown: true }));
            }
            secrets.push(on_worker("VISITOR_SECRET", Source::Made { shown: false }));
            let what = "an API token with the permission Workers Pipeline Send";
            secrets.push(on_worker("LANDING_TOKEN", Source::Given { what }));
        }
        Landing::Ingest { .. } => {
            let what = "the LAKEFRONT_INGEST_ROUTER_KEY of ingest";
            secrets.push(on_worker("INGEST_KEY", Source::Given { what }));
        }
    }
    if config.watch.webhook {
        let what = "an address that takes notices of problems with POST, such as that of a Slack webhook";
        secrets.push(on_worker("WATCH_WEBHOOK", Source::Given { what }));
    }
    let apps = |name: fn(&Config, &crate::config::Clickhouse) -> String, variable| {
        let servers = config.clickhouse.iter();
        servers.map(move |server| (Place::App(name(config, server)), variable))
    };
    let what = "an API token that may read and write R2 storage and R2 Data Catalog of the bucket";
    secrets.push(Secret {
        name: CATALOG_TOKEN,
        source: Source::Given { what },
        places: apps(Config::sync_app, "LAKEFRONT_CATALOG_TOKEN")
            .chain([(Place::Worker, "LAKEFRONT_CATALOG_TOKEN")])
            .collect(),
    });
    if !config.clickhouse.is_empty() {
        secrets.push(Secret {
            name: "CLICKHOUSE_PASSWORD",
            source: Source::Made { shown: false },
            places: apps(Config::clickhouse_app, "LAKEFRONT_ROUTER_PASSWORD")
                .chain([(Place::Worker, "CLICKHOUSE_PASSWORD")])
                .collect(),
        });
        secrets.push(Secret {
            name: "SYNC_PASSWORD",
            source: Source::Made { shown: false },
            places: apps(Config::clickhouse_app, "LAKEFRONT_SYNC_PASSWORD")
                .chain(apps(Config::sync_app, "LAKEFRONT_SYNC_PASSWORD"))
                .collect(),
        });
    }
    secrets
}

impl Secret {
    /// Returns a value for the secret: that of the environment variable, or a new one of 256 random bits.
    ///
    /// # Errors
    /// Returns an error that names the variable if it has to be set and is not, or if it has no valid value.
    pub fn value(&self, config: &Config, variable: &dyn Fn(&str) -> Option<String>) -> Result<SecretString> {
        let from = config.variable(self.name);
        match (variable(&from).filter(|value| !value.is_empty()), self.source) {
            (Some(value), _) => {
                if value.len() < LEAST || !value.bytes().all(|byte| byte.is_ascii_graphic()) {
                    return Err(Error::BadSecret {
                        name: self.name,
                        variable: from,
                    });
                }
                if self.name == KEYS && !has_names(config, &value) {
                    return Err(Error::KeyNames {
                        variable: from,
                        expected: config.key_names(),
                    });
                }
                Ok(value.into())
            }
            (None, Source::Made { .. }) if self.name == KEYS && !config.keys().is_empty() => {
                let keys = config.keys().keys();
                let keys = keys.map(|name| Ok(format!("{name}={}", made()?)));
                Ok(keys.collect::<Result<Vec<_>>>()?.join(",").into())
            }
            (None, Source::Made { .. }) => Ok(made()?.into()),
            (None, Source::Given { what }) => Err(Error::NoSecret {
                name: self.name,
                variable: from,
                what,
            }),
        }
    }
}

/// Returns true if a value of [`KEYS`] has a key for each name in the file.
fn has_names(config: &Config, value: &str) -> bool {
    // Keys always parse.
    let given: BearerKeys = value.parse().unwrap_or_default();
    config.keys().keys().all(|name| given.has_name(name))
}

/// Returns 256 random bits as text.
fn made() -> Result<String> {
    use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine as _};
    let mut bytes = [0; 32];
    getrandom_04::fill(&mut bytes).map_err(|cause| Error::Program {
        doing: "making a secret".to_owned(),
        problem: cause.to_string(),
    })?;
    Ok(BASE64_URL_SAFE_NO_PAD.encode(bytes))
}

/// Returns the lines `NAME=VALUE`, as `flyctl secrets import` reads them.
pub(crate) fn lines(values: &[(&str, &SecretString)]) -> SecretString {
    let lines = values
        .iter()
        .map(|(name, value)| format!("{name}={}\n", value.expose_secret()));
    lines.collect::<String>().into()
}

/// Returns a JSON object, as `wrangler secret bulk` reads it.
pub(crate) fn object(values: &[(&str, &SecretString)]) -> SecretString {
    let pairs = values
        .iter()
        .map(|(name, value)| ((*name).to_owned(), value.expose_secret().into()));
    serde_json::Value::Object(pairs.collect()).to_string().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(text: &str) -> Config {
        Config::parse("lakefront.toml", text).unwrap()
    }

    #[test]
    fn every_secret_is_known_by_name() {
        for text in [
            include_str!("../examples/tier-1.toml"),
            include_str!("../examples/tier-3.toml"),
        ] {
            for secret in secrets(&config(text)) {
                assert!(NAMES.contains(&secret.name), "{}", secret.name);
                assert!(!secret.places.is_empty(), "{}", secret.name);
            }
        }
        assert!(NAMES.is_sorted());
    }

    #[test]
    fn values_come_from_the_environment_or_are_made() {
        let config = config(
            &include_str!("../examples/tier-1.toml")
                .replace("[traffic]", "[secrets]\nVIEWER_TOKEN = \"MINE\"\n[traffic]"),
        );
        let all = secrets(&config);
        let secret = |name| all.iter().find(|secret| secret.name == name).unwrap();
        let none = |_: &str| None;
        let made = secret("VIEWER_TOKEN").value(&config, &none).unwrap();
        let again = secret("VIEWER_TOKEN").value(&config, &none).unwrap();
        assert_eq!(made.expose_secret().len(), 43);
        assert_ne!(made.expose_secret(), again.expose_secret());
        let mine = |name: &str| (name == "MINE").then(|| "0123456789abcdef".to_owned());
        let given = secret("VIEWER_TOKEN").value(&config, &mine).unwrap();
        assert_eq!(given.expose_secret(), "0123456789abcdef");
        let problem = secret("LANDING_TOKEN")
            .value(&config, &none)
            .unwrap_err()
            .to_string();
        assert!(
            problem.contains("LANDING_TOKEN") && problem.contains("Pipeline Send"),
            "{problem}"
        );
        for bad in ["short", "a line\nand another line", "not ascii: é234567890"] {
            let problem = secret("LANDING_TOKEN").value(&config, &|_| Some(bad.to_owned()));
            let problem = problem.unwrap_err().to_string();
            assert!(
                problem.contains("16 or more") && !problem.contains(bad),
                "{problem}"
            );
        }
    }
}
