//! The bytes that keys may send in a day of UTC, and those that they have sent.

use std::collections::BTreeMap;
use std::str::FromStr;
use std::time::Duration;

use bytesize::ByteSize;
use serde::{Deserialize, Serialize};

use crate::{ByKey, InvalidRule};

const DAY_MICROS: i64 = 86_400_000_000;

/// The bytes of request bodies, after decompression, that keys may send in a day of UTC, by the names of the keys.
pub type KeyBudgets = ByKey<ByteSize>;

impl FromStr for KeyBudgets {
    type Err = InvalidRule;

    /// Parses budgets such as `shop=2GiB,blog=500MB`.
    fn from_str(text: &str) -> Result<Self, InvalidRule> {
        Self::parse(text, "2GiB", |size| size.parse().ok())
    }
}

/// A key that has no budget left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exhausted {
    /// The budget.
    pub limit: ByteSize,
    /// The time until the key has a new one.
    pub left: Duration,
}

impl std::fmt::Display for Exhausted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "the key has sent its budget of {} today; it may send again at 00:00 UTC",
            self.limit
        )
    }
}

impl Exhausted {
    /// Returns the time in whole seconds, rounded up.
    pub fn retry_seconds(&self) -> u32 {
        u32::try_from(self.left.as_secs())
            .unwrap_or(u32::MAX)
            .saturating_add(1)
    }
}

/// The bytes that each key with a budget has sent in a day.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SentToday {
    /// Days since 1970-01-01 UTC.
    day: i64,
    bytes: BTreeMap<String, u64>,
}

impl SentToday {
    /// Returns counts of no key.
    pub const fn new() -> Self {
        Self {
            day: 0,
            bytes: BTreeMap::new(),
        }
    }

    /// Returns true if no key has sent anything.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Counts bytes of a key, if it has a budget. `now` is in microseconds since 1970 UTC. The counts of a day that is over are
    /// dropped; a clock that was set back goes on with the later day.
    pub fn add(&mut self, budgets: &KeyBudgets, key: &str, bytes: u64, now: i64) {
        if budgets.of(key).is_none() {
            return;
        }
        let day = now.div_euclid(DAY_MICROS).max(self.day);
        self.merge(Self {
            day,
            bytes: BTreeMap::from([(key.to_owned(), bytes)]),
        });
    }

    /// Adds the counts of another. Of two days the later one counts.
    pub fn merge(&mut self, other: Self) {
        if other.day > self.day {
            *self = other;
            return;
        }
        if other.day < self.day {
            return;
        }
        for (key, bytes) in other.bytes {
            let used = self.bytes.entry(key).or_default();
            *used = used.saturating_add(bytes);
        }
    }

    /// Returns the bytes that a key has sent.
    fn of(&self, key: &str) -> u64 {
        self.bytes.get(key).copied().unwrap_or_default()
    }
}

impl KeyBudgets {
    /// Returns the budget of a key that has none left. `sent` is what it has sent today, counted in several places. `now` is in
    /// microseconds since 1970 UTC.
    pub fn exhausted(&self, key: &str, sent: &[&SentToday], now: i64) -> Option<Exhausted> {
        let limit = *self.of(key)?.iter().min()?;
        let day = sent
            .iter()
            .map(|sent| sent.day)
            .max()?
            .max(now.div_euclid(DAY_MICROS));
        let today = sent.iter().filter(|sent| sent.day == day);
        let used = today.fold(0_u64, |used, sent| used.saturating_add(sent.of(key)));
        let left = DAY_MICROS - now.rem_euclid(DAY_MICROS);
        (used >= limit.as_u64()).then(|| Exhausted {
            limit,
            left: Duration::from_micros(left.unsigned_abs()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: i64 = DAY_MICROS * 20_000 + DAY_MICROS / 2;

    fn sent(budgets: &KeyBudgets, bytes: u64, now: i64) -> SentToday {
        let mut sent = SentToday::default();
        sent.add(budgets, "shop", bytes, now);
        sent
    }

    #[test]
    fn a_budget_is_of_a_day() {
        // Of two budgets the smaller one counts.
        let budgets: KeyBudgets = "shop=1kB,shop=2kB".parse().expect("budgets");
        let mut all = sent(&budgets, 999, NOON);
        all.add(&budgets, "other", u64::MAX, NOON);
        assert_eq!(budgets.exhausted("shop", &[&all], NOON), None);
        assert_eq!(budgets.exhausted("other", &[&all], NOON), None);
        all.add(&budgets, "shop", 1, NOON);
        let exhausted = Exhausted {
            limit: ByteSize::b(1_000),
            left: Duration::from_secs(43_200),
        };
        assert_eq!(budgets.exhausted("shop", &[&all], NOON), Some(exhausted));
        assert_eq!(exhausted.retry_seconds(), 43_201);
        assert!(
            budgets.exhausted("shop", &[&all], NOON - DAY_MICROS).is_some(),
            "a clock set back"
        );
        assert_eq!(budgets.exhausted("shop", &[&all], NOON + DAY_MICROS), None);
        all.add(&budgets, "shop", u64::MAX, NOON + DAY_MICROS);
        all.add(&budgets, "shop", u64::MAX, NOON + DAY_MICROS);
        assert!(budgets.exhausted("shop", &[&all], NOON + DAY_MICROS).is_some());
    }

    #[test]
    fn counts_of_several_places_add_up() {
        let budgets: KeyBudgets = "shop=1kB".parse().expect("budgets");
        let (here, there) = (sent(&budgets, 600, NOON), sent(&budgets, 400, NOON));
        assert_eq!(budgets.exhausted("shop", &[&here], NOON), None);
        assert!(budgets.exhausted("shop", &[&here, &there], NOON).is_some());

        let mut merged = here.clone();
        merged.merge(there);
        assert!(budgets.exhausted("shop", &[&merged], NOON).is_some());
        let yesterday = sent(&budgets, 9_999, NOON - DAY_MICROS);
        let mut both = here.clone();
        both.merge(yesterday.clone());
        assert_eq!(both, here);
        assert_eq!(budgets.exhausted("shop", &[&here, &yesterday], NOON), None);
        let mut both = yesterday;
        both.merge(here.clone());
        assert_eq!(both, here);
    }

    #[test]
    fn a_budget_has_a_name_and_a_size() {
        for wrong in ["shop", "=1kB", "shop=much", "shop=-1"] {
            let error = wrong.parse::<KeyBudgets>().unwrap_err().to_string();
            assert!(error.contains(wrong) && error.contains("2GiB"), "{error}");
        }
    }
}
