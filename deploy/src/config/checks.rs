//! The checks of values in `lakefront.toml`.

use std::collections::BTreeSet;

use super::{Clickhouse, Config, Landing, regions};
use crate::cost::prices;
use crate::error::{Error, Result};
use crate::secrets;

/// The most instances of chDB, as the Worker takes them.
const INSTANCES: u16 = 8;
/// The most ClickHouse servers. The router tries them in order, and each lengthens the plan by six lines.
const SERVERS: usize = 8;

/// The most host names of `access.hosts`.
const HOSTS: usize = 20;

/// Checks every value.
///
/// # Errors
/// Returns an error about the first value that is not valid.
pub(super) fn check(config: &Config) -> Result<()> {
    name("name", &config.name, 1, 40)?;
    if config.account.len() != 32 || !config.account.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(Error::value(
            "account",
            format!(
                "{:?} is no id of a Cloudflare account; expected 32 hexadecimal digits, as in the address of the dashboard",
                config.account
            ),
        ));
    }
    name("bucket.name", &config.bucket.name, 3, 63)?;
    viewers(config)?;
    if let Landing::Ingest { url } = &config.landing {
        let has_host = url
            .strip_prefix("https://")
            .or_else(|| url.strip_prefix("http://"))
            .is_some_and(|rest| !rest.is_empty() && !rest.starts_with('/') && !rest.contains('@'));
        if !has_host {
            return Err(Error::value(
                "landing.url",
                format!("{url:?} is no address; expected https://HOST without a user or password"),
            ));
        }
    }
    if let Some(domain) = &config.worker.domain {
        host("worker.domain", domain)?;
    }
    lakefront_api::parse_funnels(&config.funnels.join("\n"))
        .map_err(|fault| Error::value("funnels", fault))?;
    lakefront_api::Thresholds::read(&config.watch.variable())
        .map_err(|fault| Error::value("watch.thresholds", fault))?;
    for (key, kind) in [
        ("containers.chdb", &config.containers.chdb),
        ("containers.keeper", &config.containers.keeper),
    ] {
        known(key, kind, prices().containers.types.keys())?;
    }
    if !(1..=INSTANCES).contains(&config.containers.chdb_instances) {
        return Err(Error::value(
            "containers.chdb_instances",
            format!("expected 1 to {INSTANCES}"),
        ));
    }
    name("fly.organization", &config.fly.organization, 1, 63)?;
    servers(config)?;
    let known_secrets: Vec<String> = secrets::NAMES.iter().map(|name| (*name).to_owned()).collect();
    for (secret, variable) in &config.secrets {
        known("secrets", secret, known_secrets.iter())?;
        let is_plain = variable
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        if variable.is_empty() || !is_plain || variable.len() > 64 {
            return Err(Error::value(
                format!("secrets.{secret}"),
                "expected the name of an environment variable, such as MY_TOKEN, and never the secret itself",
            ));
        }
    }
    let traffic = &config.traffic;
    for (key, value, most) in [
        ("million_events_a_month", traffic.million_events_a_month, 1e9),
        ("chdb_hours_a_day", traffic.chdb_hours_a_day, 24.0),
        ("months_kept", traffic.months_kept, 1200.0),
    ] {
        if !(0.0..=most).contains(&value) {
            return Err(Error::value(
                format!("traffic.{key}"),
                format!("{value} is out of range; expected 0 to {most}"),
            ));
        }
    }
    Ok(())
}

/// Refuses a Worker that everybody could read.
fn viewers(config: &Config) -> Result<()> {
    let access = &config.access;
    if access.hosts.len() > HOSTS {
        return Err(Error::value(
            "access.hosts",
            format!("expected at most {HOSTS} names"),
        ));
    }
    for name in &access.hosts {
        host("access.hosts", name)?;
    }
    match access.viewers.as_deref() {
        Some("token") if access.hosts.is_empty() => Ok(()),
        Some("token") => Err(Error::value(
            "access.hosts",
            "expected no names with viewers = \"token\": under them the dashboard would need no token",
        )),
        Some("cloudflare-access") if access.hosts.is_empty() => Err(Error::value(
            "access.hosts",
            "expected the names that an application of Cloudflare Access protects, such as [\"telemetry.example.com\"]",
        )),
        Some("cloudflare-access") => match &config.worker.domain {
            Some(domain) if access.hosts.contains(domain) => Ok(()),
            _ => Err(Error::value(
                "worker.domain",
                "expected one of access.hosts: with viewers = \"cloudflare-access\" the Worker does not answer on workers.dev",
            )),
        },
        other => Err(Error::value(
            "access.viewers",
            format!(
                "{}, so that anybody could read the telemetry; expected \"token\", which makes a VIEWER_TOKEN, or \"cloudflare-access\"",
                other.map_or("it is not set".to_owned(), |other| format!("it is {other:?}"))
            ),
        )),
    }
}

fn servers(config: &Config) -> Result<()> {
    if config.clickhouse.len() > SERVERS {
        return Err(Error::value(
            "clickhouse",
            format!("expected at most {SERVERS} servers"),
        ));
    }
    let mut names = BTreeSet::from(["chdb"]);
    for server in &config.clickhouse {
        let Clickhouse {
            name: own,
            region,
            size,
            memory_gb,
            volume_gb,
            sync_interval,
        } = server;
        name("clickhouse.name", own, 1, 10)?;
        if !names.insert(own) {
            return Err(Error::value(
                "clickhouse.name",
                format!("{own:?} is there twice, or is chdb; expected names of their own"),
            ));
        }
        if regions::region(region).is_none() {
            return Err(Error::value(
                format!("clickhouse.{own}.region"),
                format!("{region:?} is no region; expected one of {}", regions::codes()),
            ));
        }
        known(
            &format!("clickhouse.{own}.size"),
            size,
            prices().fly.machines.keys(),
        )?;
        let least = prices().fly.machines[size].memory_gb;
        if f64::from(*memory_gb) < least.max(4.0) || *memory_gb > 128 {
            return Err(Error::value(
                format!("clickhouse.{own}.memory_gb"),
                format!("{memory_gb} is out of range; expected {} to 128", least.max(4.0)),
            ));
        }
        if !(10..=500).contains(volume_gb) {
            return Err(Error::value(
                format!("clickhouse.{own}.volume_gb"),
                format!("{volume_gb} is out of range; expected 10 to 500"),
            ));
        }
        let (digits, unit) = sync_interval.split_at(sync_interval.len().saturating_sub(1));
        if !matches!(unit, "s" | "m")
            || digits
                .parse()
                .map_or(true, |number: u32| !(1..=600).contains(&number))
        {
            return Err(Error::value(
                format!("clickhouse.{own}.sync_interval"),
                format!("{sync_interval:?} is no interval; expected 1s to 600s, or minutes such as 5m"),
            ));
        }
    }
    Ok(())
}

pub(super) fn name(key: &str, name: &str, least: usize, most: usize) -> Result<()> {
    let is_plain = name
        .bytes()
        .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    let ends = [name.bytes().next(), name.bytes().last()];
    if !(least..=most).contains(&name.len()) || !is_plain || ends.contains(&Some(b'-')) {
        return Err(Error::value(
            key,
            format!(
                "{name:?} is no name; expected {least} to {most} of a-z, 0-9 and -, which is neither first nor last"
            ),
        ));
    }
    Ok(())
}

fn host(key: &str, name: &str) -> Result<()> {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
    };
    if !name.contains('.') || name.len() > 253 || !name.split('.').all(is_label) {
        return Err(Error::value(
            key,
            format!("{name:?} is no host name; expected one such as telemetry.example.com, in lower case"),
        ));
    }
    Ok(())
}

fn known<'a>(key: &str, value: &str, mut names: impl Iterator<Item = &'a String> + Clone) -> Result<()> {
    let listed = names.clone();
    if names.any(|name| name == value) {
        return Ok(());
    }
    let listed: Vec<&str> = listed.map(String::as_str).collect();
    Err(Error::value(
        key,
        format!("{value:?} is not known; expected one of {}", listed.join(", ")),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIER_3: &str = include_str!("../../examples/tier-3.toml");

    fn problem(text: &str) -> String {
        Config::parse("lakefront.toml", text).unwrap_err().to_string()
    }

    /// Replaces one text of the example of tier 3.
    fn with(from: &str, to: &str) -> String {
        assert!(TIER_3.contains(from), "the example has no {from}");
        TIER_3.replacen(from, to, 1)
    }

    #[test]
    fn an_open_worker_is_refused() {
        for (text, found) in [
            (with("viewers = \"token\"", ""), "not set"),
            (with("viewers = \"token\"", "viewers = \"none\""), "\"none\""),
            (with("viewers = \"token\"", "viewers = \"\""), "\"\""),
            (with("[access]\nviewers = \"token\"", ""), "not set"),
        ] {
            let problem = problem(&text);
            assert!(
                problem.starts_with("access.viewers: ") && problem.contains(found),
                "{problem}"
            );
        }
        let both = with(
            "viewers = \"token\"",
            "viewers = \"token\"\nhosts = [\"a.example\"]",
        );
        assert!(problem(&both).starts_with("access.hosts: "));
        let rule = with("viewers = \"token\"", "viewers = \"cloudflare-access\"");
        assert!(problem(&rule).starts_with("access.hosts: "));
        let rule = with(
            "viewers = \"token\"",
            "viewers = \"cloudflare-access\"\nhosts = [\"a.example\"]",
        );
        assert!(problem(&rule).starts_with("worker.domain: "));
        let rule = format!("{rule}\n[worker]\ndomain = \"a.example\"\n");
        Config::parse("lakefront.toml", &rule).unwrap();
    }

    #[test]
    fn errors_name_the_key_and_what_is_expected() {
        for (text, key, expected) in [
            (
                with("name = \"lakefront\"", "name = \"Lake_front\""),
                "name: ",
                "a-z",
            ),
            (
                with("name = \"lakefront\"", "nam = \"lakefront\""),
                "lakefront.toml: ",
                "unknown field `nam`",
            ),
            (
                with("account = \"0123", "account = \"xyz"),
                "account: ",
                "32 hexadecimal",
            ),
            (
                with("name = \"lakefront-lake\"", "name = \"a\""),
                "bucket.name: ",
                "3 to 63",
            ),
            (
                with("location = \"enam\"", "location = \"moon\""),
                "lakefront.toml: ",
                "`apac`",
            ),
            (
                with("by = \"pipelines\"", "by = \"magic\""),
                "lakefront.toml: ",
                "`pipelines`",
            ),
            (
                with("by = \"pipelines\"", "by = \"ingest\""),
                "lakefront.toml: ",
                "senders",
            ),
            (
                with("region = \"iad\"", "region = \"xyz\""),
                "clickhouse.us.region: ",
                "iad",
            ),
            (
                with("region = \"iad\"", "region = \"iad\"\nsize = \"huge\""),
                "clickhouse.us.size: ",
                "performance-2x",
            ),
            (
                with("region = \"iad\"", "region = \"iad\"\nmemory_gb = 2"),
                "clickhouse.us.memory_gb: ",
                "4 to 128",
            ),
            (
                with("region = \"iad\"", "region = \"iad\"\nvolume_gb = 1"),
                "clickhouse.us.volume_gb: ",
                "10 to 500",
            ),
            (
                with("region = \"iad\"", "region = \"iad\"\nsync_interval = \"1h\""),
                "clickhouse.us.sync_interval: ",
                "5m",
            ),
            (
                with("name = \"eu\"", "name = \"us\""),
                "clickhouse.name: ",
                "twice",
            ),
            (
                with("name = \"eu\"", "name = \"chdb\""),
                "clickhouse.name: ",
                "chdb",
            ),
            (
                with("[traffic]", "[secrets]\nMY_SECRET = \"A\"\n[traffic]"),
                "secrets: ",
                "VIEWER_TOKEN",
            ),
            (
                with("[traffic]", "[secrets]\nVIEWER_TOKEN = \"se-cret!\"\n[traffic]"),
                "secrets.VIEWER_TOKEN: ",
                "never the secret",
            ),
            (
                with("[traffic]", "[containers]\nchdb = \"big\"\n[traffic]"),
                "containers.chdb: ",
                "standard-2",
            ),
            (
                with("[traffic]", "[containers]\nchdb_instances = 9\n[traffic]"),
                "containers.chdb_instances: ",
                "1 to 8",
            ),
            (
                with("million_events_a_month = 1000", "million_events_a_month = -1"),
                "traffic.million",
                "0 to",
            ),
        ] {
            let problem = problem(&text);
            assert!(
                problem.starts_with(key) && problem.contains(expected),
                "{problem}"
            );
            assert!(!problem.contains("se-cret!"), "{problem}");
        }
        let ingest = |url: &str| {
            with(
                "by = \"pipelines\"\nsenders = \"keys\"",
                &format!("by = \"ingest\"\nurl = {url:?}"),
            )
        };
        assert!(problem(&ingest("ftp://a")).starts_with("landing.url: "));
        assert!(problem(&ingest("https://u:p@a")).starts_with("landing.url: "));
        Config::parse("lakefront.toml", &ingest("https://ingest.example")).unwrap();
    }

    #[test]
    fn lists_have_a_most() {
        let server = |number| format!("\n[[clickhouse]]\nname = \"n{number}\"\nregion = \"iad\"\n");
        let servers: String = (0..SERVERS - 2).map(server).collect();
        Config::parse("lakefront.toml", &format!("{TIER_3}{servers}")).unwrap();
        let one_more = format!("{TIER_3}{servers}{}", server(99));
        assert!(problem(&one_more).contains("at most 8 servers"));
        let hosts: Vec<String> = (0..=HOSTS).map(|number| format!("a{number}.example")).collect();
        let many = with(
            "viewers = \"token\"",
            &format!("viewers = \"token\"\nhosts = {hosts:?}"),
        );
        assert!(problem(&many).contains("at most 20 names"));
    }
}
