//! Protection of servers without a password against requests that a web page makes a browser send.
//!
//! A page reaches servers on the visitor's machine in two ways. First, the page can send a request across origins
//! (`<img>`, a form, `fetch`). The headers `Origin` and `Sec-Fetch-Site` show such a request. Second, the page's own
//! host name can be pointed to 127.0.0.1 (DNS rebinding). The browser then treats the server as the page's own origin,
//! and the header `Host` carries the page's name.
//!
//! Browsers send `Sec-Fetch-Site` only to HTTPS addresses and loopback names. An address of a local network is
//! therefore allowed only if it is configured, although DNS rebinding is impossible for an IP address.
//! <https://www.w3.org/TR/fetch-metadata/>

#![warn(clippy::missing_errors_doc)]

use http::header::{HOST, ORIGIN};
use http::{HeaderMap, HeaderValue, Uri};

/// Names of the loopback interface, which no other machine can have.
const LOOPBACK: [&str; 3] = ["127.0.0.1", "localhost", "[::1]"];

/// The most bytes of a host name (RFC 1035, 2.3.4).
const LONGEST: usize = 253;

/// The host names under which a server answers requests without credentials: those of loopback, and configured ones.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AllowedHosts {
    configured: Vec<String>,
    any: bool,
}

/// A configured host name without scheme and port, or `*` for every host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostName(String);

/// The error of a text that is not a host name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is not the name of a host such as metrics.example or 10.0.0.5, without scheme and port; `*` allows every host"
)]
pub struct BadHost(String);

/// The reason for refusing a request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Foreign {
    /// The request names a host that is not allowed. The second field names the configuration.
    #[error("the Host {0:?} is not one under which this server answers without a password or key: use 127.0.0.1 or localhost, or add the name to {variable}", variable = .1)]
    Host(String, &'static str),
    /// A page of another origin sent the request.
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
    /// Parses a list of host names, separated by commas.
    ///
    /// # Errors
    /// [`BadHost`] for the first text that is not a host name.
    pub fn parse(list: &str) -> Result<Self, BadHost> {
        list.split(',')
            .filter(|name| !name.trim().is_empty())
            .map(str::parse)
            .collect()
    }

    /// Checks that a request is for an allowed host, and that no page of another origin sent it. `variable` names the
    /// configuration that [`Foreign::Host`] refers to.
    ///
    /// # Errors
    /// [`Foreign::Host`] or [`Foreign::Page`].
    pub fn check(&self, uri: &Uri, headers: &HeaderMap, variable: &'static str) -> Result<(), Foreign> {
        self.check_host(uri, headers, variable)?;
        self.check_origin(headers)?;
        check_fetch_site(headers)
    }

    /// Checks the host that a request is for: the host of an absolute address, and every `Host` header. A request
    /// without either passes: it is HTTP/1.0, which browsers do not send.
    ///
    /// # Errors
    /// [`Foreign::Host`] if one of the hosts is not allowed.
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

    /// Checks that the `Origin` of a request, if it has one, is an allowed host or the host that the request is for.
    ///
    /// # Errors
    /// [`Foreign::Page`] if the origin is another host.
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

/// Checks that `Sec-Fetch-Site` is missing, `none` or `same-origin`, so that the request is not from another site.
///
/// # Errors
/// [`Foreign::Page`] for every other value.
pub fn check_fetch_site(headers: &HeaderMap) -> Result<(), Foreign> {
    let is_own = |site: &HeaderValue| matches!(site.as_bytes(), b"none" | b"same-origin");
    match headers.get_all("sec-fetch-site").iter().all(is_own) {
        true => Ok(()),
        false => Err(Foreign::Page),
    }
}

/// Returns true if a browser sent the request, from any page.
pub fn is_by_browser(headers: &HeaderMap) -> bool {
    headers.contains_key(ORIGIN)
        || headers.contains_key("sec-fetch-site")
        || headers.contains_key("sec-fetch-mode")
}

/// Returns the name in `name:port`.
fn name_of(authority: &str) -> &str {
    match authority.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => authority,
    }
}

/// Returns a header's value as text. A value that is not text becomes empty, which is no host name.
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
