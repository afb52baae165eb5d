//! What a round has to do: a pure function of lake, ledger and day.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::ops::RangeInclusive;

use jiff::civil::Date;
use lakefront_query::View;

use crate::day;
use crate::head::Head;
use crate::ledger::{Compaction, DataFile, Difference, Ledger, Reason, compare};
use crate::unit::Unit;

/// Files that one step inserts at most, so that coverage and heartbeats go on.
pub const FILES_A_STEP: usize = 64;
/// From so many missing files on, building the day is considered.
const MANY_FILES: usize = 32;
/// It is built when what is loaded of it is no more than so many times what is missing.
const LOADED_TO_MISSING: u64 = 4;

/// A part of a round: one day of one unit.
#[derive(Clone, Debug)]
pub struct Step<'a> {
    /// The tables.
    pub unit: &'a Unit,
    /// The UTC day.
    pub day: Date,
    /// What happens to it.
    pub work: Work,
}

/// What happens to a day.
#[derive(Clone, Debug)]
pub enum Work {
    /// Each file is inserted by itself; compactions are written down.
    Load {
        /// Files by table, oldest first.
        insert: Vec<(&'static str, DataFile)>,
        /// Compactions by table.
        compacted: Vec<(&'static str, Compaction)>,
        /// Whether files are left for another step.
        more: bool,
    },
    /// All files go into staging tables, and those take the day's place.
    Build(Reason),
    /// Views that were created after the day was loaded get it from staging tables.
    Fill(Vec<&'static View>),
}

impl Step<'_> {
    /// Names in `otel.coverage` of what does not hold the day before the step is done.
    fn incomplete(&self) -> Vec<&str> {
        let views = |views: &[&'static View]| views.iter().map(|view| view.name.as_str()).collect();
        match &self.work {
            Work::Fill(unfilled) => views(unfilled),
            Work::Load { .. } | Work::Build(_) => {
                let mut names: Vec<&str> = views(&self.unit.views);
                names.extend(&self.unit.tables);
                names
            }
        }
    }

    /// Whether the day is complete once the step is done.
    pub fn completes(&self) -> bool {
        !matches!(self.work, Work::Load { more: true, .. })
    }
}

/// The steps, newest day first; none when the ledger says what the lake says.
pub fn plan<'a>(units: &'a [Unit], head: &Head, ledger: &Ledger, today: Date) -> Vec<Step<'a>> {
    let mut steps = Vec::new();
    for unit in units {
        let gone: BTreeMap<&str, HashSet<i64>> = unit
            .tables
            .iter()
            .map(|table| (*table, gone(head, ledger, table)))
            .collect();
        for day in days(unit, head, ledger, unit.first_day(today)) {
            if let Some(work) = work(unit, day, head, ledger, &gone, today) {
                steps.push(Step { unit, day, work });
            }
        }
    }
    // Stable: of one day the unit with the most views comes first.
    steps.sort_by_key(|step| std::cmp::Reverse(step.day));
    steps
}

/// Those of the steps that are about days of the range.
pub fn within<'a>(steps: Vec<Step<'a>>, days: &RangeInclusive<Date>) -> Vec<Step<'a>> {
    steps
        .into_iter()
        .filter(|step| days.contains(&step.day))
        .collect()
}

/// The days that are not complete, by name in `otel.coverage`.
pub fn incomplete<'s>(steps: impl IntoIterator<Item = &'s Step<'s>>) -> BTreeMap<String, BTreeSet<Date>> {
    let mut incomplete: BTreeMap<String, BTreeSet<Date>> = BTreeMap::new();
    for step in steps {
        for name in step.incomplete() {
            incomplete.entry(name.to_owned()).or_default().insert(step.day);
        }
    }
    incomplete
}

/// The days that lake or ledger know of and something keeps.
fn days(unit: &Unit, head: &Head, ledger: &Ledger, first: Date) -> BTreeSet<Date> {
    let in_lake = unit
        .tables
        .iter()
        .filter_map(|table| head.tables.get(table))
        .flat_map(|table| table.days.keys().copied());
    let in_ledger = unit
        .tables
        .iter()
        .flat_map(|table| ledger.days(table).map(|(day, _)| day));
    let unfilled = unit
        .views
        .iter()
        .flat_map(|view| ledger.unfilled(&view.table()).collect::<Vec<_>>());
    in_lake
        .chain(in_ledger)
        .chain(unfilled)
        // What `Date` can't hold can't be written down.
        .filter(|day| *day >= first && day::to_clickhouse(*day).is_some())
        .collect()
}

fn gone(head: &Head, ledger: &Ledger, table: &str) -> HashSet<i64> {
    let files = head
        .tables
        .get(table)
        .into_iter()
        .flat_map(|table| table.days.values());
    let in_lake: HashSet<&str> = files.flatten().map(|file| file.path.as_str()).collect();
    ledger.gone_numbers(table, |path| in_lake.contains(path))
}

fn work(
    unit: &Unit,
    day: Date,
    head: &Head,
    ledger: &Ledger,
    gone: &BTreeMap<&str, HashSet<i64>>,
    today: Date,
) -> Option<Work> {
    let mut insert = Vec::new();
    let mut compacted = Vec::new();
    let none = BTreeMap::new();
    for table in &unit.tables {
        let entries = ledger.day(table, day).unwrap_or(&none);
        match compare(head.files(table, day), entries, &gone[table]) {
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
        let views: Vec<_> = unit.views_of(day, today).into_iter().filter(unfilled).collect();
        return (!views.is_empty()).then_some(Work::Fill(views));
    }
    if !insert.is_empty() {
        if !unit.keeps_raw(day, today) {
            return Some(Work::Build(Reason::ViewsOnly));
        }
        let touched = |table: &&str| ledger.touched(table, day);
        if !unit.tables.iter().any(touched) {
            return Some(Work::Build(Reason::First));
        }
        if insert.len() > MANY_FILES && loaded_rows(unit, day, ledger) <= LOADED_TO_MISSING * rows(&insert) {
            return Some(Work::Build(Reason::Many));
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

fn rows(files: &[(&str, DataFile)]) -> u64 {
    files.iter().map(|(_, file)| file.rows).sum()
}

fn loaded_rows(unit: &Unit, day: Date, ledger: &Ledger) -> u64 {
    let entries = unit.tables.iter().filter_map(|table| ledger.day(table, day));
    let loaded = entries
        .flat_map(BTreeMap::values)
        .filter(|entry| entry.state == crate::ledger::State::Loaded);
    loaded.map(|entry| entry.rows).sum()
}

#[cfg(test)]
#[path = "plan_tests.rs"]
mod tests;
