//! What writer, reader and committer share of the log: how far it is durable, and requests that are still decoded.

use std::{
    collections::{BTreeMap, VecDeque},
    fs, io,
    path::PathBuf,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
};

use super::{Header, Location, segment};

/// File with the last position that is in all tables.
///
/// Tables forget the position of a log they have heard nothing of for a month; the segment it ended in may still be there.
pub const RELEASED: &str = "released";

/// State shared by the threads of a log.
pub struct Tail<T> {
    pub folder: PathBuf,
    state: Mutex<State<T>>,
    changed: Condvar,
}

pub struct State<T> {
    /// End of the last durable frame.
    pub durable: Location,
    /// First position that is free.
    pub next_position: u64,
    /// Segments and the length of their durable part.
    pub segments: BTreeMap<u64, u64>,
    /// Durable requests whose decoded form is at hand, in log order, possibly with gaps.
    pub decoded: VecDeque<Decoded<T>>,
    /// Everything before this is in the lake.
    pub released: Released,
    /// Whether what is there shall be committed without waiting for more.
    pub draining: bool,
    /// Whether nothing will be appended any more.
    pub closed: bool,
}

pub struct Decoded<T> {
    pub start: Location,
    pub end: Location,
    pub header: Header,
    pub request: T,
}

/// How far the lake holds the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Released {
    /// Everything before this place is committed.
    pub location: Location,
    /// The last position that is committed.
    pub position: u64,
}

/// Deletes what the lake holds, without keeping the log open for appends.
pub struct Releaser<T>(pub(super) Arc<Tail<T>>);

impl<T> Releaser<T> {
    /// Deletes the segments that lie wholly before `released`.
    pub fn release(&self, released: Released) -> io::Result<()> {
        self.0.release(released)
    }
}

/// What the log holds that the lake does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backlog {
    /// Bytes of frames.
    pub bytes: u64,
    /// Rows.
    pub records: u64,
    /// Bytes of all segment files, committed frames included: what `--wal-limit` bounds.
    pub disk_bytes: u64,
}

impl<T> Tail<T> {
    pub fn new(folder: PathBuf, state: State<T>) -> Self {
        Self {
            folder,
            state: Mutex::new(state),
            changed: Condvar::new(),
        }
    }

    /// The state. Nothing below panics while it holds the lock, so a poisoned lock is still consistent.
    pub fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn notify(&self) {
        self.changed.notify_all();
    }

    /// Waits for [`Tail::notify`], at most until `deadline`.
    pub fn wait<'a>(
        &self,
        guard: MutexGuard<'a, State<T>>,
        deadline: Option<std::time::Instant>,
    ) -> MutexGuard<'a, State<T>> {
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

    /// Deletes the segments that lie wholly before `released`.
    pub fn release(&self, released: Released) -> io::Result<()> {
        let mut gone = Vec::new();
        {
            let mut state = self.lock();
            state.released = released;
            let active = state.durable.segment;
            state.segments.retain(|&number, length| {
                let end = Location {
                    segment: number,
                    offset: *length,
                };
                let keep = number == active || end > released.location;
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
            segment::sync_folder(&self.folder)?;
        }
        // Not synced: when it is lost with the power, the tables still say how far they are.
        let new = self.folder.join("released.new");
        fs::write(&new, released.position.to_string())?;
        fs::rename(new, self.folder.join(RELEASED))
    }

    pub fn backlog(&self) -> Backlog {
        let state = self.lock();
        let disk_bytes = state.segments.values().sum();
        let released = state.released;
        let bytes = state
            .segments
            .range(released.location.segment..)
            .map(|(&number, &length)| {
                let from = if number == released.location.segment {
                    released.location.offset
                } else {
                    segment::HEAD
                };
                length.saturating_sub(from)
            })
            .sum();
        Backlog {
            bytes,
            records: (state.next_position - 1).saturating_sub(released.position),
            disk_bytes,
        }
    }
}
