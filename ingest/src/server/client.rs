//! Who sent a request: its User-Agent, its country, and its address as a pseudonym that means nothing after the day.

use std::{
    net::{IpAddr, Ipv6Addr, SocketAddr},
    path::{Path, PathBuf},
    sync::Mutex,
};

use axum::http::{HeaderMap, header::USER_AGENT};
use sha2::{Digest, Sha256};

use crate::{error::WalError, wal::replace_file};

const DAY_MICROS: i64 = 86_400_000_000;

/// Longest User-Agent that is kept.
const USER_AGENT_BYTES: usize = 1024;

/// A key that is replaced each UTC day: pseudonyms under it tell clients of one day apart and mean nothing after it.
#[derive(Debug)]
pub struct DayKey {
    path: PathBuf,
    current: Mutex<(i64, [u8; 32])>,
}

impl DayKey {
    /// The key kept in `folder`, so that a restart does not change a day's pseudonyms.
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

    /// What stands for an address on the day of `now_micros`, in the form of an address: a hash under the day's key.
    pub fn pseudonym(&self, address: IpAddr, now_micros: i64) -> Result<Ipv6Addr, WalError> {
        let day = now_micros.div_euclid(DAY_MICROS);
        let key = {
            let mut current = self
                .current
                .lock()
                .unwrap_or_else(std::sync::PoisonError::into_inner);
            if current.0 != day {
                let key = random_key();
                replace_file(&self.path, format!("{day} {}", hex(&key)).as_bytes())?;
                *current = (day, key);
            }
            current.1
        };
        let digest = Sha256::new()
            .chain_update(key)
            .chain_update(address.to_string())
            .finalize();
        let mut octets = [0; 16];
        octets.copy_from_slice(&digest[..16]);
        Ok(octets.into())
    }
}

/// The address, User-Agent and country of a request.
#[derive(Debug, PartialEq, Eq)]
pub struct Client {
    /// Sender, or what a trusted proxy says it is.
    pub address: IpAddr,
    /// `User-Agent`, cut.
    pub user_agent: String,
    /// ISO 3166-1 alpha-2, or empty.
    pub country: String,
}

impl Client {
    /// Of a request from `peer`. What a proxy adds is believed only if it is trusted.
    pub fn of(headers: &HeaderMap, peer: SocketAddr, trust_proxy: bool) -> Self {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let forwarded = || text("x-forwarded-for")?.split(',').next()?.trim().parse().ok();
        let country = || {
            let country = text("cf-ipcountry")?.trim();
            let known = country.len() == 2 && country.bytes().all(|byte| byte.is_ascii_alphabetic());
            // Cloudflare's XX is "unknown".
            (known && !country.eq_ignore_ascii_case("XX")).then(|| country.to_ascii_uppercase())
        };
        let address = trust_proxy.then(forwarded).flatten().unwrap_or(peer.ip());
        Self {
            address: address.to_canonical(),
            user_agent: headers
                .get(USER_AGENT)
                .map(|value| String::from_utf8_lossy(value.as_bytes()))
                .map(|agent| agent.chars().take(USER_AGENT_BYTES).collect())
                .unwrap_or_default(),
            country: trust_proxy.then(country).flatten().unwrap_or_default(),
        }
    }
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
