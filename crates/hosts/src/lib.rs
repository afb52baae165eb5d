//! Refuses requests that a web page made a browser send to a server that asks for no password.
//!
//! A page reaches servers of the visitor's machine in two ways. It can send a request across origins (`<img>`, a form,
//! `fetch`), which the headers `Origin` and `Sec-Fetch-Site` show. Or its own name can be pointed to 127.0.0.1 (DNS
//! rebinding), after which the browser takes the server for the page's own; the header `Host` then carries that name.
//!
//! Browsers send `Sec-Fetch-Site` to HTTPS and to loopback names only. So an address of a local network is not allowed
//! unless it is configured, although no name can be pointed at it.
//! <https://www.w3.org/TR/fetch-metadata/>

use http::header::{HOST, ORIGIN};
use http::{HeaderMap, HeaderValue, Uri};

/// Names of this machine that nobody else can own.
const LOOPBACK: [&str; 3] = ["127.0.0.1", "localhost", "[::1]"];

/// The longest name of a host (RFC 1035, 2.3.4).
const LONGEST: usize = 253;

/// The names under which a server answers requests without credentials: those of loopback, and configured ones.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AllowedHosts {
    configured: Vec<String>,
    any: bool,
}

/// A configured name: a host without scheme and port, or `*` for every host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostName(String);

/// A text that is not the name of a host.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is not the name of a host such as metrics.example or 10.0.0.5, without scheme and port; `*` allows every host"
)]
pub struct BadHost(String);

/// The reason why a request is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Foreign {
    /// The request is for a name that is not allowed.
    #[error("the Host {0:?} is not one under which this server answers without a password or key: use 127.0.0.1 or localhost, or add the name to {variable}", variable = .1)]
    Host(String, &'static str),
    /// The request was sent by a page of another origin.
    #[error(
        "requests that a web page of another origin makes a browser send are not answered; behind a proxy that changes Host, add the host of the own page to the allowed ones"
    )]
    Page,
}

impl std::str::FromStr for HostName {
    type Err = BadHost;

    fn from_str(text: &str) -> Result<Self, BadHost> {
        let name = text.trim().trim_end_matches('.').to_ascii_lowercase();
        let plain = |name: &str| {
            !name.is_empty()
                && name.len() <= LONGEST
                && name
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_'))
        };
        let is_ipv6 = |name: &str| {
            name.strip_prefix('[')
                .and_then(|name| name.strip_suffix(']'))
                .is_some_and(|name| name.parse::<std::net::Ipv6Addr>().is_ok())
        };
        if name == "*" || plain(&name) || is_ipv6(&name) {
            Ok(Self(name))
        } else {
            Err(BadHost(text.to_owned()))
        }
    }
}

impl FromIterator<HostName> for AllowedHosts {
    fn from_iter<I: IntoIterator<Item = HostName>>(names: I) -> Self {
        let (any, configured): (Vec<_>, Vec<_>) =
            names.into_iter().map(|name| name.0).partition(|name| name == "*");
        Self {
            configured,
            any: !any.is_empty(),
        }
    }
}

impl AllowedHosts {
    /// Reads a list of names, separated by commas.
    ///
    /// # Errors
    /// [`BadHost`] for the first text that is no name.
    pub fn parse(list: &str) -> Result<Self, BadHost> {
        list.split(',')
            .filter(|name| !name.trim().is_empty())
            .map(str::parse)
            .collect()
    }

    /// Checks that a request is for an allowed host and was not sent by a page of another origin. `variable` names the
    /// configuration that [`Foreign::Host`] refers to.
    ///
    /// # Errors
    /// [`Foreign`].
    pub fn check(&self, uri: &Uri, headers: &HeaderMap, variable: &'static str) -> Result<(), Foreign> {
        self.check_host(uri, headers, variable)?;
        self.check_origin(headers)?;
        check_fetch_site(headers)
    }

    /// Checks the host that a request is for: the address's, where that is absolute, and each `Host`. A request without one
    /// is HTTP/1.0, which no browser speaks.
    ///
    /// # Errors
    /// [`Foreign::Host`].
    pub fn check_host(&self, uri: &Uri, headers: &HeaderMap, variable: &'static str) -> Result<(), Foreign> {
        let named = headers.get_all(HOST).iter().map(text);
        for authority in uri
            .authority()
            .map(http::uri::Authority::as_str)
            .into_iter()
            .chain(named)
        {
            if !self.allows(name_of(authority)) {
                return Err(Foreign::Host(authority.chars().take(LONGEST).collect(), variable));
            }
        }
        Ok(())
    }

    /// Checks that a request's `Origin`, where it has one, is on an allowed host or on the host that the request is for.
    ///
    /// # Errors
    /// [`Foreign::Page`].
    pub fn check_origin(&self, headers: &HeaderMap) -> Result<(), Foreign> {
        let own = headers.get(HOST).map(|host| name_of(text(host)));
        let is_ours = |origin: &HeaderValue| {
            let name = text(origin)
                .split_once("://")
                .map(|(_, authority)| name_of(authority));
            name.is_some_and(|name| {
                (!self.any && self.allows(name)) || own.is_some_and(|own| own.eq_ignore_ascii_case(name))
            })
        };
        match headers.get_all(ORIGIN).iter().all(is_ours) {
            true => Ok(()),
            false => Err(Foreign::Page),
        }
    }

    fn allows(&self, name: &str) -> bool {
        let name = name.strip_suffix('.').unwrap_or(name);
        let is = |known: &str| known.eq_ignore_ascii_case(name);
        self.any || LOOPBACK.into_iter().any(is) || self.configured.iter().any(|known| is(known))
    }
}

/// Checks that a browser did not send a request for another site: `Sec-Fetch-Site` is missing, `none` or `same-origin`.
///
/// # Errors
/// [`Foreign::Page`].
pub fn check_fetch_site(headers: &HeaderMap) -> Result<(), Foreign> {
    let is_own = |site: &HeaderValue| matches!(site.as_bytes(), b"none" | b"same-origin");
    match headers.get_all("sec-fetch-site").iter().all(is_own) {
        true => Ok(()),
        false => Err(Foreign::Page),
    }
}

/// Returns true for requests of browsers, whatever page sent them.
pub fn is_by_browser(headers: &HeaderMap) -> bool {
    headers.contains_key(ORIGIN)
        || headers.contains_key("sec-fetch-site")
        || headers.contains_key("sec-fetch-mode")
}

/// The name in `name:port`.
fn name_of(authority: &str) -> &str {
    match authority.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => authority,
    }
}

/// A value that is no text is no name either.
fn text(value: &HeaderValue) -> &str {
    value.to_str().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderName, HeaderValue, Uri};

    use super::{AllowedHosts, Foreign, HostName, is_by_browser};

    fn answers(hosts: &str, uri: &str, pairs: &[(&str, &str)]) -> bool {
        let hosts = AllowedHosts::parse(hosts).expect("names");
        hosts
            .check(&uri.parse().expect("a URI"), &headers(pairs), "HOSTS")
            .is_ok()
    }

    fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
        let pairs = pairs.iter().map(|(name, value)| {
            let name = HeaderName::try_from(*name).expect("a name");
            (name, HeaderValue::from_str(value).expect("a value"))
        });
        pairs.collect()
    }

    #[test]
    fn names_of_loopback_and_configured_ones() {
        for host in [
            "127.0.0.1",
            "127.0.0.1:8686",
            "localhost:1",
            "LocalHost.",
            "[::1]",
            "[::1]:8686",
            "metrics.example",
            "METRICS.example:443",
        ] {
            assert!(answers("metrics.example", "/", &[("host", host)]), "{host}");
        }
        assert!(answers("", "/", &[]), "HTTP/1.0");
    }

    #[test]
    fn other_names() {
        for host in [
            "",
            "evil.example",
            "evil.example:8686",
            "127.0.0.1.evil.example",
            "localhost.evil.example",
            "xmetrics.example",
            "a.metrics.example",
            "127.0.0.1@evil.example",
            "127.0.0.1:x",
            "0.0.0.0:8686",
            "10.0.0.5",
            "[::2]:1",
            "::1",
        ] {
            assert!(!answers("metrics.example", "/", &[("host", host)]), "{host}");
        }
        let both = [("host", "localhost")];
        assert!(
            !answers("", "http://evil.example/", &both),
            "an absolute address counts too"
        );
        assert!(answers("", "http://localhost:1/", &both));
        let mut twice = headers(&both);
        twice.append("host", HeaderValue::from_static("evil.example"));
        let hosts = AllowedHosts::default();
        let refused = hosts.check_host(&Uri::from_static("/"), &twice, "X_HOSTS");
        assert_eq!(refused, Err(Foreign::Host("evil.example".into(), "X_HOSTS")));
        assert!(refused.expect_err("refused").to_string().contains("X_HOSTS"));
    }

    #[test]
    fn pages() {
        let host = ("host", "127.0.0.1:8686");
        for header in [
            ("origin", "http://127.0.0.1:8686"),
            ("origin", "http://localhost:8788"),
            ("sec-fetch-site", "same-origin"),
            ("sec-fetch-site", "none"),
        ] {
            assert!(answers("", "/", &[host, header]), "{header:?}");
        }
        for header in [
            ("origin", "http://evil.example"),
            ("origin", "http://127.0.0.1.evil.example:8686"),
            ("origin", "null"),
            ("origin", ""),
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-site", "same-site"),
            ("sec-fetch-site", ""),
        ] {
            assert!(!answers("", "/", &[host, header]), "{header:?}");
        }
    }

    #[test]
    fn every_host() {
        let named = ("host", "engine.internal");
        assert!(answers("a.example, *", "/", &[named]));
        assert!(answers("*", "/", &[named, ("origin", "https://engine.internal")]));
        assert!(!answers("*", "/", &[named, ("origin", "https://evil.example")]));
    }

    #[test]
    fn what_can_be_configured() {
        for name in [
            "a.example",
            "10.0.0.5",
            "[fd00::1]",
            "chdb.container",
            "*",
            "A_b.",
        ] {
            assert!(name.parse::<HostName>().is_ok(), "{name}");
        }
        for name in [
            "",
            "http://a.example",
            "a.example:80",
            "a b",
            "*.example",
            "[::x]",
            "::1",
        ] {
            assert!(name.parse::<HostName>().is_err(), "{name}");
        }
    }

    #[test]
    fn browsers() {
        assert!(is_by_browser(&headers(&[("sec-fetch-site", "none")])));
        assert!(is_by_browser(&headers(&[("origin", "http://localhost")])));
        assert!(!is_by_browser(&headers(&[("user-agent", "curl")])));
    }
}
