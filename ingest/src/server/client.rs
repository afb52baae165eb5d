//! The sender of a request: its User-Agent, its country, and a pseudonym of its address that is valid for one day.

use std::{
    net::{IpAddr, SocketAddr},
    path::{Path, PathBuf},
    sync::Mutex,
};

use axum::http::{HeaderMap, header::USER_AGENT};
use lakefront_otel::map::Pseudonym;

use crate::{
    error::WalError,
    files::{self, Durability},
};

const DAY_MICROS: i64 = 86_400_000_000;

/// Longest User-Agent that is kept, in characters.
const USER_AGENT_BYTES: usize = 1024;

/// A key that is replaced each UTC day. Its pseudonyms distinguish the senders of one day and cannot be linked to those
/// of another day.
#[derive(Debug)]
pub struct DayKey {
    path: PathBuf,
    current: Mutex<(i64, [u8; 32])>,
}

impl DayKey {
    /// Opens the key that is kept in `folder`, so that a restart does not change the pseudonyms of a day.
    pub fn open(folder: &Path) -> Self {
        let path = folder.join("day-key");
        let current = std::fs::read_to_string(&path)
            .ok()
            .and_then(|text| parse(&text))
            .unwrap_or((i64::MIN, [0; 32]));
        Self {
            path,
            current: Mutex::new(current),
        }
    }

    /// Returns the pseudonym of an address on the day of `now_micros`.
    ///
    /// # Errors
    /// Returns an error if the key of a new day cannot be written.
    pub fn pseudonym(&self, address: IpAddr, now_micros: i64) -> Result<Pseudonym, WalError> {
        let day = now_micros.div_euclid(DAY_MICROS);
        let key = {
            let mut current = self
                .current
                .lock()
                .unwrap_or_else(std::sync::PoisonError::into_inner);
            if current.0 != day {
                let key = random_key();
                let text = format!("{day} {}", hex(&key));
                files::replace(&self.path, text.as_bytes(), Durability::Synced).map_err(|source| {
                    WalError::Io {
                        doing: "write",
                        path: self.path.clone(),
                        source,
                    }
                })?;
                *current = (day, key);
            }
            current.1
        };
        Ok(Pseudonym::new(&key, address))
    }
}

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

fn random_key() -> [u8; 32] {
    let mut key = [0; 32];
    for half in key.chunks_exact_mut(16) {
        half.copy_from_slice(uuid::Uuid::new_v4().as_bytes());
    }
    key
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn parse(text: &str) -> Option<(i64, [u8; 32])> {
    let (day, key) = text.trim().split_once(' ')?;
    let mut bytes = [0; 32];
    for (index, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(key.get(2 * index..2 * index + 2)?, 16).ok()?;
    }
    Some((day.parse().ok()?, bytes))
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderMap, HeaderName};

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
