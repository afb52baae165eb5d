use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::gate::Judged;

/// How many statements are remembered.
const CAPACITY: usize = 512;
/// The longest of them.
const LONGEST: usize = 64 << 10;

/// Statements the gate has let pass, so that a dashboard's queries are parsed for it once and not each time.
///
/// A verdict hangs on a statement's text alone and not on the values of its parameters, but for those of the type
/// Identifier: statements with one are not remembered.
#[derive(Default)]
pub struct Known(Mutex<State>);

#[derive(Default)]
struct State {
    verdicts: HashMap<Key, (u64, Judged)>,
    uses: u64,
}

/// A text and the names of its parameters.
type Key = (String, Vec<String>);

impl Known {
    /// The verdict on a statement, if it was given before.
    pub fn get(&self, sql: &str, params: &[(String, String)]) -> Option<Judged> {
        let mut state = self.state();
        state.uses += 1;
        let now = state.uses;
        let (used, judged) = state.verdicts.get_mut(&key(sql, params))?;
        *used = now;
        Some(judged.clone())
    }

    /// Remembers a verdict; the one not asked for the longest is forgotten for it.
    pub fn put(&self, sql: &str, params: &[(String, String)], judged: &Judged) {
        if sql.len() > LONGEST || judged.by_values {
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
        state.verdicts.insert(key(sql, params), (now, judged.clone()));
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn key(sql: &str, params: &[(String, String)]) -> Key {
    (
        sql.to_owned(),
        params.iter().map(|(name, _)| name.clone()).collect(),
    )
}

#[cfg(test)]
mod tests {
    use super::{CAPACITY, Known};
    use crate::gate::Judged;

    fn params(name: &str) -> Vec<(String, String)> {
        vec![(name.to_owned(), "value".to_owned())]
    }

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
    fn what_is_not_remembered() {
        let known = Known::default();
        let by_values = Judged {
            by_values: true,
            ..Judged::default()
        };
        known.put("x", &[], &by_values);
        assert!(known.get("x", &[]).is_none());
        known.put("x", &params("a"), &Judged::default());
        assert!(known.get("x", &[]).is_none() && known.get("x", &params("b")).is_none());
        assert!(known.get("x", &params("a")).is_some());
    }
}
