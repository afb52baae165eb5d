//! Loading the files that a compaction has put together with loaded ones since the last round.
//!
//! The rows of such files can't be told apart in the new file, so that the day would have to be rebuilt. The lake keeps
//! the state before each compaction for an hour, with the files. A follower that is not further behind loads them from
//! there, and then records the compaction.

use std::collections::{BTreeMap, HashSet};

use jiff::civil::Date;

use super::{Follower, Round};
use crate::error::Result;
use crate::ledger::{DataFile, FileState, Ledger, RebuildReason};
use crate::plan::{self, Step, Work};
use crate::progress::Progress;

impl Follower {
    /// Loads files from the states before recent compactions, for the days that would be rebuilt otherwise. Returns
    /// true if it loaded any.
    pub(super) async fn load_before_compactions(
        &mut self,
        round: &mut Round,
        steps: &[Step<'_>],
        progress: &mut Progress,
    ) -> Result<bool> {
        let mut days: BTreeMap<&'static str, Vec<Date>> = BTreeMap::new();
        for step in steps {
            let is_vanished = matches!(step.work, Work::Build(RebuildReason::Vanished));
            if is_vanished && step.group.keeps_raw(step.day, round.today) {
                for table in &step.group.tables {
                    days.entry(table).or_default().push(step.day);
                }
            }
        }
        let mut any = false;
        for (table, days) in days {
            let Some(highest) = highest_loaded(&round.bookkeeping.ledger, table) else {
                continue;
            };
            for state in self.source.states_before_compactions(table, highest).await? {
                let files = state.days.values().flatten();
                let in_state: HashSet<&str> = files.map(|file| file.path.as_str()).collect();
                for day in &days {
                    let none: Vec<DataFile> = Vec::new();
                    let files = state.days.get(day).unwrap_or(&none);
                    while let Some((insert, compacted)) =
                        plan::loads(table, *day, files, &in_state, &round.bookkeeping.ledger)
                    {
                        match self.load(round, *day, &insert, &compacted, progress).await {
                            Ok(()) => any = true,
                            // The files may have been deleted meanwhile. The day is rebuilt then.
                            Err(error) if error.is_about_the_day() => {
                                tracing::warn!(table, %day, %error, "the state before a compaction can't be loaded");
                                break;
                            }
                            Err(error) => return Err(error),
                        }
                    }
                }
            }
        }
        Ok(any)
    }
}

/// Returns the highest sequence number of the table's loaded files.
fn highest_loaded(ledger: &Ledger, table: &str) -> Option<i64> {
    let entries = ledger.days(table).flat_map(|(_, entries)| entries.values());
    let loaded = entries.filter(|entry| entry.state == FileState::Loaded);
    loaded.map(|entry| entry.sequence_number).max()
}
