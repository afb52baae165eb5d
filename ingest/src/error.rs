//! Errors of the write-ahead log and of the start. `server/error.rs` maps them to HTTP answers.

use std::{io, path::PathBuf};

use bytesize::ByteSize;

/// Failures of the write-ahead log.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WalError {
    /// A file operation failed.
    #[error("cannot {doing} {path}: {source}")]
    Io {
        /// The operation that failed, as a verb for the message.
        doing: &'static str,
        /// The file or folder of the operation.
        path: PathBuf,
        /// The error of the operating system.
        source: io::Error,
    },
    /// Another process has locked the folder of the log.
    #[error(
        "{folder} is in use by another lakefront-ingest; give this one a folder of its own with --data (LAKEFRONT_DATA)"
    )]
    Locked {
        /// The folder of the log.
        folder: PathBuf,
    },
    /// The file with the writer numbers has other content.
    #[error("{path} holds no writer numbers; restore it, or move the whole folder away to start a new log")]
    Identity {
        /// The path of that file.
        path: PathBuf,
    },
    /// A frame of an acknowledged request cannot be read back.
    #[error("{path} is damaged at byte {offset}; restore it, or move it away to lose the requests in it")]
    Damaged {
        /// The segment file.
        path: PathBuf,
        /// Offset of the damaged frame, in bytes from the start of the file.
        offset: u64,
    },
    /// The log has requests that are not in the lake.
    #[error(
        "{folder} holds requests that are not in the lake yet; start lakefront-ingest, stop it with SIGTERM, and run this again"
    )]
    Pending {
        /// The folder of the log.
        folder: PathBuf,
    },
    /// The folder of the log has bytes of damaged or torn requests.
    #[error(
        "{path} holds bytes of damaged requests, which can't be searched; move it away or delete it, and run this again"
    )]
    SetAside {
        /// The path of the file.
        path: PathBuf,
    },
    /// The log has reached `--wal-limit`.
    #[error("the write-ahead log is full")]
    Full,
    /// The disk has no free space except the space that commits to the lake need.
    #[error(
        "the disk of the write-ahead log has {free} free, of which {kept} are kept to commit what was acknowledged; \
         free space on it, or use a larger one"
    )]
    NoRoom {
        /// Free bytes of the disk.
        free: ByteSize,
        /// Bytes that are reserved: `--disk-reserve`. If the lake is on the same disk, the bytes of the log that are
        /// not yet committed are added.
        kept: ByteSize,
    },
    /// A write or a sync failed. Nothing of the request is kept.
    #[error("the write-ahead log cannot be written: {0}")]
    Append(String),
    /// The server is shutting down.
    #[error("the server is shutting down")]
    Closed,
}

/// Errors with which the server does not start, or ends.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// Two settings contradict each other.
    #[error(transparent)]
    Config(#[from] crate::config::ConfigError),
    /// The write-ahead log cannot be opened or written.
    #[error(transparent)]
    Wal(#[from] WalError),
    /// The lake cannot be opened.
    #[error("cannot open the lake in {place}: {source}")]
    Lake {
        /// The folder of the lake, or the address of its catalog.
        place: String,
        /// The error of the lake.
        source: Box<lakefront_lake::Error>,
    },
    /// The address is in use, or the process may not listen on it.
    #[error("cannot listen on {address} ({setting}): {source}")]
    Listen {
        /// The address of `--listen` or `--grpc-listen`.
        address: std::net::SocketAddr,
        /// The flag and the environment variable that set the address.
        setting: &'static str,
        /// The error of the operating system.
        source: io::Error,
    },
    /// The keeper cannot be started.
    #[error("--keeper (LAKEFRONT_INGEST_KEEPER): {0}")]
    Keeper(#[from] crate::keeper::Error),
    /// A thread cannot be started.
    #[error("cannot start a thread: {0}")]
    Thread(io::Error),
    /// A thread panicked.
    #[error("the thread {0:?} panicked")]
    Panicked(&'static str),
    /// The server ended before every acknowledged request was in the lake.
    #[error(transparent)]
    Unflushed(#[from] Unflushed),
}

/// The server stopped while the lake could not be written.
#[derive(Debug, thiserror::Error)]
#[error(
    "stopped before all was committed to {table}: {message}; the rest is in the write-ahead log and follows at the next start"
)]
pub struct Unflushed {
    /// The table whose commit failed last.
    pub table: &'static str,
    /// The error of that commit.
    pub message: String,
}
