//! Keeps what keys have sent of their budgets over restarts.

use std::{
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
};

use lakefront_lake::files::{self, Durability};
use lakefront_otlp::{Exhausted, KeyBudgets, SentToday};

/// The bytes that each key with a budget has sent today. A file keeps them, so that a restart gives no new budget.
#[derive(Debug)]
pub struct Budgets {
    limits: KeyBudgets,
    path: PathBuf,
    sent: Mutex<Sent>,
}

#[derive(Debug, Default)]
struct Sent {
    today: SentToday,
    /// True if the file has these counts.
    is_saved: bool,
}

impl Budgets {
    /// Opens the counts that are kept in `folder`. A file that cannot be read counts as none.
    pub fn open(folder: &Path, limits: KeyBudgets) -> Self {
        let path = folder.join("budgets.json");
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        let today = serde_json::from_str(&text).unwrap_or_default();
        Self {
            limits,
            path,
            sent: Mutex::new(Sent {
                today,
                is_saved: true,
            }),
        }
    }

    /// Returns the budget of a key that has none left. `now` is in microseconds since 1970 UTC.
    pub fn exhausted(&self, key: &str, now: i64) -> Option<Exhausted> {
        self.limits.exhausted(key, &[&self.lock().today], now)
    }

    /// Counts bytes that a key has sent.
    pub fn add(&self, key: &str, bytes: u64, now: i64) {
        let mut sent = self.lock();
        sent.today.add(&self.limits, key, bytes, now);
        sent.is_saved = false;
    }

    /// Writes the counts to the file, if they have changed.
    pub fn save(&self) {
        let today = {
            let mut sent = self.lock();
            if std::mem::replace(&mut sent.is_saved, true) || sent.today.is_empty() {
                return;
            }
            sent.today.clone()
        };
        let text = serde_json::to_vec(&today).unwrap_or_default();
        if let Err(error) = files::replace(&self.path, &text, Durability::Unsynced) {
            tracing::warn!(%error, "a restart would give keys a new budget");
        }
    }

    /// No code panics while it holds the lock.
    fn lock(&self) -> MutexGuard<'_, Sent> {
        self.sent.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_restart_gives_no_new_budget() {
        let folder = tempfile::tempdir().expect("a folder");
        let limits = || "shop=1kB".parse().expect("budgets");
        let noon = 86_400_000_000 * 20_000 + 43_200_000_000;
        let budgets = Budgets::open(folder.path(), limits());
        budgets.add("shop", 1_000, noon);
        budgets.save();
        assert!(
            Budgets::open(folder.path(), limits())
                .exhausted("shop", noon)
                .is_some()
        );

        std::fs::write(folder.path().join("budgets.json"), "no JSON").expect("written");
        let budgets = Budgets::open(folder.path(), limits());
        assert_eq!(budgets.exhausted("shop", noon), None);
    }
}
