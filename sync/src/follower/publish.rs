//! Writes the coverage.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use lakefront_hot_tier::CoverageKey;
use lakefront_otel::RAW_RETENTION_DAYS;

use super::{Follower, Round};
use crate::coverage::Coverage;
use crate::error::Result;
use crate::plan::{self, Step};
use crate::table_group::{TableGroup, first_kept};

/// Returns the keys of a table group's rows in `otel.coverage`, each with the retention in days.
pub(super) fn keys(group: &TableGroup) -> impl Iterator<Item = (CoverageKey, u16)> {
    let raw = group
        .tables
        .iter()
        .map(|table| (CoverageKey::of_raw_table(table), RAW_RETENTION_DAYS));
    let views = group
        .views
        .iter()
        .map(|view| (CoverageKey::of_view(view), view.retention_days));
    raw.chain(views)
}

impl Follower {
    /// Writes the coverage that is true while the steps `left` are not done.
    pub(super) async fn publish(&self, round: &mut Round, left: &[Step<'_>]) -> Result<()> {
        let incomplete = plan::incomplete(left);
        let nothing = BTreeSet::new();
        let mut changed = BTreeMap::new();
        for group in self.groups.iter() {
            let failed: Vec<Date> = round
                .failed
                .iter()
                .filter(|(table, _)| group.tables.contains(table))
                .map(|(_, day)| *day)
                .collect();
            for (key, retention) in keys(group) {
                let before = round.bookkeeping.coverage.get(&key).copied();
                // A day that failed must not delay the coverage of newer days.
                let held =
                    before.map(|before| failed.iter().fold(before, |b, day| b.without(*day, round.today)));
                let next = Coverage::next(
                    held,
                    incomplete.get(&key.name).unwrap_or(&nothing),
                    round.snapshot.as_of,
                    first_kept(round.today, retention),
                    round.today,
                );
                if before != Some(next) {
                    changed.insert(key, next);
                }
            }
        }
        self.target.write_coverage(&mut round.bookkeeping, changed).await
    }

    /// Takes a day out of the coverage of a table group.
    pub(super) async fn withdraw_coverage(
        &self,
        round: &mut Round,
        group: &TableGroup,
        day: Date,
    ) -> Result<()> {
        let mut changed = BTreeMap::new();
        for (key, _) in keys(group) {
            if let Some(before) = round.bookkeeping.coverage.get(&key) {
                let without = before.without(day, round.today);
                if without != *before {
                    changed.insert(key, without);
                }
            }
        }
        self.target.write_coverage(&mut round.bookkeeping, changed).await
    }
}
