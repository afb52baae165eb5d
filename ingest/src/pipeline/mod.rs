//! From the log to the tables: one thread builds columns, another writes and commits them.

mod batches;
mod commit;
mod cut;
mod numbering;
mod progress;
mod rows;
mod tables;

use std::{sync::Arc, thread::JoinHandle};

use lakefront_lake::Lake;
use tokio::sync::{OwnedSemaphorePermit, watch};

pub use commit::Unflushed;
pub use numbering::Numbering;
pub use progress::{CommitRecord, Failure, Progress, now};

use crate::{
    config::CommitConfig,
    error::{StartError, WalError},
    metrics::Metrics,
    request::Request,
    wal::{Reader, Releaser},
};

/// A decoded request on its way to the tables.
pub struct Queued {
    /// The request.
    pub request: Request,
    /// Bytes it takes in memory, roughly.
    pub bytes: usize,
    /// Its room in the queue.
    pub _permit: OwnedSemaphorePermit,
}

/// What the threads need.
pub struct Setup {
    /// The lake.
    pub lake: Lake,
    /// The number of the log, and how far each table holds it.
    pub numbering: Numbering,
    /// When to commit.
    pub config: CommitConfig,
    /// The log, to delete what is committed.
    pub releaser: Releaser<Queued>,
    /// Metrics.
    pub metrics: Arc<Metrics>,
    /// True once the server stops: failing commits are given up then.
    pub stopping: watch::Receiver<bool>,
}

/// The running threads.
pub struct Pipeline {
    tables: JoinHandle<Result<(), WalError>>,
    commit: JoinHandle<Result<(), Unflushed>>,
}

impl Pipeline {
    /// Starts the threads. They end when the log is closed and everything in it is committed.
    pub fn start(
        setup: Setup,
        reader: Reader<Queued>,
    ) -> Result<(Self, watch::Receiver<Progress>), StartError> {
        let numbering = &setup.numbering;
        let (progress, watching) = watch::channel(Progress::new(numbering.writer(), numbering.held().1));
        // No capacity: at most one cut is being written while the next is built.
        let (sender, cuts) = std::sync::mpsc::sync_channel(0);
        let builder = tables::Builder::new(&setup);
        let committer = commit::Committer::new(setup, progress);
        let named = |name: &str| std::thread::Builder::new().name(name.into());
        let commit = named("commit")
            .spawn(move || committer.run(cuts))
            .map_err(StartError::Thread)?;
        let tables = named("tables")
            .spawn(move || builder.run(reader, sender))
            .map_err(StartError::Thread)?;
        Ok((Self { tables, commit }, watching))
    }

    /// Waits for the threads to end.
    pub fn join(self) -> Result<(), StartError> {
        let commit = self.commit.join();
        self.tables.join().map_err(|_| StartError::Panicked("tables"))??;
        commit.map_err(|_| StartError::Panicked("commit"))??;
        Ok(())
    }
}
