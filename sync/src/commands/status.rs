//! The subcommand `status`: prints coverage and waiting files of each ClickHouse.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use lakefront_hot_tier::CoverageKey;

use super::each;
use crate::clickhouse::Target;
use crate::config::Sync;
use crate::coverage::Coverage;
use crate::day;
use crate::error::Result;
use crate::lake_snapshot::LakeSnapshot;
use crate::lease::{self, HolderState, LeaseStatus};
use crate::ledger::{FileState, Ledger};
use crate::progress::{grouped, rough};
use crate::source::Source;
use crate::table_group::{TableGroup, table_groups};

/// Prints a table for each ClickHouse.
pub(super) async fn status(sync: &Sync) -> ExitCode {
    let source = Arc::new(Source::new(sync.lake_location()));
    each(sync.targets.open(), |target| {
        let source = Arc::clone(&source);
        async move { show(&target, &source).await }
    })
    .await
}

async fn show(target: &Target, source: &Source) -> Result<String> {
    let snapshot = source.snapshot().await?;
    let bookkeeping = match target.read_bookkeeping(None).await {
        Err(crate::error::Error::Target(error)) if error.is_unknown_table() => {
            return Ok(
                "not migrated yet: run `lakefront-sync migrate`, or `run`, which does that first".to_owned(),
            );
        }
        bookkeeping => bookkeeping?,
    };
    let tables = lakefront_otel::tables().iter().map(|table| table.name);
    let groups = table_groups(tables, lakefront_hot_tier::views());
    let now = Timestamp::now();
    let waiting = waiting(&groups, &snapshot, &bookkeeping.ledger, now);
    let (_, lease) = lease::read_status(target).await?;
    let mut text = format!(
        "\n  {}; {}\n",
        lease
            .as_ref()
            .map_or("no sync has written yet".to_owned(), written_by),
        last_loaded(target.last_loaded().await?, now)
    );
    let _ = writeln!(
        text,
        "  {:<34} {:<12} {:<12} {:>10} {:>14} {:>14}",
        "", "version", "covered from", "lag", "files waiting", "rows waiting"
    );
    let line = |key: &CoverageKey| line(key, bookkeeping.coverage.get(key).copied(), now);
    for group in &groups {
        for table in &group.tables {
            let (files, rows) = waiting.get(table).copied().unwrap_or_default();
            let covered = line(&CoverageKey::of_raw_table(table));
            let _ = writeln!(text, "{covered} {:>14} {:>14}", grouped(files), grouped(rows));
        }
        for view in &group.views {
            let _ = writeln!(text, "{}", line(&CoverageKey::of_view(view)));
        }
    }
    Ok(text)
}

fn written_by(lease: &LeaseStatus) -> String {
    let what = match lease.state {
        HolderState::Working => "holds the lease and works",
        HolderState::Resting => "holds the lease and has nothing to do",
        HolderState::Free => "has given the lease back",
    };
    format!("{} {what}, seen {} ago", lease.holder, rough(lease.silent))
}

fn last_loaded(last: Option<Timestamp>, now: Timestamp) -> String {
    let Some(last) = last else {
        return "no rows ever came in".to_owned();
    };
    let since = Duration::try_from(now.duration_since(last)).unwrap_or_default();
    format!("rows came in last {} ago", rough(since))
}

fn line(CoverageKey { name, version }: &CoverageKey, coverage: Option<Coverage>, now: Timestamp) -> String {
    let from = match coverage.and_then(|coverage| coverage.first_day) {
        Some(day) => day.to_string(),
        None => "nothing".to_owned(),
    };
    let lag = coverage.map_or("never".to_owned(), |coverage| {
        let lag = now.duration_since(coverage.as_of);
        rough(Duration::try_from(lag).unwrap_or_default())
    });
    let version = version.get(..12).unwrap_or(version);
    format!("  {name:<34} {version:<12} {from:<12} {lag:>10}")
}

/// Returns the numbers of files and rows per table that are in the lake but not loaded, for days that are kept.
fn waiting(
    groups: &[TableGroup],
    snapshot: &LakeSnapshot,
    ledger: &Ledger,
    now: Timestamp,
) -> BTreeMap<&'static str, (u64, u64)> {
    let today = day::of(now);
    let mut waiting: BTreeMap<&'static str, (u64, u64)> = BTreeMap::new();
    for group in groups {
        for table in &group.tables {
            let Some(days) = snapshot.tables.get(table).map(|table| &table.days) else {
                continue;
            };
            for (day, files) in days.range(group.first_day(today)..) {
                let entries = ledger.day(table, *day);
                let is_loaded = |path: &str| {
                    let entry = entries.and_then(|entries| entries.get(path));
                    entry.is_some_and(|entry| entry.state == FileState::Loaded)
                };
                let (count, rows) = waiting.entry(table).or_default();
                for file in files.iter().filter(|file| !is_loaded(&file.path)) {
                    *count += 1;
                    *rows += file.rows;
                }
            }
        }
    }
    waiting
}
