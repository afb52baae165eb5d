//! The status of the lake's tables, for the command `status` and for `/health`, where a task keeps it current.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use jiff::civil::Date;
use lakefront_api::{FilesBySize, IngestCompaction, TableStatus};
use lakefront_lake::{CompactionSettings, Error, Lake, TableState};
use tokio::{
    sync::watch,
    task::JoinSet,
    time::{sleep, timeout},
};

use crate::{orphan_files::Found, pipeline::Progress, time::now};

/// A look at all tables is followed by a rest of so many times its duration.
const REST: u32 = 20;

/// Shortest and longest rest.
const RESTS: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(600)];

/// Time after which all tables are looked at without a commit of this process: another program may have committed.
const INTERVAL: Duration = Duration::from_secs(600);

/// Most files of a day that compaction leaves, beside one for each [`FILE_BYTES`]; see `docs/adr/compaction.md`.
const FILES_A_DAY: u64 = 40;

/// Bytes for which a day may have one file more.
const FILE_BYTES: u64 = 128 << 20;

/// The work that changes the status of tables, and the last search for orphan files.
pub struct Changes {
    /// The commits.
    pub progress: watch::Receiver<Progress>,
    /// The compaction.
    pub compaction: watch::Receiver<IngestCompaction>,
    /// The orphan files.
    pub orphan_files: watch::Receiver<Found>,
}

/// Adds a task to `tasks` that looks at the tables after commits and compactions, during at most a twentieth of the time.
///
/// Returns the status of all tables, which is empty until the first look has ended.
///
/// # Panics
/// Panics if there is no Tokio runtime.
pub fn start(
    tasks: &mut JoinSet<()>,
    lake: Lake,
    settings: CompactionSettings,
    mut changes: Changes,
) -> watch::Receiver<Vec<TableStatus>> {
    let (sender, receiver) = watch::channel(Vec::new());
    tasks.spawn(async move {
        loop {
            let started = Instant::now();
            changes.mark_unchanged();
            let before = sender.borrow().clone();
            let found = changes.orphan_files.borrow().clone();
            sender.send_replace(look(&lake, &settings, &found, before).await);
            let [shortest, longest] = RESTS;
            sleep((started.elapsed() * REST).clamp(shortest, longest)).await;
            // The end of that time is as good as a change.
            let _ = timeout(INTERVAL, changes.wait()).await;
        }
    });
    receiver
}

impl Changes {
    fn mark_unchanged(&mut self) {
        self.progress.mark_unchanged();
        self.compaction.mark_unchanged();
        self.orphan_files.mark_unchanged();
    }

    /// Waits for a change. Never returns after the end of the work.
    async fn wait(&mut self) {
        tokio::select! {
            Ok(()) = self.progress.changed() => {}
            Ok(()) = self.compaction.changed() => {}
            Ok(()) = self.orphan_files.changed() => {}
            else => std::future::pending().await,
        }
    }
}

/// Returns the status of all tables. A table that can't be read keeps its numbers from before, with the error as advice.
async fn look(
    lake: &Lake,
    settings: &CompactionSettings,
    orphan_files: &Found,
    before: Vec<TableStatus>,
) -> Vec<TableStatus> {
    let mut before: BTreeMap<String, TableStatus> = before
        .into_iter()
        .map(|status| (status.table.clone(), status))
        .collect();
    let mut tables = Vec::new();
    for table in lakefront_otel::tables() {
        let orphan_files = orphan_files.get(table.name).copied();
        tables.push(
            match table_status(lake, table.name, settings, orphan_files).await {
                Ok(status) => status,
                Err(error) => {
                    tracing::warn!(table = table.name, %error, "the status of a table is not known");
                    unread(before.remove(table.name), table.name, &error)
                }
            },
        );
    }
    tables
}

/// Returns the status from before of a table that can't be read now.
fn unread(before: Option<TableStatus>, table: &str, error: &Error) -> TableStatus {
    TableStatus {
        table: table.to_owned(),
        advice: vec![format!(
            "These numbers are old, because the table can't be read: {error}. Check the catalog and the store."
        )],
        ..before.unwrap_or_default()
    }
}

/// Returns the status of a table. `orphan_files` is the number of files that the last search for them found.
///
/// # Errors
/// When the catalog or the metadata can't be read.
pub async fn table_status(
    lake: &Lake,
    table: &str,
    settings: &CompactionSettings,
    orphan_files: Option<u64>,
) -> lakefront_lake::Result<TableStatus> {
    let plan = lake.plan_compaction(table, settings).await?;
    let days = plan.state.as_ref().map(Day::all).unwrap_or_default();
    let mut files_by_size = FilesBySize::default();
    for file in plan.state.iter().flat_map(|state| &state.files) {
        files_by_size.add(file.file.file_size_in_bytes());
    }
    let sum = |number: fn(&Day) -> u64| days.values().map(number).sum::<u64>();
    let (rows, bytes) = (sum(|day| day.rows), sum(|day| day.bytes));
    let state = plan.state.as_ref();
    Ok(TableStatus {
        table: table.to_owned(),
        taken: now(),
        rows,
        bytes,
        bytes_a_row: (rows > 0).then(|| bytes as f64 / rows as f64),
        days: days.len() as u64,
        first_day: days.keys().next().copied(),
        last_day: days.keys().next_back().copied(),
        files: sum(|day| day.files),
        files_by_size,
        most_files_a_day: days.values().map(|day| day.files).max().unwrap_or_default(),
        small_files: plan.small_files as u64,
        files_to_rewrite: plan.groups.iter().map(|group| group.files.len() as u64).sum(),
        manifests: state.map_or(0, |state| state.manifests as u64),
        snapshots: state.map_or(0, |state| state.snapshots() as u64),
        orphan_files,
        last_compaction: state.and_then(TableState::last_compaction),
        advice: advice(plan.left_alone.as_deref(), state.is_some(), &days),
    })
}

/// The data files of one day.
#[derive(Clone, Copy, Debug, Default)]
struct Day {
    files: u64,
    rows: u64,
    bytes: u64,
}

impl Day {
    fn all(state: &TableState) -> BTreeMap<Date, Self> {
        let mut days: BTreeMap<Date, Self> = BTreeMap::new();
        for file in &state.files {
            let day = days.entry(file.day()).or_default();
            day.files += 1;
            day.rows += file.file.record_count();
            day.bytes += file.file.file_size_in_bytes();
        }
        days
    }

    /// Returns the number of files to which compaction brings the day.
    fn expected_files(&self) -> u64 {
        FILES_A_DAY + self.bytes / FILE_BYTES
    }
}

/// Returns what is wrong with a table, and what to do about it. `left_alone` is the reason for which it is not compacted, and
/// `days` are its files, unless they could not be counted.
fn advice(left_alone: Option<&str>, is_counted: bool, days: &BTreeMap<Date, Day>) -> Vec<String> {
    let missing = if is_counted {
        "not compacted"
    } else {
        "neither counted nor compacted"
    };
    let mut advice: Vec<String> = left_alone
        .map(|reason| format!("It is {missing}: {reason}."))
        .into_iter()
        .collect();
    // A burst of commits between two rewrites is no reason to worry.
    let crowded = days
        .iter()
        .filter(|(_, day)| day.files > 2 * day.expected_files());
    if let Some((date, day)) = crowded.max_by_key(|(_, day)| day.files) {
        advice.push(format!(
            "Queries of {date} are slow, because it has {} files in place of at most {}. Turn compaction on, give it a larger \
             --compaction-share, or run `lakefront-ingest compact`.",
            day.files,
            day.expected_files()
        ));
    }
    advice
}

#[cfg(test)]
mod tests {
    use super::*;

    fn days(all: &[(&str, u64, u64)]) -> BTreeMap<Date, Day> {
        let day = |(date, files, bytes): &(&str, u64, u64)| {
            let day = Day {
                files: *files,
                rows: 1,
                bytes: *bytes,
            };
            (date.parse().expect("a date"), day)
        };
        all.iter().map(day).collect()
    }

    #[test]
    fn a_day_with_few_files_for_its_bytes_gets_no_advice() {
        let fine = days(&[
            ("2026-03-01", 80, 0),
            ("2026-03-02", 2 * (40 + 10), 10 * FILE_BYTES),
        ]);
        assert!(advice(None, true, &fine).is_empty());
        assert!(advice(None, true, &BTreeMap::new()).is_empty());
    }

    #[test]
    fn the_day_with_most_files_is_named_with_what_to_do() {
        let crowded = days(&[
            ("2026-03-01", 81, 0),
            ("2026-03-02", 900, 2 * FILE_BYTES),
            ("2026-03-03", 100, 0),
        ]);
        let advice = advice(None, true, &crowded);
        assert_eq!(advice.len(), 1, "{advice:?}");
        assert!(advice[0].contains("2026-03-02 are slow, because it has 900 files in place of at most 42"));
        assert!(advice[0].contains("lakefront-ingest compact"), "{advice:?}");
    }

    #[test]
    fn a_table_that_is_not_compacted_says_why() {
        let no_days = BTreeMap::new();
        let reason = "table `otel_logs` has delete files";
        assert_eq!(
            advice(Some(reason), true, &no_days),
            ["It is not compacted: table `otel_logs` has delete files."]
        );
        let uncounted = advice(Some(reason), false, &no_days);
        assert!(uncounted[0].starts_with("It is neither counted"), "{uncounted:?}");
    }

    #[test]
    fn a_table_that_cannot_be_read_keeps_its_numbers() {
        let before = TableStatus {
            table: "otel_logs".to_owned(),
            rows: 7,
            advice: vec!["older".to_owned()],
            ..TableStatus::default()
        };
        let error = Error::UnknownTable("otel_logs".to_owned());
        for (before, rows) in [(Some(before), 7), (None, 0)] {
            let status = unread(before, "otel_logs", &error);
            assert_eq!((status.table.as_str(), status.rows), ("otel_logs", rows));
            assert_eq!(status.advice.len(), 1, "{status:?}");
            assert!(status.advice[0].contains(&error.to_string()), "{status:?}");
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn without_a_change_nothing_is_waited_for_in_vain() {
        let (progress, on_progress) = watch::channel(Progress::new(1, 0));
        let (compaction, on_compaction) = watch::channel(IngestCompaction::default());
        let (orphans, on_orphans) = watch::channel(Found::new());
        let mut changes = Changes {
            progress: on_progress,
            compaction: on_compaction,
            orphan_files: on_orphans,
        };
        drop((compaction, orphans));
        progress.send_modify(|progress| progress.position = 1);
        changes.wait().await;
        drop(progress);
        let waited = timeout(Duration::from_millis(10), changes.wait()).await;
        assert!(waited.is_err(), "a task without work must not spin");
    }
}
