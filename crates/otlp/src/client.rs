//! The sender of a request: its address, User-Agent and country.

use std::net::{IpAddr, SocketAddr};

use http::{HeaderMap, header::USER_AGENT};

/// Longest User-Agent that is kept, in characters.
const USER_AGENT_BYTES: usize = 1024;

/// The address, User-Agent and country of a request.
#[derive(Debug, PartialEq, Eq)]
pub struct Client {
    /// The address of the peer, or the address that a trusted proxy reports.
    pub address: IpAddr,
    /// `User-Agent`, cut to 1024 characters.
    pub user_agent: String,
    /// ISO 3166-1 alpha-2 in capitals, or empty.
    pub country: String,
}

impl Client {
    /// Returns the sender of a request from `peer`, behind `proxies` trusted proxies. Without a proxy, headers about
    /// the sender are ignored, because the sender could write anything there.
    pub fn of(headers: &HeaderMap, peer: SocketAddr, proxies: u8) -> Self {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let country = || {
            let country = text("cf-ipcountry")?.trim();
            let known = country.len() == 2 && country.bytes().all(|byte| byte.is_ascii_alphabetic());
            // Cloudflare sends XX for an unknown country.
            (known && !country.eq_ignore_ascii_case("XX")).then(|| country.to_ascii_uppercase())
        };
        let address = forwarded(headers, proxies).unwrap_or(peer.ip());
        Self {
            address: address.to_canonical(),
            user_agent: headers
                .get(USER_AGENT)
                .map(|value| String::from_utf8_lossy(value.as_bytes()))
                .map(|agent| agent.chars().take(USER_AGENT_BYTES).collect())
                .unwrap_or_default(),
            country: (proxies > 0).then(country).flatten().unwrap_or_default(),
        }
    }
}

/// Returns the entry of `X-Forwarded-For` that the outermost of the `proxies` added.
///
/// Each proxy appends the address that called it. Entries further left came with the request, and the sender can write
/// anything there. A list with fewer entries than there are proxies was begun by one of the proxies.
fn forwarded(headers: &HeaderMap, proxies: u8) -> Option<IpAddr> {
    let lines = headers.get_all("x-forwarded-for").into_iter();
    let entries: Vec<&str> = lines
        .filter_map(|line| line.to_str().ok())
        .flat_map(|line| line.split(','))
        .map(str::trim)
        .collect();
    let index = entries.len().saturating_sub(proxies.into());
    let entry = entries.get(index).filter(|_| proxies > 0)?;
    // Some proxies add the port.
    let with_port = || entry.parse().map(|socket: SocketAddr| socket.ip());
    let bracketed = || entry.strip_prefix('[')?.strip_suffix(']')?.parse().ok();
    entry.parse().or_else(|_| with_port()).ok().or_else(bracketed)
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderName};

    use super::forwarded;

    #[track_caller]
    fn check(lines: &[&str], proxies: u8, expected: Option<&str>) {
        let name = HeaderName::from_static("x-forwarded-for");
        let lines = lines
            .iter()
            .map(|line| (name.clone(), line.parse().expect("a value")));
        let headers: HeaderMap = lines.collect();
        let expected = expected.map(|address| address.parse().expect("an address"));
        assert_eq!(forwarded(&headers, proxies), expected, "{headers:?}");
    }

    #[test]
    fn the_address_is_the_one_that_the_outermost_trusted_proxy_saw() {
        check(&["203.0.113.7"], 0, None);
        check(&["203.0.113.7"], 1, Some("203.0.113.7"));
        check(&["198.51.100.1, 203.0.113.7"], 1, Some("203.0.113.7"));
        check(&["198.51.100.1, 203.0.113.7, 10.0.0.1"], 2, Some("203.0.113.7"));
        check(&["198.51.100.1", "203.0.113.7,10.0.0.1"], 2, Some("203.0.113.7"));
        check(&["203.0.113.7"], 2, Some("203.0.113.7"));
        check(&["203.0.113.7:4711"], 1, Some("203.0.113.7"));
        check(&["[2001:db8::1]:80"], 1, Some("2001:db8::1"));
        check(&["[2001:db8::1]"], 1, Some("2001:db8::1"));
        check(&["198.51.100.1, unknown"], 1, None);
        check(&[], 1, None);
    }
}
