//! The configuration of telemetry that the Worker takes itself.

use std::collections::BTreeMap;
use std::str::FromStr;
use std::time::Duration;

use lakefront_landing::landing_tables;
use lakefront_otlp::{BearerKeys, InvalidRule, KeyBudgets, KeyOrigins, VisitorSecret, unknown_names};
use secrecy::SecretString;
use url::Url;

use super::{address, secret};
use crate::error::ConfigError;

/// The default of `USAGE_SECONDS`, and the most. The platform lets work go on for 30 s after an answer.
const USAGE_SECONDS: u64 = 20;
const MOST_USAGE_SECONDS: u64 = 25;

/// The streams to which the Worker sends rows, and the rules for senders.
#[derive(Debug, Clone)]
pub struct Landing {
    /// `LANDING_STREAMS`: the address of each stream, by the name of the table whose rows it takes, or `receipts`.
    pub streams: BTreeMap<&'static str, Url>,
    /// `LANDING_TOKEN`: the API token that the streams require.
    pub token: Option<SecretString>,
    /// `INGEST_KEYS`: the keys of senders. Without keys, none is needed.
    pub keys: BearerKeys,
    /// `INGEST_KEY_ORIGINS`: the origins whose pages may use a key, by its name.
    pub key_origins: KeyOrigins,
    /// `INGEST_KEY_BUDGETS`: the bytes that a key may send in a day of UTC, by its name.
    pub key_budgets: KeyBudgets,
    /// `USAGE_SECONDS`: the time for which an isolate collects counts of what senders sent. Zero if nothing is counted.
    pub usage_interval: Duration,
    /// `VISITOR_SECRET`: the secret from which visitors without a user id have an id for a day of UTC. Without it they
    /// are told apart by their sessions alone, because an isolate keeps no key.
    pub visitor_secret: Option<VisitorSecret>,
}

/// Reads the configuration. `text` returns the text of a variable that is set.
///
/// # Errors
/// Returns an error that names the variable, if a value is missing or not valid.
pub fn landing(text: &impl Fn(&'static str) -> Option<String>) -> Result<Option<Landing>, ConfigError> {
    match text("LANDING").as_deref() {
        None => return Ok(None),
        Some("pipelines") => {}
        Some(_) => return Err(ConfigError::Landing),
    }
    let given: BTreeMap<String, String> = serde_json::from_str(&text("LANDING_STREAMS").unwrap_or_default())
        .map_err(|error| ConfigError::Streams(error.to_string()))?;
    let stream = |of: &'static str| -> Result<(&'static str, Url), ConfigError> {
        let address = given
            .get(of)
            .ok_or_else(|| ConfigError::Streams(format!("there is none for {of}")))?;
        let mut url = address::parse(address)
            .map_err(|problem| ConfigError::Streams(format!("that of {of}: {problem}")))?;
        // The address is that of a resource, to which nothing is added.
        let path = url.path().trim_end_matches('/').to_owned();
        url.set_path(&path);
        Ok((of, url))
    };
    let streams = landing_tables().iter().map(|table| stream(table.of));
    // Keys always parse.
    let keys: BearerKeys = text("INGEST_KEYS")
        .and_then(|keys| keys.parse().ok())
        .unwrap_or_default();
    let key_origins: KeyOrigins = rules("INGEST_KEY_ORIGINS", text)?;
    let key_budgets: KeyBudgets = rules("INGEST_KEY_BUDGETS", text)?;
    let origins = ("INGEST_KEY_ORIGINS", unknown_names(key_origins.names(), &keys));
    let budgets = ("INGEST_KEY_BUDGETS", unknown_names(key_budgets.names(), &keys));
    for (variable, unknown) in [origins, budgets] {
        if let Some(name) = unknown.first() {
            let name = (*name).to_owned();
            return Err(ConfigError::UnknownKey { variable, name });
        }
    }
    let usage = text("USAGE_SECONDS");
    let usage_seconds = usage.map_or(Ok(USAGE_SECONDS), |seconds| {
        let seconds = seconds.parse().ok();
        let seconds = seconds.filter(|seconds| *seconds <= MOST_USAGE_SECONDS);
        seconds.ok_or(ConfigError::UsageSeconds(MOST_USAGE_SECONDS))
    })?;
    let visitor_secret = text("VISITOR_SECRET").map(|secret| secret.parse());
    Ok(Some(Landing {
        streams: streams.collect::<Result<_, _>>()?,
        token: secret("LANDING_TOKEN", text("LANDING_TOKEN"))?,
        keys,
        key_origins,
        key_budgets,
        usage_interval: Duration::from_secs(usage_seconds),
        visitor_secret: visitor_secret.transpose().map_err(ConfigError::VisitorSecret)?,
    }))
}

/// Returns the rules for keys in a variable.
fn rules<T: FromStr<Err = InvalidRule>>(
    variable: &'static str,
    text: &impl Fn(&'static str) -> Option<String>,
) -> Result<T, ConfigError> {
    let given = text(variable).unwrap_or_default();
    given
        .parse()
        .map_err(|fault| ConfigError::KeyRules { variable, fault })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<Option<Landing>, String> {
        let text = |name: &'static str| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        landing(&text).map_err(|error| error.to_string())
    }

    fn streams() -> serde_json::Map<String, serde_json::Value> {
        let tables = landing_tables().iter();
        tables
            .map(|table| (table.of.to_owned(), json!("https://a.example/v1")))
            .collect()
    }

    #[test]
    fn every_stream_has_an_address() {
        let all = serde_json::Value::from(streams()).to_string();
        let given = [("LANDING", "pipelines"), ("LANDING_STREAMS", &all)];
        let landing = read(&given).expect("valid").expect("on");
        assert_eq!(landing.streams.len(), landing_tables().len());
        assert_eq!(landing.streams["otel_logs"].as_str(), "https://a.example/v1");
        assert!(landing.keys.is_open());
        assert_eq!(landing.usage_interval, Duration::from_secs(20));
        assert!(read(&[("LANDING_STREAMS", &all)]).expect("valid").is_none());

        let mut some = streams();
        some.remove("receipts");
        let some = serde_json::Value::from(some).to_string();
        let error = read(&[("LANDING", "pipelines"), ("LANDING_STREAMS", &some)]).unwrap_err();
        assert!(error.contains("receipts"), "{error}");
        for (name, value) in [
            ("LANDING_STREAMS", "[]"),
            ("VISITOR_SECRET", "tiny"),
            ("LANDING_TOKEN", "tiny"),
            ("USAGE_SECONDS", "26"),
            ("USAGE_SECONDS", "-1"),
            ("INGEST_KEY_ORIGINS", "shop"),
            ("INGEST_KEY_ORIGINS", "shop=https://shop.example"),
            ("INGEST_KEY_BUDGETS", "shop=much"),
            ("INGEST_KEY_BUDGETS", "shop=2GiB"),
        ] {
            let mut given = BTreeMap::from(given);
            given.insert(name, value);
            let given: Vec<_> = given.into_iter().collect();
            let error = read(&given).unwrap_err();
            assert!(error.contains(name) && !error.contains("tiny"), "{error}");
        }
    }
}
