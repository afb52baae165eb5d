//! The steps of a round.

use std::collections::BTreeMap;
use std::time::Instant;

use futures::{StreamExt, TryStreamExt, stream};
use jiff::civil::Date;
use lakefront_hot_tier::View;

use super::views::other_versions;
use super::{FilesByTable, Follower, Round};
use crate::error::Result;
use crate::ledger::{Compaction, DataFile, Entry, FILL, FileState, REPLACING, RebuildReason, Record};
use crate::load::{Loader, ReadMode};
use crate::plan::{Step, Work};
use crate::progress::Progress;
use crate::staging::{Parts, Staging};
use crate::table_group::TableGroup;

/// The parts of a day that are built in staging tables.
pub(super) struct StagedDay<'a> {
    /// The UTC day.
    pub day: Date,
    /// The views to fill.
    pub views: &'a [&'static View],
    /// The files to load, by table.
    pub files: &'a FilesByTable,
    /// True if the rows of the raw tables are kept too.
    pub keeps_raw: bool,
}

impl Follower {
    /// Does the work of a step, and records it in the ledger.
    pub(super) async fn execute(
        &mut self,
        round: &mut Round,
        step: &Step<'_>,
        progress: &mut Progress,
    ) -> Result<()> {
        let started = Instant::now();
        let before = round.summary;
        match &step.work {
            Work::Load {
                insert, compacted, ..
            } => {
                self.load(round, step.day, insert, compacted, progress).await?;
            }
            Work::Build(reason) => self.build(round, step.group, step.day, *reason, progress).await?,
            Work::Fill(views) => self.fill(round, step.group, step.day, views, progress).await?,
        }
        let what = match &step.work {
            Work::Load { .. } => "loaded",
            Work::Build(_) => "built",
            Work::Fill(_) => "filled views of",
        };
        tracing::info!(
            target = self.target.name(),
            tables = step.group.name(),
            day = %step.day,
            files = round.summary.files - before.files,
            rows = round.summary.rows - before.rows,
            elapsed = ?started.elapsed(),
            "{what}",
        );
        Ok(())
    }

    pub(super) async fn load(
        &mut self,
        round: &mut Round,
        day: Date,
        insert: &[(&'static str, DataFile)],
        compacted: &[(&'static str, Compaction)],
        progress: &mut Progress,
    ) -> Result<()> {
        let mut records = Vec::new();
        for (table, compaction) in compacted {
            let added = compaction.added.iter();
            records.extend(added.map(|file| Record::of_file(table, file, FileState::Loaded)));
            let removed = compaction.removed.iter();
            records.extend(removed.map(|(path, entry)| gone(table, day, path, *entry)));
        }
        let of_inserted = |state| {
            insert
                .iter()
                .map(move |(table, file)| Record::of_file(table, file, state))
        };
        records.extend(of_inserted(FileState::Loading));
        self.target.write_ledger(&mut round.bookkeeping, records).await?;
        if insert.is_empty() {
            return Ok(());
        }
        let mut loaders: BTreeMap<&str, Loader<'_>> = BTreeMap::new();
        let read_mode = self.read_mode(&round.snapshot).await?;
        for (table, _) in insert {
            if !loaders.contains_key(table) {
                loaders.insert(table, self.loader(round, table, read_mode));
            }
        }
        let inserts = insert.iter().map(|(table, file)| loaders[table].load_once(file));
        stream::iter(inserts)
            .buffer_unordered(self.parallel)
            .try_collect::<Vec<()>>()
            .await?;
        self.target
            .write_ledger(&mut round.bookkeeping, of_inserted(FileState::Loaded).collect())
            .await?;
        let rows = insert.iter().map(|(_, file)| file.rows).sum();
        round.summary.files += insert.len() as u64;
        round.summary.rows += rows;
        progress.moved(insert.len(), rows);
        Ok(())
    }

    async fn build(
        &mut self,
        round: &mut Round,
        group: &TableGroup,
        day: Date,
        reason: RebuildReason,
        progress: &mut Progress,
    ) -> Result<()> {
        tracing::info!(target = self.target.name(), tables = group.name(), %day, ?reason, "building a day");
        let files = files_of(round, group, day);
        let parts = StagedDay {
            day,
            views: &group.views_of(day, round.today),
            files: &files,
            keeps_raw: group.keeps_raw(day, round.today),
        };
        let read_mode = self.read_mode(&round.snapshot).await?;
        let staging = self.stage(round, &parts, read_mode, progress).await?;
        // A day that the ledger did not have is not covered, so that no coverage needs to be withdrawn.
        if reason != RebuildReason::First {
            self.withdraw_coverage(round, group, day).await?;
        }
        self.replace_day(round, group, day, &files, &staging).await?;
        self.staging = Some(staging);
        round.summary.built += 1;
        Ok(())
    }

    /// Replaces the day by its staging tables, and records that in the ledger.
    pub(super) async fn replace_day(
        &self,
        round: &mut Round,
        group: &TableGroup,
        day: Date,
        files: &FilesByTable,
        staging: &Staging,
    ) -> Result<()> {
        let replacing = group
            .tables
            .iter()
            .map(|table| Record::mark(table, day, REPLACING, FileState::Loading));
        self.target
            .write_ledger(&mut round.bookkeeping, replacing.collect())
            .await?;
        staging.replace(&self.target, day).await?;
        let mut records = Vec::new();
        for table in &group.tables {
            for (path, entry) in round.bookkeeping.ledger.day(table, day).into_iter().flatten() {
                if entry.state != FileState::Gone {
                    records.push(gone(table, day, path, *entry));
                }
            }
            // A block must not have two rows for a file. Files that are still in the lake are loaded.
            let current = files.get(table).into_iter().flatten();
            let loaded: Vec<Record> = current
                .map(|file| Record::of_file(table, file, FileState::Loaded))
                .collect();
            records.retain(|old: &Record| {
                old.table != **table || !loaded.iter().any(|new| new.path == old.path)
            });
            records.extend(loaded);
        }
        for view in &group.views {
            if round.bookkeeping.ledger.day(&view.table(), day).is_some() {
                records.push(Record::mark(&view.table(), day, FILL, FileState::Loaded));
            }
            // Another version of sync may keep these views. They lack the rows of the rebuilt day.
            for other in other_versions(&round.tables, view) {
                records.push(Record::mark(other, day, FILL, FileState::Loading));
            }
        }
        self.target.write_ledger(&mut round.bookkeeping, records).await
    }

    async fn fill(
        &mut self,
        round: &mut Round,
        group: &TableGroup,
        day: Date,
        views: &[&'static View],
        progress: &mut Progress,
    ) -> Result<()> {
        let mut files = files_of(round, group, day);
        files.retain(|table, _| {
            views
                .iter()
                .any(|view| view.sources.iter().any(|source| source == table))
        });
        let parts = StagedDay {
            day,
            views,
            files: &files,
            keeps_raw: false,
        };
        let read_mode = self.read_mode(&round.snapshot).await?;
        let staging = self.stage(round, &parts, read_mode, progress).await?;
        staging.replace(&self.target, day).await?;
        let filled = views
            .iter()
            .map(|view| Record::mark(&view.table(), day, FILL, FileState::Loaded));
        self.target
            .write_ledger(&mut round.bookkeeping, filled.collect())
            .await?;
        self.staging = Some(staging);
        Ok(())
    }

    /// Builds a day in staging tables, those of an earlier day if they serve. No other table changes.
    pub(super) async fn stage(
        &mut self,
        round: &mut Round,
        parts: &StagedDay<'_>,
        read_mode: ReadMode,
        progress: &mut Progress,
    ) -> Result<Staging> {
        let tables = Parts {
            sources: parts.files.keys().copied().collect(),
            views: parts.views.to_vec(),
            keep_raw: parts.keeps_raw,
        };
        // After a failure the tables may have part of a day. They are left to `drop_leftovers`.
        let mut staging = match self.staging.take() {
            Some(staging) if staging.serves(&tables, parts.day) => staging,
            other => {
                self.staging = other;
                self.drop_staging().await?;
                Staging::create(&self.target, tables).await?
            }
        };
        for (table, files) in parts.files {
            let loader = self.loader(round, table, read_mode);
            let summary = &mut round.summary;
            staging
                .fill(loader, parts.day, files, |files, rows| {
                    summary.files += files as u64;
                    summary.rows += rows;
                    progress.moved(files, rows);
                })
                .await?;
        }
        Ok(staging)
    }

    /// Drops the staging tables that are kept for the next day.
    pub(super) async fn drop_staging(&mut self) -> Result<()> {
        match self.staging.take() {
            Some(staging) => staging.drop(&self.target).await,
            None => Ok(()),
        }
    }
}

/// Returns the day's files by table of a table group. Tables without files have an empty list.
pub(super) fn files_of(round: &Round, group: &TableGroup, day: Date) -> FilesByTable {
    let files = |table: &&'static str| (*table, round.snapshot.files(table, day).to_vec());
    group.tables.iter().map(files).collect()
}

fn gone(table: &str, day: Date, path: &str, entry: Entry) -> Record {
    Record {
        table: table.to_owned(),
        day,
        path: path.to_owned(),
        entry: Entry {
            state: FileState::Gone,
            ..entry
        },
    }
}
