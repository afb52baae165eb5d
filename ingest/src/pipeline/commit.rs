//! Commits batches of rows to the lake. Each commit adds a table's rows and sets its log position, and is repeated until it
//! succeeds.

use std::{
    sync::{
        Arc,
        mpsc::{Receiver, RecvTimeoutError},
    },
    time::{Duration, Instant},
};

use arrow_array::RecordBatch;
use futures::future::try_join_all;
use lakefront_api::{IngestCommit, IngestFailure};
use lakefront_lake::{DataFile, Lake, WalPosition};
use lakefront_otel::table;
use lakefront_otlp::MOST_DAYS;
use tokio::{
    runtime::Handle,
    sync::{Mutex, watch},
    time::sleep,
};

use super::{Numbering, Progress, Queued, Setup, commit_batch::CommitBatch, held::Held, rows};
use crate::{
    error::Unflushed,
    fields::Fields,
    metrics::{Metrics, TableLabel},
    time::now,
    wal::Releaser,
};

/// First and longest wait before a retry.
pub const BACKOFF: (Duration, Duration) = (Duration::from_millis(100), Duration::from_secs(10));

/// Time for which written files are kept for a commit that fails. After it the rows are written again. The time is well
/// below the age at which [`Lake::remove_orphan_files`] deletes files as orphans.
const KEEP_FILES: Duration = Duration::from_secs(3600);

/// Attempts of a commit once the server stops.
const LAST_ATTEMPTS: u32 = 4;

/// Number of rows that are not split further when the disk is full: each file has a fixed cost.
const LEAST_ROWS: usize = 500;

/// The thread that commits.
pub struct Committer {
    runtime: Handle,
    lake: Lake,
    numbering: Mutex<Numbering>,
    releaser: Releaser<Queued>,
    progress: watch::Sender<Progress>,
    fields: Arc<Fields>,
    metrics: Arc<Metrics>,
    stopping: watch::Receiver<bool>,
}

/// The rows of a table that are being committed.
struct Work {
    table: &'static str,
    /// Rows that are not in the table yet. `RowId` is the log position.
    rest: RecordBatch,
    /// The log position after all of the rows.
    end: u64,
    /// Most rows of one commit.
    most_rows: usize,
    /// The rows of the current commit.
    piece: Option<Piece>,
    /// Number of committed files.
    files: usize,
}

/// The first rows of the work, which are committed together.
struct Piece {
    rows: usize,
    wal: WalPosition,
    /// The files with the rows, and the time at which they were written.
    written: Option<(Instant, Vec<DataFile>)>,
    /// True if an attempt failed with an unknown outcome, so that the rows may be in the table.
    in_doubt: bool,
}

impl Committer {
    /// Returns a committer. Must be called on a Tokio runtime, which then runs the lake's I/O.
    pub fn new(setup: Setup, progress: watch::Sender<Progress>) -> Self {
        Self {
            runtime: Handle::current(),
            lake: setup.lake,
            numbering: Mutex::new(setup.numbering),
            releaser: setup.releaser,
            progress,
            fields: setup.fields,
            metrics: setup.metrics,
            stopping: setup.stopping,
        }
    }

    /// Commits batches until the channel closes.
    pub fn run(self, batches: Receiver<CommitBatch>) -> Result<(), Unflushed> {
        let mut held = Held::new();
        loop {
            let batch = match held.until_check() {
                Some(wait) => batches.recv_timeout(wait),
                None => batches.recv().map_err(RecvTimeoutError::from),
            };
            match batch {
                Ok(batch) if held.takes(batch.replay) => {
                    self.runtime.block_on(self.commit_batch(batch, &mut held))?;
                }
                Ok(_) | Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            if held.until_check() == Some(Duration::ZERO) {
                self.runtime.block_on(self.check(&mut held));
            }
        }
        match held.tables.into_iter().next() {
            Some((table, message)) => Err(Unflushed { table, message }),
            None => Ok(()),
        }
    }

    /// Commits a batch to the tables that are not held. The log is released unless a table is held.
    async fn commit_batch(&self, batch: CommitBatch, held: &mut Held) -> Result<(), Unflushed> {
        let position = batch.end.position;
        let commits = batch
            .batches
            .into_iter()
            .filter(|(table, _)| !held.tables.contains_key(table))
            .map(async |(table, batch)| {
                let refused = self.commit(table, batch, position).await?;
                Ok(refused.map(|reason| (table, reason)))
            });
        let refused: Vec<Option<(&str, String)>> = try_join_all(commits).await?;
        held.add(refused.into_iter().flatten());
        self.progress.send_modify(|progress| {
            progress.position = position;
            progress.held = held.tables.keys().copied().collect();
            progress.failing = false;
        });
        if held.tables.is_empty()
            && let Err(error) = self.releaser.release(batch.end)
        {
            tracing::warn!(%error, "deleting segments of the log that are in the lake");
        }
        Ok(())
    }

    /// Has the log read again if one of the held tables takes rows now.
    async fn check(&self, held: &mut Held) {
        held.checked();
        let mut is_fit = false;
        for table in held.tables.keys() {
            match self.lake.add_missing_columns(table).await {
                Ok(()) => is_fit = true,
                Err(error) => self.failed(table, &error.to_string()),
            }
        }
        if is_fit {
            held.replay();
            self.releaser.rewind();
        }
    }

    /// Commits the rows that the table does not contain yet, with as many attempts as necessary. Returns the reason if
    /// the table takes no rows, because a column has another type.
    async fn commit(
        &self,
        table: &'static str,
        batch: RecordBatch,
        position: u64,
    ) -> Result<Option<String>, Unflushed> {
        let started = Instant::now();
        let held = self.numbering.lock().await.committed(table);
        let rest = rows::after(&batch, held);
        let rows = rest.num_rows();
        if rows == 0 {
            return Ok(None);
        }
        let committed = rest.clone();
        let mut work = Work {
            table,
            rest,
            end: position,
            most_rows: usize::MAX,
            piece: None,
            files: 0,
        };
        while work.rest.num_rows() > 0 {
            let attempt = async || match self.attempt(&mut work).await {
                Err(error @ lakefront_lake::Error::Column { .. }) => Ok(Some(error.to_string())),
                other => other.map(|()| None),
            };
            if let Some(reason) = self.retry(table, attempt).await? {
                self.failed(table, &reason);
                return Ok(Some(reason));
            }
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
        self.fields.count(table, &committed);
        let record = IngestCommit {
            at: now(),
            rows: rows as u64,
            files: files as u64,
            elapsed_ms: elapsed.as_secs_f64() * 1e3,
        };
        self.progress.send_modify(|progress| {
            progress.last_commit.insert(table.to_owned(), record);
        });
        Ok(None)
    }

    /// Commits the first rows of the work, or changes the work so that the next attempt can succeed.
    async fn attempt(&self, work: &mut Work) -> lakefront_lake::Result<()> {
        let table = work.table;
        let mut piece = match work.piece.take() {
            Some(piece) => piece,
            None => self.next_piece(work).await,
        };
        match self.append(work, &mut piece).await {
            Ok(files) => {
                self.metrics.commits.get_or_create(&TableLabel { table }).inc();
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
                // A smaller commit needs the space of the failed commit's files.
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

    /// Returns the next rows to commit.
    async fn next_piece(&self, work: &Work) -> Piece {
        let all = work.rest.num_rows();
        let time_column = table(work.table).map_or("", |table| table.time_column);
        let rows = rows::of_days(&work.rest, time_column, MOST_DAYS).min(work.most_rows);
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

    /// Writes the files of a piece, unless an earlier attempt wrote them, and commits them. Returns the number of
    /// files.
    async fn append(&self, work: &Work, piece: &mut Piece) -> lakefront_lake::Result<usize> {
        let (at, files) = match piece.written.take() {
            Some((at, files)) if at.elapsed() < KEEP_FILES => (at, files),
            _ => {
                let batch = rows::numbered(&work.rest.slice(0, piece.rows), piece.wal.writer)?;
                (Instant::now(), self.lake.write(work.table, batch).await?)
            }
        };
        let (_, files) = piece.written.insert((at, files));
        // A repetition is safe: an append whose position is already committed changes nothing.
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

    /// Repeats an attempt with growing waits. Gives up only when the server stops.
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
            self.failed(table, &message);
            self.progress.send_modify(|progress| progress.failing = true);
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

    /// Records a failure for the log, the metrics and `/health`.
    fn failed(&self, table: &'static str, message: &str) {
        tracing::error!(table, message, "committing to the lake");
        self.metrics
            .commit_failures
            .get_or_create(&TableLabel { table })
            .inc();
        self.progress.send_modify(|progress| {
            progress.last_error = Some(IngestFailure {
                at: now(),
                table: table.to_owned(),
                message: message.to_owned(),
            });
        });
    }
}
