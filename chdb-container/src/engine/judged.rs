//! The cache of the gate's verdicts.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::gate::Judged;

/// The most verdicts that are cached.
const CAPACITY: usize = 512;
/// The most bytes of a cached statement, with the values in its key.
const LONGEST: usize = 64 << 10;

/// A cache of the gate's verdicts on permitted statements, so that a dashboard's queries are parsed once and not each
/// time.
///
/// The key of a verdict is the statement's text with the names and values of its parameters. The values are left out if
/// the gate reports that they can't change the verdict ([`Judged::by_values`]).
#[derive(Default)]
pub struct Known(Mutex<State>);

#[derive(Default)]
struct State {
    verdicts: HashMap<Key, (u64, Judged)>,
    uses: u64,
}

/// A statement's text and its parameters: their names, and their values if these matter.
type Key = (String, Vec<(String, Option<String>)>);

impl Known {
    /// Returns the cached verdict on a statement.
    pub fn get(&self, sql: &str, params: &[(String, String)]) -> Option<Judged> {
        let mut state = self.state();
        state.uses += 1;
        let now = state.uses;
        [false, true].into_iter().find_map(|by_values| {
            let (used, judged) = state.verdicts.get_mut(&key(sql, params, by_values))?;
            *used = now;
            Some(judged.clone())
        })
    }

    /// Caches a verdict. If the cache is full, the least recently used verdict is dropped.
    pub fn put(&self, sql: &str, params: &[(String, String)], judged: &Judged) {
        let key = key(sql, params, judged.by_values);
        let values = key.1.iter().filter_map(|(_, value)| value.as_ref());
        if sql.len() + values.map(String::len).sum::<usize>() > LONGEST {
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
        state.verdicts.insert(key, (now, judged.clone()));
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn key(sql: &str, params: &[(String, String)], by_values: bool) -> Key {
    let params = params
        .iter()
        .map(|(name, value)| (name.clone(), by_values.then(|| value.clone())));
    (sql.to_owned(), params.collect())
}

#[cfg(test)]
mod tests {
    use super::{CAPACITY, Known, LONGEST};
    use crate::gate::Judged;

    #[test]
    fn the_least_used_is_forgotten() {
        let known = Known::default();
        for n in 0..CAPACITY {
            known.get(&n.to_string(), &[]);
            known.put(&n.to_string(), &[], &Judged::default());
        }
        assert!(known.get("0", &[]).is_some());
        known.put("one more", &[], &Judged::default());
        assert!(known.get("0", &[]).is_some() && known.get("one more", &[]).is_some());
        assert!(known.get("1", &[]).is_none());
    }

    #[test]
    fn a_verdict_is_kept_under_what_it_was_given_for() {
        let params = |name: &str, value: &str| vec![(name.to_owned(), value.to_owned())];
        let known = Known::default();
        known.put("x", &params("a", "1"), &Judged::default());
        assert!(known.get("x", &params("a", "2")).is_some(), "values can't matter");
        assert!(known.get("x", &[]).is_none() && known.get("x", &params("b", "1")).is_none());

        let by_values = Judged {
            by_values: true,
            ..Judged::default()
        };
        known.put("y", &params("a", "1"), &by_values);
        assert!(known.get("y", &params("a", "1")).is_some());
        assert!(known.get("y", &params("a", "2")).is_none());

        known.put("z", &params("a", &"v".repeat(LONGEST)), &by_values);
        assert!(
            known.get("z", &params("a", &"v".repeat(LONGEST))).is_none(),
            "too long"
        );
    }
}
