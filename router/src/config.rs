//! The configuration of the Worker, read from its bindings: `vars` and secrets of `wrangler.toml`, on workerd the
//! environment.

mod address;
mod clickhouse;
mod containers;
mod landing;
mod watch;

use std::num::NonZeroU16;
use std::time::Duration;

use http::HeaderName;
use lakefront_hosts::AllowedHosts;
use secrecy::SecretString;
use url::Url;

pub use self::clickhouse::{CHDB, Clickhouse, Login};
pub use self::containers::Containers;
pub use self::landing::Landing;
pub use self::watch::Watch;
use crate::error::ConfigError;

/// The configuration of the Worker.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Config {
    /// `CHDB_URL`: the address of chDB. Without it chDB is in the containers of [`CONTAINER_BINDING`].
    pub chdb: Location,
    /// `CHDB_INSTANCES` and `CHDB_SLEEP_AFTER`: the containers of chDB.
    pub containers: Containers,
    /// `CLICKHOUSE`: the ClickHouse servers, none in tier 1, one in tier 2, several in tier 3.
    pub clickhouse: Vec<Clickhouse>,
    /// `CLICKHOUSE_USER` and `CLICKHOUSE_PASSWORD`: the user, the same on every ClickHouse.
    pub login: Login,
    /// `INGEST_URL`: the address to which OTLP is forwarded. Without it the Worker refuses OTLP.
    pub ingest: Option<Url>,
    /// `LANDING`: `pipelines` if the Worker takes OTLP itself and sends the rows to streams. `INGEST_URL` then counts for
    /// nothing but the router's own events.
    pub landing: Option<Landing>,
    /// `INGEST_TIMEOUT`: the time limit for an answer of ingest to forwarded OTLP, 1 to 600 seconds, 100 by default. The
    /// default is longer than ingest waits for a body or a snapshot.
    pub ingest_timeout: Duration,
    /// `SELF_OBSERVATION`: true if the router reports its queries to ingest. The values are `on` and `off` (the
    /// default).
    pub observes_itself: bool,
    /// `INGEST_KEY`: the key of the router's own requests to ingest, if ingest requires keys or has one for the router.
    pub ingest_key: Option<SecretString>,
    /// `ENGINE_SECRET`: the secret that chDB requires in each request.
    pub engine_secret: Option<SecretString>,
    /// `VIEWER_TOKEN`: the token that the API and the dashboard require. Without it they are open.
    pub viewer_token: Option<SecretString>,
    /// `ALLOWED_HOSTS`: the host names, besides those of loopback, under which the API and the dashboard answer without
    /// a token.
    pub allowed_hosts: AllowedHosts,
    /// `FUNNELS`: the funnels of this deployment, one in each line, such as `page > /cart > order_placed`.
    pub funnels: Vec<String>,
    /// `WATCH` and `WATCH_WEBHOOK`: what counts as a problem, and who is told.
    pub watch: Watch,
    /// `LOCATION_HEADER`: the header in which a proxy gives the place of a request's sender. `request.cf` takes
    /// precedence.
    pub location_header: Option<HeaderName>,
}

/// The location of an engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Location {
    /// A server at this address.
    Url(Url),
    /// The instance of this number of a Cloudflare Container, behind the Durable Object binding [`CONTAINER_BINDING`]. The
    /// first is 0.
    Container(u16),
}

/// The binding of the chDB container's Durable Object namespace in `wrangler.toml`.
pub const CONTAINER_BINDING: &str = "CHDB_CONTAINER";

impl Config {
    /// Reads the configuration. `variable` returns the text of a binding, and an empty text counts as unset.
    /// `has_container` is true if [`CONTAINER_BINDING`] is bound.
    ///
    /// # Errors
    /// Returns an error that names the variable if a value is not valid, or if chDB has no address and no container.
    pub fn from_lookup(
        variable: impl Fn(&str) -> Option<String>,
        has_container: bool,
    ) -> Result<Self, ConfigError> {
        let text = |name| variable(name).filter(|text| !text.is_empty());
        let chdb = match (base_url("CHDB_URL", text("CHDB_URL"))?, has_container) {
            (Some(url), _) => Location::Url(url),
            (None, true) => Location::Container(0),
            (None, false) => return Err(ConfigError::NoEngine),
        };
        Ok(Self {
            chdb,
            containers: Containers::from_lookup(&variable)?,
            clickhouse: clickhouse::list(text("CLICKHOUSE"))?,
            login: Login {
                user: text("CLICKHOUSE_USER").unwrap_or_else(|| "router".into()),
                password: secret("CLICKHOUSE_PASSWORD", text("CLICKHOUSE_PASSWORD"))?,
            },
            ingest: base_url("INGEST_URL", text("INGEST_URL"))?,
            landing: landing::landing(&text)?,
            ingest_timeout: seconds("INGEST_TIMEOUT", text("INGEST_TIMEOUT"), 600, 100)?,
            observes_itself: switch("SELF_OBSERVATION", text("SELF_OBSERVATION"))?,
            ingest_key: secret("INGEST_KEY", text("INGEST_KEY"))?,
            engine_secret: secret("ENGINE_SECRET", text("ENGINE_SECRET"))?,
            viewer_token: secret("VIEWER_TOKEN", text("VIEWER_TOKEN"))?,
            allowed_hosts: text("ALLOWED_HOSTS")
                .map(|list| AllowedHosts::parse(&list))
                .transpose()?
                .unwrap_or_default(),
            funnels: lakefront_api::parse_funnels(&text("FUNNELS").unwrap_or_default())
                .map_err(ConfigError::Funnels)?,
            watch: watch::watch(&text)?,
            location_header: header_name("LOCATION_HEADER", text("LOCATION_HEADER"))?,
        })
    }
}

fn base_url(name: &'static str, text: Option<String>) -> Result<Option<Url>, ConfigError> {
    text.map(|text| address::parse(&text).map_err(|problem| ConfigError::Url { name, problem }))
        .transpose()
}

fn header_name(name: &'static str, text: Option<String>) -> Result<Option<HeaderName>, ConfigError> {
    text.map(|text| text.parse().map_err(|_| ConfigError::Header { name }))
        .transpose()
}

fn switch(name: &'static str, text: Option<String>) -> Result<bool, ConfigError> {
    match text.as_deref() {
        Some("on") => Ok(true),
        Some("off") | None => Ok(false),
        Some(_) => Err(ConfigError::Switch { name }),
    }
}

fn seconds(
    name: &'static str,
    text: Option<String>,
    most: u16,
    default: u16,
) -> Result<Duration, ConfigError> {
    Ok(Duration::from_secs(
        number(name, text, most, default)?.get().into(),
    ))
}

fn number(
    name: &'static str,
    text: Option<String>,
    most: u16,
    default: u16,
) -> Result<NonZeroU16, ConfigError> {
    let number = text.map_or(Some(default), |text| text.parse().ok());
    number
        .filter(|number| *number <= most)
        .and_then(NonZeroU16::new)
        .ok_or(ConfigError::Number { name, most })
}

fn secret(name: &'static str, text: Option<String>) -> Result<Option<SecretString>, ConfigError> {
    let Some(text) = text else { return Ok(None) };
    // The secret is sent in a header, and a short one could be guessed.
    if text.len() < 16 || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(ConfigError::Secret { name });
    }
    Ok(Some(text.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(variables: &[(&str, &str)], has_container: bool) -> Result<Config, String> {
        let lookup = |name: &str| {
            variables
                .iter()
                .find(|(known, _)| *known == name)
                .map(|(_, value)| (*value).to_owned())
        };
        Config::from_lookup(lookup, has_container).map_err(|error| error.to_string())
    }

    #[test]
    fn a_time_limit_is_a_number_of_seconds() {
        let with = |limit| {
            config(&[("CHDB_URL", "http://a"), ("INGEST_TIMEOUT", limit)], false)
                .map(|config| config.ingest_timeout.as_secs())
        };
        assert_eq!((with(""), with("1"), with("600")), (Ok(100), Ok(1), Ok(600)));
        for wrong in ["0", "601", "1.5", "1s", "-1", "99999999999999999999"] {
            assert!(with(wrong).unwrap_err().starts_with("INGEST_TIMEOUT "), "{wrong}");
        }
    }

    #[test]
    fn an_address_wins_over_the_container() {
        let both = config(&[("CHDB_URL", "http://127.0.0.1:8686")], true).unwrap();
        assert_eq!(both.chdb, Location::Url("http://127.0.0.1:8686".parse().unwrap()));
        assert_eq!(
            config(&[("CHDB_URL", "")], true).unwrap().chdb,
            Location::Container(0)
        );
        let behind_a_path = config(
            &[("CHDB_URL", "https://a/chdb"), ("INGEST_URL", "https://b")],
            false,
        )
        .unwrap();
        assert_eq!(
            behind_a_path.chdb,
            Location::Url("https://a/chdb/".parse().unwrap())
        );
    }

    #[test]
    fn errors_name_the_variable() {
        for (variables, expected) in [
            (&[][..], "CHDB_URL"),
            (&[("CHDB_URL", "localhost")], "CHDB_URL"),
            (&[("CHDB_URL", "file:///etc/passwd")], "CHDB_URL"),
            (
                &[("CHDB_URL", "http://a"), ("INGEST_URL", "http://user:pass@b")],
                "INGEST_URL",
            ),
            (
                &[("CHDB_URL", "http://a"), ("VIEWER_TOKEN", "short")],
                "VIEWER_TOKEN",
            ),
            (
                &[
                    ("CHDB_URL", "http://a"),
                    ("ENGINE_SECRET", "a line\nand another one"),
                ],
                "ENGINE_SECRET",
            ),
            (
                &[("CHDB_URL", "http://a"), ("CLICKHOUSE_PASSWORD", "short")],
                "CLICKHOUSE_PASSWORD",
            ),
            (&[("CHDB_URL", "http://a"), ("LANDING", "on")], "LANDING"),
            (
                &[("CHDB_URL", "http://a"), ("LANDING", "pipelines")],
                "LANDING_STREAMS",
            ),
            (
                &[("CHDB_URL", "http://a"), ("LOCATION_HEADER", "not a header")],
                "LOCATION_HEADER",
            ),
            (
                &[("CHDB_URL", "http://a"), ("ALLOWED_HOSTS", "a.example,https://b")],
                "ALLOWED_HOSTS",
            ),
            (
                &[("CHDB_URL", "http://a"), ("CHDB_INSTANCES", "9")],
                "CHDB_INSTANCES",
            ),
            (
                &[("CHDB_URL", "http://a"), ("CHDB_SLEEP_AFTER", "3601")],
                "CHDB_SLEEP_AFTER",
            ),
            (&[("CHDB_URL", "http://a"), ("WATCH", r#"{"lag": 3}"#)], "WATCH"),
            (
                &[("CHDB_URL", "http://a"), ("WATCH_WEBHOOK", "user:pass@b")],
                "WATCH_WEBHOOK",
            ),
            (
                &[("CHDB_URL", "http://a"), ("SELF_OBSERVATION", "yes")],
                "SELF_OBSERVATION",
            ),
        ] {
            let error = config(variables, false).unwrap_err();
            assert!(error.contains(expected), "{error}");
            assert!(!error.contains("pass@"), "{error}");
        }
    }

    #[test]
    fn the_router_observes_itself_only_when_configured() {
        let observes = |value| {
            let variables = [("CHDB_URL", "http://a"), ("SELF_OBSERVATION", value)];
            config(&variables, false).unwrap().observes_itself
        };
        assert_eq!(["", "off", "on"].map(observes), [false, false, true]);
    }

    #[test]
    fn one_login_serves_every_clickhouse() {
        let tier_1 = config(&[("CHDB_URL", "http://a")], false).unwrap();
        assert!(tier_1.clickhouse.is_empty());
        assert_eq!(tier_1.login.user, "router");
        assert!(tier_1.login.password.is_none());
        let tier_2 = config(
            &[
                ("CHDB_URL", "http://a"),
                ("CLICKHOUSE", r#"[{"name":"us","url":"https://b:8443"}]"#),
                ("CLICKHOUSE_USER", "reader"),
                ("CLICKHOUSE_PASSWORD", "0123456789abcdef"),
            ],
            false,
        )
        .unwrap();
        assert_eq!(tier_2.clickhouse[0].name, "us");
        assert_eq!(tier_2.login.user, "reader");
        assert!(!format!("{tier_2:?}").contains("0123"));
    }

    #[test]
    fn debug_output_hides_secrets() {
        let config = config(
            &[("CHDB_URL", "http://a"), ("VIEWER_TOKEN", "0123456789abcdef")],
            false,
        )
        .unwrap();
        assert!(!format!("{config:?}").contains("0123"));
    }
}
