//! The task that keeps the number of data files small, beside the commits: one rewrite at a time, at a low share of the
//! CPU time.

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};

use jiff::Timestamp;
use lakefront_api::{IngestCompaction, IngestFailure, IngestRewrite};
use lakefront_lake::{Compacted, CompactionPlan, CompactionSettings, Error, Group, Lake, Pace};
use tokio::{sync::watch, task::JoinHandle, time::timeout};

use crate::{
    config::{CompactionConfig, Switch},
    metrics::{Metrics, TableLabel},
    pipeline::Progress,
    time::now,
};

/// Time between two looks at the tables that were committed to.
const INTERVAL: Duration = Duration::from_secs(5);

/// Time after which all tables are looked at: a day may be over, and another program may have committed.
const ALL_TABLES: Duration = Duration::from_secs(600);

/// Wait after a failure.
const AFTER_FAILURE: Duration = Duration::from_secs(60);

/// Time that a commit may take to end once the server stops.
const LAST_COMMIT: Duration = Duration::from_secs(5);

/// The running task.
pub struct Compactor {
    task: Option<JoinHandle<()>>,
    pace: Arc<Pace>,
    health: watch::Receiver<IngestCompaction>,
}

impl Compactor {
    /// Starts the task, unless it is turned off.
    ///
    /// # Panics
    /// Panics if there is no Tokio runtime.
    pub fn start(
        lake: Lake,
        config: &CompactionConfig,
        metrics: Arc<Metrics>,
        progress: watch::Receiver<Progress>,
    ) -> Self {
        let enabled = config.compaction == Switch::On;
        let (sender, health) = watch::channel(IngestCompaction {
            enabled,
            ..IngestCompaction::default()
        });
        let pace = Arc::new(Pace::new(config.compaction_share));
        let worker = Worker {
            lake,
            settings: config.files.settings(),
            metrics,
            progress,
            pace: pace.clone(),
            health: sender,
        };
        let task = enabled.then(|| tokio::spawn(worker.run()));
        Self { task, pace, health }
    }

    /// Returns the state, which changes as the task works.
    pub fn health(&self) -> watch::Receiver<IngestCompaction> {
        self.health.clone()
    }

    /// Stops the task and waits until it has deleted what it did not commit.
    pub async fn stop(self) {
        self.pace.stop();
        if let Some(mut task) = self.task
            && timeout(LAST_COMMIT, &mut task).await.is_err()
        {
            task.abort();
            tracing::warn!(
                "a compaction did not end in time; files that it did not commit are deleted within a day"
            );
        }
    }
}

/// The parts that the task uses.
struct Worker {
    lake: Lake,
    settings: CompactionSettings,
    metrics: Arc<Metrics>,
    progress: watch::Receiver<Progress>,
    pace: Arc<Pace>,
    health: watch::Sender<IngestCompaction>,
}

impl Worker {
    /// Compacts the tables that were committed to, again and again, until the pace is stopped.
    async fn run(self) {
        let mut seen: BTreeMap<&'static str, Timestamp> = BTreeMap::new();
        let mut all_seen: Option<Instant> = None;
        loop {
            let all = all_seen.is_none_or(|at| at.elapsed() >= ALL_TABLES);
            if all {
                all_seen = Some(Instant::now());
            }
            let commits = self.progress.borrow().last_commit.clone();
            let mut wait = INTERVAL;
            for table in lakefront_otel::tables() {
                let last = commits.get(table.name).map(|commit| commit.at);
                if !all && last == seen.get(table.name).copied() {
                    continue;
                }
                match self.compact(table.name).await {
                    Ok(()) => {
                        seen.extend(last.map(|at| (table.name, at)));
                    }
                    Err(Error::Stopped) => return,
                    Err(error) => {
                        self.failed(table.name, &error);
                        wait = AFTER_FAILURE;
                    }
                }
            }
            if self.pace.wait(wait).await.is_err() {
                return;
            }
        }
    }

    /// Rewrites files of a table until nothing is due.
    async fn compact(&self, table: &'static str) -> lakefront_lake::Result<()> {
        loop {
            // The list of all files is not kept while some are rewritten.
            let CompactionPlan {
                groups, small_files, ..
            } = self.lake.plan_compaction(table, &self.settings).await?;
            let label = TableLabel { table };
            let small_files = i64::try_from(small_files).unwrap_or(i64::MAX);
            self.metrics.small_files.get_or_create(&label).set(small_files);
            if groups.is_empty() {
                return Ok(());
            }
            // A group that fails, for example because of a damaged file, does not keep the others from being compacted.
            let mut failed = None;
            for group in groups {
                let started = Instant::now();
                match self.lake.compact(&group, &self.settings, &self.pace).await {
                    Ok(compacted) => self.done(&group, compacted, started.elapsed()),
                    // Another program has changed these files. The next plan does without them.
                    Err(Error::NotCurrent { .. }) => break,
                    Err(Error::Stopped) => return Err(Error::Stopped),
                    Err(error) => failed = Some(error),
                }
            }
            if let Some(error) = failed {
                return Err(error);
            }
        }
    }

    fn done(&self, group: &Group, compacted: Compacted, elapsed: Duration) {
        let table = group.table;
        let label = TableLabel { table };
        self.metrics.compactions.get_or_create(&label).inc();
        let bytes = self.metrics.compacted_bytes.get_or_create(&label);
        bytes.inc_by(compacted.bytes_before);
        tracing::debug!(table, day = %group.day, ?compacted, ?elapsed, "compacted");
        self.health.send_modify(|health| {
            health.rewrites += 1;
            health.files_before += compacted.files_before as u64;
            health.files_after += compacted.files_after as u64;
            health.bytes_rewritten += compacted.bytes_before;
            health.last_run = Some(IngestRewrite {
                at: now(),
                table: table.to_owned(),
                day: group.day.to_string(),
                files_before: compacted.files_before as u64,
                files_after: compacted.files_after as u64,
                bytes: compacted.bytes_before,
                elapsed_ms: elapsed.as_secs_f64() * 1e3,
            });
        });
    }

    fn failed(&self, table: &'static str, error: &Error) {
        tracing::warn!(table, %error, "files were not compacted; the next try is in a minute");
        let label = TableLabel { table };
        self.metrics.compaction_failures.get_or_create(&label).inc();
        self.health.send_modify(|health| {
            health.last_error = Some(IngestFailure {
                at: now(),
                table: table.to_owned(),
                message: error.to_string(),
            });
        });
    }
}
