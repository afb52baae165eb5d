use std::sync::Arc;

use jiff::civil::date;
use jiff::{Span, Timestamp};

use super::*;
use crate::lake_snapshot::TableSnapshot;
use crate::ledger::{FILL, FileState, Record};
use crate::table_group::table_groups;

const TODAY: Date = date(2026, 3, 20);
const LOGS: &str = "otel_logs";

fn all_groups() -> Vec<TableGroup> {
    table_groups(
        lakefront_otel::tables().iter().map(|table| table.name),
        lakefront_hot_tier::views(),
    )
}

fn file(path: &str, day: Date, rows: u64, sequence_number: i64) -> DataFile {
    DataFile {
        table: "otel_logs",
        path: path.into(),
        path_in_table: path.into(),
        day,
        rows,
        sequence_number,
    }
}

fn snapshot(files: &[DataFile]) -> LakeSnapshot {
    let mut days: BTreeMap<Date, Vec<DataFile>> = BTreeMap::new();
    for file in files {
        days.entry(file.day).or_default().push(file.clone());
    }
    let table = TableSnapshot {
        location: "1".into(),
        columns: Vec::new(),
        days,
    };
    LakeSnapshot {
        as_of: Timestamp::UNIX_EPOCH,
        tables: BTreeMap::from([(LOGS, Arc::new(table))]),
    }
}

fn ago(days: i64) -> Date {
    TODAY.saturating_sub(Span::new().days(days))
}

fn loaded(files: &[DataFile]) -> Ledger {
    let mut ledger = Ledger::default();
    for file in files {
        ledger.put(Record::of_file(LOGS, file, FileState::Loaded));
    }
    ledger
}

/// Returns each step as `days ago: work`.
fn steps(files: &[DataFile], ledger: &Ledger) -> Vec<String> {
    let groups = all_groups();
    plan(&groups, &snapshot(files), ledger, TODAY)
        .iter()
        .map(|step| {
            let days = TODAY.since(step.day).expect("near").get_days();
            let work = match &step.work {
                Work::Load {
                    insert,
                    compacted,
                    more,
                } => format!(
                    "load {}, {} compacted{}",
                    insert.len(),
                    compacted.len(),
                    if *more { ", more" } else { "" }
                ),
                Work::Build(reason) => format!("build, {reason:?}"),
                Work::Fill(views) => format!("fill {}", views.len()),
            };
            format!("{days}: {work}")
        })
        .collect()
}

#[test]
fn an_empty_clickhouse_is_filled_newest_day_first_as_far_as_something_keeps() {
    let files: Vec<DataFile> = [0, 1, 31, 33, 80, 4000]
        .map(|days| file(&format!("{days}"), ago(days), 5, 1))
        .into();
    assert_eq!(
        steps(&files, &Ledger::default()),
        [
            "0: build, First",
            "1: build, First",
            "31: build, First",
            "33: build, First",
            "80: build, First"
        ]
    );
}

#[test]
fn nothing_new_is_nothing_to_do() {
    let files = [file("a", ago(0), 5, 1)];
    assert_eq!(steps(&files, &loaded(&files)), Vec::<String>::new());
}

#[test]
fn new_files_are_loaded_one_by_one_and_late_ones_too() {
    let old = [file("a", ago(0), 5, 1), file("b", ago(5), 5, 1)];
    let mut files = old.to_vec();
    files.push(file("c", ago(0), 5, 2));
    files.push(file("d", ago(5), 5, 3));
    assert_eq!(
        steps(&files, &loaded(&old)),
        ["0: load 1, 0 compacted", "5: load 1, 0 compacted"]
    );
}

#[test]
fn a_backlog_of_many_small_files_is_cut_into_steps_or_built() {
    let mut files: Vec<DataFile> = (0..100)
        .map(|n| file(&format!("{n}"), ago(0), 1, n + 2))
        .collect();
    let large = file("large", ago(0), 1_000_000, 1);
    files.push(large.clone());
    assert_eq!(
        steps(&files, &loaded(&[large])),
        ["0: load 64, 0 compacted, more"]
    );
    let small = file("small", ago(0), 10, 1);
    files.push(small.clone());
    files.retain(|file| file.path != "large");
    assert_eq!(steps(&files, &loaded(&[small])), ["0: build, Many"]);
}

#[test]
fn late_rows_of_a_day_whose_raw_rows_are_gone_are_loaded_and_nothing_is_built() {
    let old = file("a", ago(40), 5, 1);
    let late = file("b", ago(40), 5, 2);
    assert_eq!(
        steps(&[old.clone(), late], &loaded(&[old])),
        ["40: load 1, 0 compacted"]
    );
}

#[test]
fn compactions_of_old_days_are_written_down() {
    let old = [file("a", ago(40), 5, 1), file("b", ago(40), 5, 2)];
    let output = file("c", ago(40), 10, 2);
    assert_eq!(steps(&[output], &loaded(&old)), ["40: load 0, 1 compacted"]);
}

#[test]
fn a_compaction_over_two_days_carries_the_highest_number_of_both() {
    let old = [file("a", ago(1), 5, 1), file("b", ago(0), 5, 2)];
    let outputs = [file("c", ago(1), 5, 2), file("d", ago(0), 5, 2)];
    assert_eq!(
        steps(&outputs, &loaded(&old)),
        ["0: load 0, 1 compacted", "1: load 0, 1 compacted"]
    );
}

#[test]
fn a_view_that_came_late_is_filled_where_the_day_is_in_step() {
    let files = [file("a", ago(0), 5, 1), file("b", ago(1), 5, 1)];
    let mut ledger = loaded(&files[..1]);
    let view = &lakefront_hot_tier::views()[0];
    for day in [ago(0), ago(1)] {
        ledger.put(Record::mark(&view.table(), day, FILL, FileState::Loading));
    }
    assert_eq!(steps(&files, &ledger), ["0: fill 1", "1: build, First"]);
    let groups = all_groups();
    let snapshot = snapshot(&files);
    let plan = plan(&groups, &snapshot, &ledger, TODAY);
    let incomplete = incomplete(&plan);
    assert_eq!(incomplete[&view.name].len(), 2);
    assert_eq!(incomplete[LOGS].len(), 1);
}
