//! The bytes that keys may send in a day of UTC.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use lakefront_lake::files::{self, Durability};
use serde::{Deserialize, Serialize};

use crate::config::KeyBudgets;

const DAY_MICROS: i64 = 86_400_000_000;

/// The bytes that each key with a budget has sent today. A file keeps them, so that a restart gives no new budget.
#[derive(Debug)]
pub struct Budgets {
    limits: KeyBudgets,
    path: PathBuf,
    today: Mutex<Today>,
}

#[derive(Debug, Default, Clone, Serialize, Deserialize)]
struct Today {
    /// Days since 1970-01-01 UTC.
    day: i64,
    bytes: BTreeMap<String, u64>,
    #[serde(skip)]
    is_saved: bool,
}

impl Budgets {
    /// Opens the counts that are kept in `folder`. A file that cannot be read counts as none.
    pub fn open(folder: &Path, limits: KeyBudgets) -> Self {
        let path = folder.join("budgets.json");
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        Self {
            limits,
            path,
            today: Mutex::new(serde_json::from_str(&text).unwrap_or_default()),
        }
    }

    /// Returns the limit of a key that has no budget left, with the time until it has one. `now` is in microseconds since
    /// 1970 UTC.
    pub fn exhausted(&self, key: &str, now: i64) -> Option<(u64, Duration)> {
        let limit = self.limits.of(key)?.iter().min()?.as_u64();
        let used = self.of_day(now).bytes.get(key).copied().unwrap_or_default();
        let left = DAY_MICROS - now.rem_euclid(DAY_MICROS);
        (used >= limit).then(|| (limit, Duration::from_micros(left.unsigned_abs())))
    }

    /// Counts bytes that a key has sent.
    pub fn add(&self, key: &str, bytes: u64, now: i64) {
        if self.limits.of(key).is_none() {
            return;
        }
        let mut today = self.of_day(now);
        let used = today.bytes.entry(key.to_owned()).or_default();
        *used = used.saturating_add(bytes);
        today.is_saved = false;
    }

    /// Writes the counts to the file, if they have changed.
    pub fn save(&self) {
        let today = {
            let mut today = self.lock();
            if std::mem::replace(&mut today.is_saved, true) || today.bytes.is_empty() {
                return;
            }
            today.clone()
        };
        let text = serde_json::to_vec(&today).unwrap_or_default();
        if let Err(error) = files::replace(&self.path, &text, Durability::Unsynced) {
            tracing::warn!(%error, "a restart would give keys a new budget");
        }
    }

    /// Returns the counts of the day of `now`. A day that is over is dropped; a clock that was set back goes on with the later day.
    fn of_day(&self, now: i64) -> MutexGuard<'_, Today> {
        let day = now.div_euclid(DAY_MICROS);
        let mut today = self.lock();
        if today.day < day {
            *today = Today {
                day,
                ..Today::default()
            };
        }
        today
    }

    /// No code panics while it holds the lock.
    fn lock(&self) -> MutexGuard<'_, Today> {
        self.today.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::parse_budgets;

    #[test]
    fn a_budget_is_of_a_day_and_outlives_a_restart() {
        let folder = tempfile::tempdir().expect("a folder");
        let limits = || parse_budgets("shop=1kB,shop=2kB").expect("budgets");
        let budgets = Budgets::open(folder.path(), limits());
        let noon = DAY_MICROS * 20_000 + DAY_MICROS / 2;
        budgets.add("shop", 999, noon);
        budgets.add("other", u64::MAX, noon);
        assert_eq!(budgets.exhausted("shop", noon), None);
        assert_eq!(budgets.exhausted("other", noon), None);
        budgets.add("shop", 1, noon);
        budgets.save();
        let half_a_day = Duration::from_secs(43_200);
        assert_eq!(budgets.exhausted("shop", noon), Some((1_000, half_a_day)));

        let budgets = Budgets::open(folder.path(), limits());
        assert_eq!(budgets.exhausted("shop", noon), Some((1_000, half_a_day)));
        assert!(
            budgets.exhausted("shop", noon - DAY_MICROS).is_some(),
            "a clock set back"
        );
        assert_eq!(budgets.exhausted("shop", noon + DAY_MICROS), None);
        budgets.add("shop", u64::MAX, noon + DAY_MICROS);
        budgets.add("shop", u64::MAX, noon + DAY_MICROS);
        assert!(budgets.exhausted("shop", noon + DAY_MICROS).is_some());

        std::fs::write(folder.path().join("budgets.json"), "no JSON").expect("written");
        let budgets = Budgets::open(folder.path(), limits());
        assert_eq!(budgets.exhausted("shop", noon), None);
    }
}
