//! Writes cuts to the lake, each table's rows and log position in one commit, retrying until it holds them.

use std::{
    sync::{Arc, mpsc::Receiver},
    time::{Duration, Instant},
};

use arrow_array::RecordBatch;
use futures::future::try_join_all;
use lakefront_lake::{DataFile, Lake, WalPosition};
use tokio::{runtime::Handle, sync::watch, time::sleep};

use super::{CommitRecord, Failure, Progress, Queued, Setup, cut::Cut, progress::now};
use crate::{
    metrics::{Metrics, TableLabel},
    wal::{Identity, Releaser},
};

/// First and longest wait before a retry.
const BACKOFF: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(10));

/// How long written files are kept for a commit that fails, before the rows are written anew: well within the time after
/// which [`Lake::sweep`] takes them for what a killed writer left.
const KEEP_FILES: Duration = Duration::from_secs(3600);

/// Attempts of a commit once the server stops.
const LAST_ATTEMPTS: u32 = 4;

/// The server stopped while the lake could not be written.
#[derive(Debug, thiserror::Error)]
#[error(
    "stopped before all was committed to {table}: {message}; the rest is in the write-ahead log and follows at the next start"
)]
pub struct Unflushed {
    table: &'static str,
    message: String,
}

/// The thread that commits.
pub struct Committer {
    runtime: Handle,
    lake: Lake,
    identity: Identity,
    releaser: Releaser<Queued>,
    progress: watch::Sender<Progress>,
    metrics: Arc<Metrics>,
    stopping: watch::Receiver<bool>,
}

impl Committer {
    /// Must be called on a runtime, which runs the lake's I/O.
    pub fn new(setup: Setup, progress: watch::Sender<Progress>) -> Self {
        Self {
            runtime: Handle::current(),
            lake: setup.lake,
            identity: setup.identity,
            releaser: setup.releaser,
            progress,
            metrics: setup.metrics,
            stopping: setup.stopping,
        }
    }

    /// Commits cuts until there are no more.
    pub fn run(self, cuts: Receiver<Cut>) -> Result<(), Unflushed> {
        for cut in cuts {
            let position = cut.end.position;
            let commits = cut
                .batches
                .into_iter()
                .map(|(table, batch)| self.commit(table, batch, position));
            self.runtime.block_on(try_join_all(commits))?;
            self.progress.send_modify(|progress| {
                progress.position = position;
                progress.failing = false;
            });
            if let Err(error) = self.releaser.release(cut.end) {
                tracing::warn!(%error, "deleting segments of the log that are in the lake");
            }
        }
        Ok(())
    }

    /// Commits the rows of a table, however often it takes.
    async fn commit(&self, table: &'static str, batch: RecordBatch, position: u64) -> Result<(), Unflushed> {
        let started = Instant::now();
        let rows = batch.num_rows();
        let wal = WalPosition {
            writer: self.identity.writer,
            position,
        };
        let mut written: Option<(Instant, Vec<DataFile>)> = None;
        let attempt = async || {
            let (at, files) = match written.take() {
                Some((at, files)) if at.elapsed() < KEEP_FILES => (at, files),
                _ => (Instant::now(), self.lake.write(table, batch.clone()).await?),
            };
            let (_, files) = written.insert((at, files));
            // Repeating is safe: an append whose position is committed already changes nothing.
            self.lake.append(table, files, Some(wal)).await?;
            Ok(files.len())
        };
        let files = self.retry(table, attempt).await?;
        let label = TableLabel { table };
        let elapsed = started.elapsed();
        self.metrics
            .commit
            .get_or_create(&label)
            .observe(elapsed.as_secs_f64());
        self.metrics
            .committed_rows
            .get_or_create(&label)
            .inc_by(rows as u64);
        tracing::debug!(table, rows, ?elapsed, "committed");
        let record = CommitRecord {
            at: now(),
            rows,
            files,
            elapsed_ms: elapsed.as_secs_f64() * 1e3,
        };
        self.progress.send_modify(|progress| {
            progress.last_commit.insert(table, record);
        });
        Ok(())
    }

    /// Repeats an attempt with growing waits; gives up only when the server stops.
    async fn retry<T>(
        &self,
        table: &'static str,
        mut attempt: impl AsyncFnMut() -> lakefront_lake::Result<T>,
    ) -> Result<T, Unflushed> {
        let mut wait = BACKOFF.0;
        let mut last_attempts = 0;
        let mut stopping = self.stopping.clone();
        loop {
            let message = match attempt().await {
                Ok(value) => return Ok(value),
                Err(error) => error.to_string(),
            };
            tracing::error!(table, message, "committing to the lake");
            self.metrics
                .commit_failures
                .get_or_create(&TableLabel { table })
                .inc();
            self.progress.send_modify(|progress| {
                progress.failing = true;
                progress.last_error = Some(Failure {
                    at: now(),
                    table,
                    message: message.clone(),
                });
            });
            if *stopping.borrow() {
                last_attempts += 1;
                if last_attempts >= LAST_ATTEMPTS {
                    return Err(Unflushed { table, message });
                }
                sleep(BACKOFF.0).await;
                continue;
            }
            tokio::select! {
                () = sleep(wait) => {}
                _ = stopping.wait_for(|stopping| *stopping) => {}
            }
            wait = (wait * 2).min(BACKOFF.1);
        }
    }
}
