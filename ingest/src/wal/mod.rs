//! The write-ahead log: a request is acknowledged once its frame is on disk, and is replayed from the log after a
//! crash.
//!
//! A log is a folder of numbered segment files of frames (`frame`). One thread appends (`log`) and syncs many requests
//! at once. One reader follows (`reader`) and feeds the lake. A segment is deleted once every table contains its rows.

mod committed;
mod frame;
mod identity;
mod log;
mod reader;
mod segment;
mod shared;
mod space;

#[cfg(test)]
mod tests;

pub use committed::CommittedLog;
pub use frame::{BodyKind, Header};
pub use identity::{FolderLock, Identity, keep_identities};
pub use log::{Append, Options, Recovered, Wal};
pub use reader::{Content, Entry, Next, Reader};
pub use shared::{Backlog, Checkpoint, Releaser};
pub use space::Space;

/// A place in the log: a segment and a byte offset in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Location {
    /// Number of the segment. Later segments have higher numbers.
    pub segment: u64,
    /// Offset of a frame's first byte.
    pub offset: u64,
}
