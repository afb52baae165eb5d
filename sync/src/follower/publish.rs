//! Writes the coverage.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;

use super::{Follower, Round};
use crate::coverage::Coverage;
use crate::error::Result;
use crate::plan::{self, Step};
use crate::target::CoverageKey;
use crate::unit::{RAW_RETENTION_DAYS, Unit, first_kept};

/// Returns the keys of a unit's rows in `otel.coverage`, each with the retention in days.
pub(super) fn keys(unit: &Unit) -> impl Iterator<Item = (CoverageKey, u16)> {
    let raw = unit.tables.iter().map(|table| {
        let key = ((*table).to_owned(), lakefront_query::raw_version().to_owned());
        (key, RAW_RETENTION_DAYS)
    });
    let views = unit
        .views
        .iter()
        .map(|view| ((view.name.clone(), view.version.clone()), view.retention_days));
    raw.chain(views)
}

impl Follower {
    /// Writes the coverage that is true while the steps `left` are not done.
    pub(super) async fn publish(&self, round: &mut Round, left: &[Step<'_>]) -> Result<()> {
        let incomplete = plan::incomplete(left);
        let nothing = BTreeSet::new();
        let mut changed = BTreeMap::new();
        for unit in self.units.iter() {
            let failed: Vec<Date> = round
                .failed
                .iter()
                .filter(|(table, _)| unit.tables.contains(table))
                .map(|(_, day)| *day)
                .collect();
            for (key, retention) in keys(unit) {
                let before = round.books.coverage.get(&key).copied();
                // A day that failed must not delay the coverage of newer days.
                let held =
                    before.map(|before| failed.iter().fold(before, |b, day| b.without(*day, round.today)));
                let next = Coverage::next(
                    held,
                    incomplete.get(&key.0).unwrap_or(&nothing),
                    round.head.as_of,
                    first_kept(round.today, retention),
                    round.today,
                );
                if before != Some(next) {
                    changed.insert(key, next);
                }
            }
        }
        self.target.write_coverage(&mut round.books, changed).await
    }

    /// Takes a day out of the coverage of a unit.
    pub(super) async fn uncover(&self, round: &mut Round, unit: &Unit, day: Date) -> Result<()> {
        let mut changed = BTreeMap::new();
        for (key, _) in keys(unit) {
            if let Some(before) = round.books.coverage.get(&key) {
                let without = before.without(day, round.today);
                if without != *before {
                    changed.insert(key, without);
                }
            }
        }
        self.target.write_coverage(&mut round.books, changed).await
    }
}
