//! The cache of the gate's verdicts.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::gate::Verdict;

/// The most verdicts that are cached.
const CAPACITY: usize = 512;
/// The most bytes of a cached statement, with the values in its key.
const MAX_KEY_BYTES: usize = 64 << 10;

/// A cache of the gate's verdicts on permitted statements, so that a dashboard's queries are parsed once and not each
/// time.
///
/// The key of a verdict is the statement's text with the names and values of its parameters. The values are left out if
/// the gate reports that they can't change the verdict ([`Verdict::depends_on_values`]).
#[derive(Default)]
pub struct VerdictCache(Mutex<State>);

#[derive(Default)]
struct State {
    verdicts: HashMap<Key, (u64, Verdict)>,
    uses: u64,
}

/// A statement's text and its parameters: their names, and their values if these matter.
type Key = (String, Vec<(String, Option<String>)>);

impl VerdictCache {
    /// Returns the cached verdict on a statement.
    pub fn get(&self, sql: &str, params: &[(String, String)]) -> Option<Verdict> {
        let mut state = self.state();
        state.uses += 1;
        let now = state.uses;
        [false, true].into_iter().find_map(|depends_on_values| {
            let (used, verdict) = state.verdicts.get_mut(&key(sql, params, depends_on_values))?;
            *used = now;
            Some(verdict.clone())
        })
    }

    /// Caches a verdict. If the cache is full, the least recently used verdict is dropped.
    pub fn put(&self, sql: &str, params: &[(String, String)], verdict: &Verdict) {
        let key = key(sql, params, verdict.depends_on_values);
        let values = key.1.iter().filter_map(|(_, value)| value.as_ref());
        if sql.len() + values.map(String::len).sum::<usize>() > MAX_KEY_BYTES {
            return;
        }
        let mut state = self.state();
        if state.verdicts.len() >= CAPACITY {
            let oldest = state.verdicts.iter().min_by_key(|(_, (used, _))| *used);
            if let Some(oldest) = oldest.map(|(key, _)| key.clone()) {
                state.verdicts.remove(&oldest);
            }
        }
        let now = state.uses;
        state.verdicts.insert(key, (now, verdict.clone()));
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn key(sql: &str, params: &[(String, String)], depends_on_values: bool) -> Key {
    let params = params
        .iter()
        .map(|(name, value)| (name.clone(), depends_on_values.then(|| value.clone())));
    (sql.to_owned(), params.collect())
}

#[cfg(test)]
mod tests {
    use super::{CAPACITY, MAX_KEY_BYTES, VerdictCache};
    use crate::gate::Verdict;

    #[test]
    fn the_least_recently_used_verdict_is_dropped() {
        let cache = VerdictCache::default();
        for n in 0..CAPACITY {
            cache.get(&n.to_string(), &[]);
            cache.put(&n.to_string(), &[], &Verdict::default());
        }
        assert!(cache.get("0", &[]).is_some());
        cache.put("one more", &[], &Verdict::default());
        assert!(cache.get("0", &[]).is_some() && cache.get("one more", &[]).is_some());
        assert!(cache.get("1", &[]).is_none());
    }

    #[test]
    fn a_verdict_is_cached_under_its_statement_and_parameters() {
        let params = |name: &str, value: &str| vec![(name.to_owned(), value.to_owned())];
        let cache = VerdictCache::default();
        cache.put("x", &params("a", "1"), &Verdict::default());
        assert!(cache.get("x", &params("a", "2")).is_some(), "values can't matter");
        assert!(cache.get("x", &[]).is_none() && cache.get("x", &params("b", "1")).is_none());

        let depends_on_values = Verdict {
            depends_on_values: true,
            ..Verdict::default()
        };
        cache.put("y", &params("a", "1"), &depends_on_values);
        assert!(cache.get("y", &params("a", "1")).is_some());
        assert!(cache.get("y", &params("a", "2")).is_none());

        cache.put("z", &params("a", &"v".repeat(MAX_KEY_BYTES)), &depends_on_values);
        assert!(
            cache.get("z", &params("a", &"v".repeat(MAX_KEY_BYTES))).is_none(),
            "too long"
        );
    }
}
