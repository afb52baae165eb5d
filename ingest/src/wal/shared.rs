//! The state that writer, reader and committer of a log share: its durable end, and the requests that are still
//! decoded.

use std::{
    collections::{BTreeMap, VecDeque},
    fs, io,
    path::PathBuf,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
};

use lakefront_lake::files::{self, Durability};

use super::{Header, Location, segment};

/// Name of the file with the last position that is in all tables.
///
/// A table drops the mark of a log that has committed nothing for a month. The last segment of that log may still
/// exist.
pub const CHECKPOINT_FILE: &str = "released";

/// The state that the threads of a log share.
pub struct Shared<T> {
    pub folder: PathBuf,
    state: Mutex<LogState<T>>,
    changed: Condvar,
}

pub struct LogState<T> {
    /// End of the last durable frame.
    pub durable: Location,
    /// The first free position.
    pub next_position: u64,
    /// Length of each segment's durable part in bytes, by segment number.
    pub segments: BTreeMap<u64, u64>,
    /// Durable requests that are still decoded in memory, in log order, possibly with gaps.
    pub decoded: VecDeque<Decoded<T>>,
    /// The part of the log that is in the lake.
    pub checkpoint: Checkpoint,
    /// True if the reader goes back to the checkpoint before it hands on another request.
    pub rewind: bool,
    /// True if the reader hands on its requests without waiting for more.
    pub draining: bool,
    /// True if nothing more will be appended.
    pub closed: bool,
}

pub struct Decoded<T> {
    pub start: Location,
    pub end: Location,
    pub header: Header,
    pub request: T,
}

/// The part of the log that is in the lake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// Every row before this place is committed.
    pub location: Location,
    /// The last committed position.
    pub position: u64,
}

/// Deletes committed segments, and has others read again. The handle does not keep the log open for appends.
pub struct Releaser<T>(pub(super) Arc<Shared<T>>);

impl<T> Releaser<T> {
    /// Deletes the segments that end at or before the checkpoint.
    pub fn release(&self, checkpoint: Checkpoint) -> io::Result<()> {
        self.0.release(checkpoint)
    }

    /// Makes the reader go back to the last checkpoint. Requests behind it come again, from disk.
    pub fn rewind(&self) {
        self.0.lock().rewind = true;
        self.0.notify();
    }
}

/// The part of the log that is not in the lake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backlog {
    /// Bytes of its frames.
    pub bytes: u64,
    /// Number of its rows.
    pub records: u64,
    /// Bytes of all segment files, with committed frames. `--wal-limit` bounds this number.
    pub disk_bytes: u64,
}

impl<T> Shared<T> {
    pub fn new(folder: PathBuf, state: LogState<T>) -> Self {
        Self {
            folder,
            state: Mutex::new(state),
            changed: Condvar::new(),
        }
    }

    /// Locks the state. No code panics while it holds the lock, so that the state is consistent even if the lock is
    /// poisoned.
    pub fn lock(&self) -> MutexGuard<'_, LogState<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn notify(&self) {
        self.changed.notify_all();
    }

    /// Waits for [`Shared::notify`], at most until `deadline`.
    pub fn wait<'a>(
        &self,
        guard: MutexGuard<'a, LogState<T>>,
        deadline: Option<std::time::Instant>,
    ) -> MutexGuard<'a, LogState<T>> {
        match deadline {
            None => self.changed.wait(guard).unwrap_or_else(PoisonError::into_inner),
            Some(deadline) => {
                let left = deadline.saturating_duration_since(std::time::Instant::now());
                let (guard, _) = self
                    .changed
                    .wait_timeout(guard, left)
                    .unwrap_or_else(PoisonError::into_inner);
                guard
            }
        }
    }

    /// Deletes the segments that end at or before the checkpoint.
    pub fn release(&self, checkpoint: Checkpoint) -> io::Result<()> {
        let mut gone = Vec::new();
        {
            let mut state = self.lock();
            state.checkpoint = checkpoint;
            let active = state.durable.segment;
            state.segments.retain(|&number, length| {
                let end = Location {
                    segment: number,
                    offset: *length,
                };
                let keep = number == active || end > checkpoint.location;
                if !keep {
                    gone.push(number);
                }
                keep
            });
        }
        for number in &gone {
            fs::remove_file(segment::path(&self.folder, *number))?;
        }
        if !gone.is_empty() {
            files::sync_folder(&self.folder)?;
        }
        // Not synced: if a power failure loses the file, the marks of the tables still hold the position.
        let path = self.folder.join(CHECKPOINT_FILE);
        files::replace(
            &path,
            checkpoint.position.to_string().as_bytes(),
            Durability::Unsynced,
        )
    }

    pub fn backlog(&self) -> Backlog {
        let state = self.lock();
        let disk_bytes = state.segments.values().sum();
        let checkpoint = state.checkpoint;
        let bytes = state
            .segments
            .range(checkpoint.location.segment..)
            .map(|(&number, &length)| {
                let from = if number == checkpoint.location.segment {
                    checkpoint.location.offset
                } else {
                    segment::HEAD
                };
                length.saturating_sub(from)
            })
            .sum();
        Backlog {
            bytes,
            records: (state.next_position - 1).saturating_sub(checkpoint.position),
            disk_bytes,
        }
    }
}
