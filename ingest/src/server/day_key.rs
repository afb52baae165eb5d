//! The key of a day, under which senders' addresses have pseudonyms that are valid for that day.

use std::{
    net::IpAddr,
    path::{Path, PathBuf},
    sync::Mutex,
};

use jiff::{Timestamp, civil::Date};
use lakefront_lake::files::{self, Durability};
use lakefront_otel::map::Pseudonym;
use lakefront_otlp::day_key;

use crate::{config::VisitorConfig, error::WalError};

/// A key that is replaced each day, at midnight in the zone of the visitors. Its pseudonyms distinguish the senders of
/// one day.
///
/// The key is random and overwritten by that of the next day, or it follows from a secret that several processes share.
#[derive(Debug)]
pub struct DayKey {
    config: VisitorConfig,
    path: PathBuf,
    current: Mutex<(i64, [u8; 32])>,
}

impl DayKey {
    /// Opens the key that is kept in `folder`, so that a restart does not change the pseudonyms of a day.
    pub fn open(folder: &Path, config: VisitorConfig) -> Self {
        let path = folder.join("day-key");
        let current = std::fs::read_to_string(&path)
            .ok()
            .and_then(|text| parse(&text))
            .unwrap_or((i64::MIN, [0; 32]));
        Self {
            config,
            path,
            current: Mutex::new(current),
        }
    }

    /// Returns the pseudonym of an address on the day of `now_micros`.
    ///
    /// # Errors
    /// Returns an error if the key of a new day cannot be written.
    pub fn pseudonym(&self, address: IpAddr, now_micros: i64) -> Result<Pseudonym, WalError> {
        let day = self.day(now_micros);
        let key = match &self.config.visitor_secret {
            Some(secret) => day_key(secret, day),
            None => self.own_key(day)?,
        };
        Ok(Pseudonym::new(&key, address))
    }

    /// Returns the number of days from 1970-01-01 to the day on the calendar of the visitors' zone.
    fn day(&self, micros: i64) -> i64 {
        const EPOCH: Date = jiff::civil::date(1970, 1, 1);
        let now = Timestamp::from_microsecond(micros).unwrap_or_default();
        let date = self.config.visitor_zone.to_datetime(now).date();
        date.duration_since(EPOCH).as_hours() / 24
    }

    fn own_key(&self, day: i64) -> Result<[u8; 32], WalError> {
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
        Ok(current.1)
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

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::config::Config;

    fn key(folder: &Path, flags: &[&str]) -> DayKey {
        let args = ["ingest", "--data", "."].iter().chain(flags);
        DayKey::open(folder, Config::try_parse_from(args).expect("flags").visitors)
    }

    /// Returns the pseudonym that a key gives to one address at a time.
    fn at(key: &DayKey, time: &str) -> Pseudonym {
        let time: Timestamp = time.parse().expect("a time");
        let address = IpAddr::from([203, 0, 113, 7]);
        key.pseudonym(address, time.as_microsecond())
            .expect("a pseudonym")
    }

    #[test]
    fn a_visitor_is_one_for_a_day_of_its_zone() {
        let folder = tempfile::tempdir().expect("a folder");
        let (before, after) = ("2026-03-24T23:58:00Z", "2026-03-25T00:02:00Z");
        let utc = key(folder.path(), &[]);
        assert_ne!(at(&utc, before), at(&utc, after));
        let los_angeles = key(folder.path(), &["--visitor-zone", "America/Los_Angeles"]);
        assert_eq!(at(&los_angeles, before), at(&los_angeles, after));
        assert_ne!(at(&los_angeles, before), at(&los_angeles, "2026-03-25T07:00:00Z"));
    }

    #[test]
    fn a_restart_changes_no_visitor_and_another_folder_does() {
        let (folder, other) = (
            tempfile::tempdir().expect("a folder"),
            tempfile::tempdir().expect("a folder"),
        );
        let time = "2026-03-24T12:00:00Z";
        let first = at(&key(folder.path(), &[]), time);
        assert_eq!(first, at(&key(folder.path(), &[]), time));
        assert_ne!(first, at(&key(other.path(), &[]), time));
    }

    #[test]
    fn processes_with_one_secret_agree() {
        let (folder, other) = (
            tempfile::tempdir().expect("a folder"),
            tempfile::tempdir().expect("a folder"),
        );
        let flags = ["--visitor-secret", "a secret of 16 characters or more"];
        let (one, two) = (key(folder.path(), &flags), key(other.path(), &flags));
        let time = "2026-03-24T12:00:00Z";
        assert_eq!(at(&one, time), at(&two, time));
        assert_ne!(at(&one, time), at(&one, "2026-03-25T12:00:00Z"));
        let another = key(
            folder.path(),
            &["--visitor-secret", "another secret of that length"],
        );
        assert_ne!(at(&one, time), at(&another, time));
        assert!(
            !folder.path().join("day-key").exists(),
            "a key that follows from the secret is not stored"
        );
    }
}
