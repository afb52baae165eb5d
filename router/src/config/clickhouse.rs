//! The configuration of the ClickHouse servers: the list in `CLICKHOUSE`, and the user.

use std::collections::BTreeSet;

use secrecy::SecretString;
use serde::Deserialize;
use url::Url;

use super::address;
use crate::error::ConfigError;
use crate::geo::GeoPoint;

/// The name of chDB in plans, logs and `/health`, which no ClickHouse server may have.
pub const CHDB: &str = "chdb";

/// A ClickHouse server.
#[derive(Debug, Clone, PartialEq)]
pub struct Clickhouse {
    /// The server's unique name in plans, logs and `/health`.
    pub name: String,
    /// The address of the server's HTTP interface.
    pub url: Url,
    /// The server's region, as a text for people.
    pub region: Option<String>,
    /// The server's place on Earth. A server without one counts as farther away than any other.
    pub place: Option<GeoPoint>,
}

/// The user of the router on every ClickHouse server.
#[derive(Debug, Clone)]
pub struct Login {
    /// The user's name.
    pub user: String,
    /// The user's password. Only a server on this machine should allow a user without one.
    pub password: Option<SecretString>,
}

/// An entry of the JSON list in `CLICKHOUSE`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    name: String,
    url: String,
    region: Option<String>,
    latitude: Option<f64>,
    longitude: Option<f64>,
}

/// Parses the JSON list of `CLICKHOUSE`. An unset variable means no servers.
///
/// # Errors
/// Returns [`ConfigError::Clickhouse`] if the text is not such a list, or if an entry is not valid.
pub fn list(text: Option<String>) -> Result<Vec<Clickhouse>, ConfigError> {
    let Some(text) = text else { return Ok(Vec::new()) };
    let entries: Vec<Entry> =
        serde_json::from_str(&text).map_err(|error| ConfigError::Clickhouse(error.to_string()))?;
    let mut names = BTreeSet::from([CHDB.to_owned()]);
    entries
        .into_iter()
        .map(|entry| {
            if entry.name.is_empty() || !names.insert(entry.name.clone()) {
                return Err(ConfigError::Clickhouse(format!(
                    "each name must be one of a kind, and not {CHDB}: {:?}",
                    entry.name
                )));
            }
            entry.checked()
        })
        .collect()
}

impl Entry {
    fn checked(self) -> Result<Clickhouse, ConfigError> {
        let bad = |what: String| ConfigError::Clickhouse(format!("{}: {what}", self.name));
        let place = match (self.latitude, self.longitude) {
            (None, None) => None,
            (Some(latitude), Some(longitude)) => Some(
                GeoPoint::new(latitude, longitude)
                    .ok_or_else(|| bad(format!("{latitude}, {longitude} is no place on Earth")))?,
            ),
            _ => return Err(bad("latitude and longitude go together".into())),
        };
        let url = address::parse(&self.url).map_err(|problem| bad(format!("url: {problem}")))?;
        Ok(Clickhouse {
            name: self.name,
            url,
            region: self.region,
            place,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(text: &str) -> Result<Vec<Clickhouse>, String> {
        list(Some(text.into())).map_err(|error| error.to_string())
    }

    #[test]
    fn servers_with_and_without_a_place() {
        let servers = listed(
            r#"[{"name":"us","url":"https://us.example:8443","region":"us","latitude":39.0,"longitude":-77.5},
                {"name":"lab","url":"http://127.0.0.1:8123"}]"#,
        )
        .unwrap();
        assert_eq!(servers[0].place, GeoPoint::new(39.0, -77.5));
        assert_eq!(
            (servers[1].url.as_str(), &servers[1].region, servers[1].place),
            ("http://127.0.0.1:8123/", &None, None)
        );
        assert_eq!(list(None), Ok(Vec::new()));
    }

    #[test]
    fn errors_say_which_entry_and_why() {
        for (text, expected) in [
            ("us", "CLICKHOUSE must be a list"),
            (r#"[{"name":"us"}]"#, "missing field `url`"),
            (r#"[{"name":"us","url":"http://a","pasword":"x"}]"#, "pasword"),
            (r#"[{"name":"us","url":"nowhere"}]"#, "us: url"),
            (
                r#"[{"name":"us","url":"http://router:secret@a"}]"#,
                "holds a password",
            ),
            (
                r#"[{"name":"us","url":"http://a"},{"name":"us","url":"http://b"}]"#,
                "one of a kind",
            ),
            (r#"[{"name":"chdb","url":"http://a"}]"#, "not chdb"),
            (r#"[{"name":"us","url":"http://a","latitude":1}]"#, "go together"),
            (
                r#"[{"name":"us","url":"http://a","latitude":91,"longitude":0}]"#,
                "no place on Earth",
            ),
        ] {
            let error = listed(text).unwrap_err();
            assert!(error.contains(expected), "{error}");
            assert!(!error.contains("secret@"), "{error}");
        }
    }
}
