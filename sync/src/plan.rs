//! The plan of a round: the work per day, computed from lake, ledger and date. Pure functions.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::ops::RangeInclusive;

use jiff::civil::Date;
use lakefront_hot_tier::View;

use crate::day;
use crate::lake_snapshot::LakeSnapshot;
use crate::ledger::{Compaction, DataFile, Difference, Ledger, RebuildReason, compare};
use crate::table_group::TableGroup;

/// The most files that one step inserts, so that coverage and heartbeats are written in between.
pub const FILES_A_STEP: usize = 64;
/// With more missing files than this, rebuilding the day is considered.
const MANY_FILES: usize = 32;
/// A day is rebuilt if its loaded rows are at most this many times its missing rows.
const LOADED_TO_MISSING: u64 = 4;

/// A step of a round: the work on one day of one table group.
#[derive(Clone, Debug)]
pub struct Step<'a> {
    /// The group of tables.
    pub group: &'a TableGroup,
    /// The UTC day.
    pub day: Date,
    /// The work on the day.
    pub work: Work,
}

/// The kinds of work on a day.
#[derive(Clone, Debug)]
pub enum Work {
    /// Inserts each file separately, and records compactions.
    Load {
        /// Files to insert with their table, oldest first.
        insert: Vec<(&'static str, DataFile)>,
        /// Compactions to record, with their table.
        compacted: Vec<(&'static str, Compaction)>,
        /// True if files are left for another step.
        more: bool,
    },
    /// Loads all files into staging tables, which then replace the day.
    Build(RebuildReason),
    /// Fills views that were created after the day was loaded, from staging tables.
    Fill(Vec<&'static View>),
}

impl Step<'_> {
    /// Returns the names in `otel.coverage` whose day is incomplete until the step is done.
    fn incomplete(&self) -> Vec<&str> {
        let views = |views: &[&'static View]| views.iter().map(|view| view.name.as_str()).collect();
        match &self.work {
            Work::Fill(unfilled) => views(unfilled),
            Work::Load { .. } | Work::Build(_) => {
                let mut names: Vec<&str> = views(&self.group.views);
                names.extend(&self.group.tables);
                names
            }
        }
    }

    /// Returns true if the day is complete once the step is done.
    pub fn completes(&self) -> bool {
        !matches!(self.work, Work::Load { more: true, .. })
    }
}

/// Returns the steps of a round, newest day first. The list is empty if the ledger equals the lake.
pub fn plan<'a>(
    groups: &'a [TableGroup],
    snapshot: &LakeSnapshot,
    ledger: &Ledger,
    today: Date,
) -> Vec<Step<'a>> {
    let mut steps = Vec::new();
    for group in groups {
        let gone: BTreeMap<&str, HashSet<i64>> = group
            .tables
            .iter()
            .map(|table| (*table, gone(snapshot, ledger, table)))
            .collect();
        for day in days(group, snapshot, ledger, group.first_day(today)) {
            if let Some(work) = work(group, day, snapshot, ledger, &gone, today) {
                steps.push(Step { group, day, work });
            }
        }
    }
    // The sort is stable: within a day, the group with the most views comes first.
    steps.sort_by_key(|step| std::cmp::Reverse(step.day));
    steps
}

/// Returns the steps whose day is in the range.
pub fn within<'a>(steps: Vec<Step<'a>>, days: &RangeInclusive<Date>) -> Vec<Step<'a>> {
    steps
        .into_iter()
        .filter(|step| days.contains(&step.day))
        .collect()
}

/// Returns the days that the steps leave incomplete until they are done, by name in `otel.coverage`.
pub fn incomplete<'s>(steps: impl IntoIterator<Item = &'s Step<'s>>) -> BTreeMap<String, BTreeSet<Date>> {
    let mut incomplete: BTreeMap<String, BTreeSet<Date>> = BTreeMap::new();
    for step in steps {
        for name in step.incomplete() {
            incomplete.entry(name.to_owned()).or_default().insert(step.day);
        }
    }
    incomplete
}

/// Returns the days from `first` on that lake or ledger have, or that a view still lacks.
fn days(group: &TableGroup, snapshot: &LakeSnapshot, ledger: &Ledger, first: Date) -> BTreeSet<Date> {
    let in_lake = group
        .tables
        .iter()
        .filter_map(|table| snapshot.tables.get(table))
        .flat_map(|table| table.days.keys().copied());
    let in_ledger = group
        .tables
        .iter()
        .flat_map(|table| ledger.days(table).map(|(day, _)| day));
    let unfilled = group
        .views
        .iter()
        .flat_map(|view| ledger.unfilled(&view.table()).collect::<Vec<_>>());
    in_lake
        .chain(in_ledger)
        .chain(unfilled)
        // Days outside the range of ClickHouse's `Date` cannot be recorded in the ledger.
        .filter(|day| *day >= first && day::to_clickhouse(*day).is_some())
        .collect()
}

fn gone(snapshot: &LakeSnapshot, ledger: &Ledger, table: &str) -> HashSet<i64> {
    let files = snapshot
        .tables
        .get(table)
        .into_iter()
        .flat_map(|table| table.days.values());
    let in_lake: HashSet<&str> = files.flatten().map(|file| file.path.as_str()).collect();
    ledger.gone_numbers(table, |path| in_lake.contains(path))
}

fn work(
    group: &TableGroup,
    day: Date,
    snapshot: &LakeSnapshot,
    ledger: &Ledger,
    gone: &BTreeMap<&str, HashSet<i64>>,
    today: Date,
) -> Option<Work> {
    let mut insert = Vec::new();
    let mut compacted = Vec::new();
    let none = BTreeMap::new();
    for table in &group.tables {
        let entries = ledger.day(table, day).unwrap_or(&none);
        match compare(snapshot.files(table, day), entries, &gone[table]) {
            Difference::Build(reason) => return Some(Work::Build(reason)),
            Difference::Files {
                insert: files,
                compacted: replaced,
            } => {
                insert.extend(files.into_iter().map(|file| (*table, file)));
                if !replaced.removed.is_empty() {
                    compacted.push((*table, replaced));
                }
            }
        }
    }
    if insert.is_empty() && compacted.is_empty() {
        let unfilled = |view: &&View| ledger.unfilled(&view.table()).any(|unfilled| unfilled == day);
        let views: Vec<_> = group.views_of(day, today).into_iter().filter(unfilled).collect();
        return (!views.is_empty()).then_some(Work::Fill(views));
    }
    if !insert.is_empty() {
        let touched = |table: &&str| ledger.touched(table, day);
        if !group.tables.iter().any(touched) {
            return Some(Work::Build(RebuildReason::First));
        }
        if insert.len() > MANY_FILES && loaded_rows(group, day, ledger) <= LOADED_TO_MISSING * rows(&insert) {
            return Some(Work::Build(RebuildReason::Many));
        }
    }
    insert.sort_by_key(|(_, file)| file.sequence_number);
    let more = insert.len() > FILES_A_STEP;
    insert.truncate(FILES_A_STEP);
    Some(Work::Load {
        insert,
        compacted,
        more,
    })
}

/// Files to insert and compactions to record, with their table.
type Loads = (Vec<(&'static str, DataFile)>, Vec<(&'static str, Compaction)>);

/// Returns the next files to load so that the ledger has those of an earlier state of a table's day, and the
/// compactions to record. Returns `None` if there are none, or if the state is of no use because the day has to be
/// rebuilt.
///
/// `in_state` has the paths of the table's files of all days.
pub fn loads(
    table: &'static str,
    day: Date,
    files: &[DataFile],
    in_state: &HashSet<&str>,
    ledger: &Ledger,
) -> Option<Loads> {
    let entries = ledger.day(table, day)?;
    let gone = ledger.gone_numbers(table, |path| in_state.contains(path));
    let Difference::Files { insert, compacted } = compare(files, entries, &gone) else {
        return None;
    };
    let mut insert: Vec<(&'static str, DataFile)> = insert.into_iter().map(|file| (table, file)).collect();
    let loaded = entries
        .values()
        .filter(|entry| entry.state == crate::ledger::FileState::Loaded);
    let loaded: u64 = loaded.map(|entry| entry.rows).sum();
    let is_much = insert.len() > MANY_FILES && loaded <= LOADED_TO_MISSING * rows(&insert);
    if is_much || (insert.is_empty() && compacted.removed.is_empty()) {
        return None;
    }
    insert.truncate(FILES_A_STEP);
    let compacted = match compacted.removed.is_empty() {
        true => Vec::new(),
        false => vec![(table, compacted)],
    };
    Some((insert, compacted))
}

fn rows(files: &[(&str, DataFile)]) -> u64 {
    files.iter().map(|(_, file)| file.rows).sum()
}

fn loaded_rows(group: &TableGroup, day: Date, ledger: &Ledger) -> u64 {
    let entries = group.tables.iter().filter_map(|table| ledger.day(table, day));
    let loaded = entries
        .flat_map(BTreeMap::values)
        .filter(|entry| entry.state == crate::ledger::FileState::Loaded);
    loaded.map(|entry| entry.rows).sum()
}

#[cfg(test)]
#[path = "plan_tests.rs"]
mod tests;
