//! Moves requests from the log to the tables: one thread builds columns, another writes and commits them.

mod columns;
mod commit;
mod commit_batch;
mod held;
mod numbering;
mod progress;
mod rows;
mod tables;

use std::{sync::Arc, thread::JoinHandle};

use lakefront_api::IngestFailure;
use lakefront_lake::Lake;
use lakefront_otel::decode::Request;
use tokio::sync::{OwnedSemaphorePermit, watch};

pub(crate) use columns::Columns;
pub use numbering::Numbering;
pub use progress::Progress;
pub(crate) use rows::numbered;
pub(crate) use tables::{context, decode};

use crate::{
    config::CommitConfig,
    error::{StartError, Unflushed, WalError},
    fields::Fields,
    metrics::Metrics,
    wal::{Reader, Releaser},
};

/// A decoded request that waits for the tables.
pub struct Queued {
    /// The request.
    pub request: Request,
    /// Approximate bytes of the request in memory.
    pub bytes: usize,
    /// Approximate bytes of the request as columns.
    pub column_bytes: usize,
    /// The memory of the request, freed when the value is dropped.
    pub _permit: OwnedSemaphorePermit,
}

/// The dependencies of the pipeline's threads.
pub struct Setup {
    /// The lake.
    pub lake: Lake,
    /// The writer number of the log, and the part of the log that each table contains.
    pub numbering: Numbering,
    /// The failure to add the columns that a table lacks, if there was one.
    pub unfit: Option<IngestFailure>,
    /// The bounds at which a commit is made.
    pub config: CommitConfig,
    /// The handle that deletes committed segments of the log.
    pub releaser: Releaser<Queued>,
    /// The counts of fields.
    pub fields: Arc<Fields>,
    /// Metrics.
    pub metrics: Arc<Metrics>,
    /// True once the server stops. Failing commits are then given up.
    pub stopping: watch::Receiver<bool>,
}

/// The two threads of the pipeline.
pub struct Pipeline {
    tables: JoinHandle<Result<(), WalError>>,
    commit: JoinHandle<Result<(), Unflushed>>,
}

impl Pipeline {
    /// Starts the threads. They end when the log is closed and everything in it is committed.
    ///
    /// # Errors
    /// Returns an error if a thread cannot be started.
    pub fn start(
        setup: Setup,
        reader: Reader<Queued>,
    ) -> Result<(Self, watch::Receiver<Progress>), StartError> {
        let numbering = &setup.numbering;
        let progress = Progress {
            last_error: setup.unfit.clone(),
            ..Progress::new(numbering.writer(), numbering.held().1)
        };
        let (progress, watching) = watch::channel(progress);
        // The channel has no capacity: at most one commit batch is written while the next is built.
        let (sender, batches) = std::sync::mpsc::sync_channel(0);
        let builder = tables::Builder::new(&setup);
        let committer = commit::Committer::new(setup, progress);
        let named = |name: &str| std::thread::Builder::new().name(name.into());
        let commit = named("commit")
            .spawn(move || committer.run(batches))
            .map_err(StartError::Thread)?;
        let tables = named("tables")
            .spawn(move || builder.run(reader, sender))
            .map_err(StartError::Thread)?;
        Ok((Self { tables, commit }, watching))
    }

    /// Waits for the threads to end.
    ///
    /// # Errors
    /// Returns an error if a thread panicked, the log is damaged, or some rows are not in the lake.
    pub fn join(self) -> Result<(), StartError> {
        let commit = self.commit.join();
        self.tables.join().map_err(|_| StartError::Panicked("tables"))??;
        commit.map_err(|_| StartError::Panicked("commit"))??;
        Ok(())
    }
}
