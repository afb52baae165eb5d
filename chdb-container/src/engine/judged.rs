use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::gate::Judged;

/// How many statements are remembered.
const CAPACITY: usize = 512;
/// The longest of them, with the values it is kept under.
const LONGEST: usize = 64 << 10;

/// Statements the gate has let pass, so that a dashboard's queries are parsed for it once and not each time.
///
/// A verdict is kept under all that it was given for: the text, and the names and values of its parameters. The values are left out
/// where the gate says that they can't matter ([`Judged::by_values`]).
#[derive(Default)]
pub struct Known(Mutex<State>);

#[derive(Default)]
struct State {
    verdicts: HashMap<Key, (u64, Judged)>,
    uses: u64,
}

/// A text and its parameters: names, and values where they matter.
type Key = (String, Vec<(String, Option<String>)>);

impl Known {
    /// Returns the verdict on a statement, if it was given before.
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

    /// Keeps a verdict; the one least recently returned is dropped for it.
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
