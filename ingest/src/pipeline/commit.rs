//! Writes cuts to the lake, each table's rows and log position in one commit, retrying until it holds them.

use std::{
    sync::{Arc, mpsc::Receiver},
    time::{Duration, Instant},
};

use arrow_array::RecordBatch;
use futures::future::try_join_all;
use lakefront_lake::{DataFile, Lake, WalPosition};
use tokio::{
    runtime::Handle,
    sync::{Mutex, watch},
    time::sleep,
};

use super::{CommitRecord, Failure, Numbering, Progress, Queued, Setup, cut::Cut, progress::now, rows};
use crate::{
    metrics::{Metrics, TableLabel},
    wal::Releaser,
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

/// Rows that are not cut into smaller pieces, however short the space is: each file has a fixed cost.
const LEAST_ROWS: usize = 500;

/// The thread that commits.
pub struct Committer {
    runtime: Handle,
    lake: Lake,
    numbering: Mutex<Numbering>,
    releaser: Releaser<Queued>,
    progress: watch::Sender<Progress>,
    metrics: Arc<Metrics>,
    stopping: watch::Receiver<bool>,
}

/// Rows of a table on their way into it.
struct Work {
    table: &'static str,
    /// Rows that are not in the table yet; `RowId` is the log position.
    rest: RecordBatch,
    /// Position of the log after all of them.
    end: u64,
    /// Rows of one commit at most.
    most_rows: usize,
    /// What is being committed of them.
    piece: Option<Piece>,
    /// Files that are committed.
    files: usize,
}

/// The first rows of the work, in one commit.
struct Piece {
    rows: usize,
    wal: WalPosition,
    /// The files with the rows, and when they were written.
    written: Option<(Instant, Vec<DataFile>)>,
    /// Whether an attempt may be in after all.
    in_doubt: bool,
}

impl Committer {
    /// Must be called on a runtime, which runs the lake's I/O.
    pub fn new(setup: Setup, progress: watch::Sender<Progress>) -> Self {
        Self {
            runtime: Handle::current(),
            lake: setup.lake,
            numbering: Mutex::new(setup.numbering),
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

    /// Commits the rows of a table that it does not hold, however often it takes.
    async fn commit(&self, table: &'static str, batch: RecordBatch, position: u64) -> Result<(), Unflushed> {
        let started = Instant::now();
        let held = self.numbering.lock().await.committed(table);
        let rest = rows::after(&batch, held);
        let rows = rest.num_rows();
        if rows == 0 {
            return Ok(());
        }
        let mut work = Work {
            table,
            rest,
            end: position,
            most_rows: usize::MAX,
            piece: None,
            files: 0,
        };
        while work.rest.num_rows() > 0 {
            self.retry(table, async || self.attempt(&mut work).await).await?;
        }
        let files = work.files;
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

    /// Commits the first rows of the work, or changes how the next attempt goes about it.
    async fn attempt(&self, work: &mut Work) -> lakefront_lake::Result<()> {
        let table = work.table;
        let mut piece = match work.piece.take() {
            Some(piece) => piece,
            None => self.next_piece(work).await,
        };
        match self.append(work, &mut piece).await {
            Ok(files) => {
                self.numbering.lock().await.done(table, piece.wal);
                work.files += files;
                work.rest = work.rest.slice(piece.rows, work.rest.num_rows() - piece.rows);
                work.most_rows = work.most_rows.saturating_mul(2);
                Ok(())
            }
            Err(lakefront_lake::Error::WriterTaken { writer, .. }) => {
                self.discard(table, piece).await;
                let mut numbering = self.numbering.lock().await;
                numbering.renumber(writer).await?;
                let writer = numbering.writer();
                self.progress.send_modify(|progress| progress.writer = writer);
                work.rest = rows::after(&work.rest, numbering.committed(table));
                Ok(())
            }
            Err(error) if error.is_storage_full() && !piece.in_doubt => {
                let rows = piece.rows;
                // The files of a failed commit take the room that a smaller one needs.
                self.discard(table, piece).await;
                if rows <= LEAST_ROWS {
                    return Err(error);
                }
                tracing::warn!(table, rows, %error, "no room for a commit: trying with half of the rows");
                work.most_rows = rows.div_ceil(2);
                Ok(())
            }
            Err(error) => {
                piece.in_doubt |= matches!(error, lakefront_lake::Error::CommitStateUnknown { .. });
                work.piece = Some(piece);
                Err(error)
            }
        }
    }

    /// The next rows to commit.
    async fn next_piece(&self, work: &Work) -> Piece {
        let all = work.rest.num_rows();
        let rows = all.min(work.most_rows);
        let position = match rows == all {
            true => work.end,
            false => rows::last(&work.rest.slice(0, rows)).unwrap_or(work.end),
        };
        Piece {
            rows,
            wal: self.numbering.lock().await.position(work.table, position),
            written: None,
            in_doubt: false,
        }
    }

    /// Writes the files of a piece, unless that was done for an attempt before, and commits them. Returns their number.
    async fn append(&self, work: &Work, piece: &mut Piece) -> lakefront_lake::Result<usize> {
        let (at, files) = match piece.written.take() {
            Some((at, files)) if at.elapsed() < KEEP_FILES => (at, files),
            _ => {
                let batch = rows::numbered(&work.rest.slice(0, piece.rows), piece.wal.writer)?;
                (Instant::now(), self.lake.write(work.table, batch).await?)
            }
        };
        let (_, files) = piece.written.insert((at, files));
        // Repeating is safe: an append whose position is committed already changes nothing.
        self.lake.append(work.table, files, Some(&piece.wal)).await?;
        Ok(files.len())
    }

    /// Deletes the files of a piece that will not be committed.
    async fn discard(&self, table: &str, piece: Piece) {
        if let Some((_, files)) = piece.written
            && let Err(error) = self.lake.discard(table, files).await
        {
            tracing::warn!(table, %error, "files that were never committed stay on disk");
        }
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
