//! What can go wrong, and what the client is told about it.

use std::{io, path::PathBuf};

use bytesize::ByteSize;

/// Failures of the write-ahead log.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WalError {
    /// A file operation failed.
    #[error("cannot {doing} {path}: {source}")]
    Io {
        /// What was tried.
        doing: &'static str,
        /// On which file or folder.
        path: PathBuf,
        /// Why it failed.
        source: io::Error,
    },
    /// Another process uses the folder.
    #[error(
        "{folder} is in use by another lakefront-ingest; give this one a folder of its own with --data (LAKEFRONT_DATA)"
    )]
    Locked {
        /// The folder.
        folder: PathBuf,
    },
    /// The file with the writer numbers holds something else.
    #[error("{path} holds no writer numbers; restore it, or move the whole folder away to start a new log")]
    Identity {
        /// The file.
        path: PathBuf,
    },
    /// A frame that was acknowledged cannot be read back.
    #[error("{path} is damaged at byte {offset}; restore it, or move it away to lose the requests in it")]
    Damaged {
        /// The segment.
        path: PathBuf,
        /// Offset of the damaged frame.
        offset: u64,
    },
    /// The log has reached `--wal-limit`.
    #[error("the write-ahead log is full")]
    Full,
    /// The disk is full but for what commits to the lake need.
    #[error(
        "the disk of the write-ahead log has {free} free, of which {kept} are kept to commit what was acknowledged; \
         free space on it, or use a larger one"
    )]
    NoRoom {
        /// Bytes that are free.
        free: ByteSize,
        /// Bytes that are kept: --disk-reserve, and where the lake is on the same disk as many as the log has to commit.
        kept: ByteSize,
    },
    /// Writing or syncing failed; nothing of the request is kept.
    #[error("the write-ahead log cannot be written: {0}")]
    Append(String),
    /// The server is shutting down.
    #[error("the server is shutting down")]
    Closed,
}

/// Why the server does not start, or ends.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// Settings contradict each other.
    #[error(transparent)]
    Config(#[from] crate::config::ConfigError),
    /// The write-ahead log.
    #[error(transparent)]
    Wal(#[from] WalError),
    /// The lake.
    #[error("cannot open the lake in {place}: {source}")]
    Lake {
        /// Its folder, or the address of its catalog.
        place: String,
        /// Why.
        source: Box<lakefront_lake::Error>,
    },
    /// The address is taken or not allowed.
    #[error("cannot listen on {address} (--listen, LAKEFRONT_INGEST_LISTEN): {source}")]
    Listen {
        /// The address.
        address: std::net::SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// A thread cannot be started.
    #[error("cannot start a thread: {0}")]
    Thread(io::Error),
    /// A thread panicked.
    #[error("the thread {0:?} panicked")]
    Panicked(&'static str),
    /// Not all is in the lake.
    #[error(transparent)]
    Unflushed(#[from] crate::pipeline::Unflushed),
}
