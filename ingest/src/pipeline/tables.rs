//! Follows the log and builds the columns of the tables, until a bound of [`crate::config::CommitConfig`] is reached.

use std::{
    sync::{
        Arc,
        mpsc::{SendError, SyncSender},
    },
    time::{Duration, Instant},
};

use bytes::Bytes;
use lakefront_otel::{
    arrow::AppendError,
    decode::Request,
    map::{Pseudonym, RequestContext},
};
use lakefront_otlp::{Limits, accept};

use super::{Queued, Setup, columns::Columns, commit_batch::CommitBatch};
use crate::{
    error::WalError,
    metrics::Metrics,
    wal::{Checkpoint, Content, Entry, Header, Location, Next, Reader},
};

/// Approximate bytes of columns at which a commit batch is made, however few its rows are.
const COLUMN_BYTES: usize = 384 << 20;

/// Largest body in the log after decompression, in bytes. The body was checked on arrival, perhaps against another
/// limit.
const LOGGED_BYTES: usize = u32::MAX as usize;

/// The thread that builds columns.
pub struct Builder {
    interval: Duration,
    most_rows: u64,
    most_bytes: u64,
    metrics: Arc<Metrics>,
    columns: Columns,
    gathered: Option<Gathered>,
    /// Number of times that the log was read again.
    replay: u64,
}

/// A decoded request, with its approximate bytes in memory and as columns.
pub struct Decoded {
    pub request: Request,
    pub bytes: usize,
    pub column_bytes: usize,
}

/// The size and the end of the rows in the columns.
struct Gathered {
    since: Instant,
    end: Checkpoint,
    rows: u64,
    bytes: u64,
}

impl Builder {
    /// Returns a builder with empty columns.
    pub fn new(setup: &Setup) -> Self {
        Self {
            interval: setup.config.commit_interval,
            most_rows: setup.config.commit_rows,
            most_bytes: setup.config.commit_bytes.as_u64(),
            metrics: setup.metrics.clone(),
            columns: Columns::default(),
            gathered: None,
            replay: 0,
        }
    }

    /// Runs until the log is closed and read to its end, or until the committing thread has ended.
    pub fn run(
        mut self,
        mut reader: Reader<Queued>,
        batches: SyncSender<CommitBatch>,
    ) -> Result<(), WalError> {
        // An error of the channel means that the committing thread has ended. That thread reports the reason itself.
        loop {
            let deadline = self
                .gathered
                .as_ref()
                .map(|gathered| gathered.since + self.interval);
            let sent = match reader.next(deadline)? {
                Next::Entry(entry) => self.add(entry, &batches),
                Next::Timeout => self.send(&batches),
                Next::Rewound => {
                    self.columns.finish();
                    self.gathered = None;
                    self.replay += 1;
                    Ok(())
                }
                Next::Closed => {
                    let _ = self.send(&batches);
                    return Ok(());
                }
            };
            if sent.is_err() {
                return Ok(());
            }
        }
    }

    /// Adds the rows of a request, and makes a commit batch if one is due.
    fn add(
        &mut self,
        entry: Entry<Queued>,
        batches: &SyncSender<CommitBatch>,
    ) -> Result<(), SendError<CommitBatch>> {
        let Entry { header, content, end } = entry;
        let taken = match content {
            Content::Decoded(queued) => Some(Decoded {
                request: queued.request,
                bytes: queued.bytes,
                column_bytes: queued.column_bytes,
            }),
            Content::Body(body) => {
                self.metrics.decoded_again.inc();
                decode(&header, body)
            }
        };
        let bytes = match &taken {
            Some(decoded) => {
                if self.append(&header, decoded) == Err(AppendError::BatchFull) {
                    self.send(batches)?;
                    // The empty columns have room: a request that is too large for them is refused before it is
                    // acknowledged.
                    let _ = self.append(&header, decoded);
                }
                decoded.bytes as u64
            }
            None => 0,
        };
        let gathered = self.gathered.get_or_insert_with(|| Gathered::at(end));
        gathered.end = Checkpoint {
            location: end,
            position: header.last_position(),
        };
        gathered.rows += u64::from(header.rows);
        gathered.bytes += bytes;
        if gathered.rows >= self.most_rows
            || gathered.bytes >= self.most_bytes
            || self.columns.bytes() >= COLUMN_BYTES
        {
            self.send(batches)?;
        }
        Ok(())
    }

    fn append(&mut self, header: &Header, decoded: &Decoded) -> Result<(), AppendError> {
        let context = context(header);
        // The commit adds the writer number.
        let position = header.position.cast_signed();
        let appended = self
            .columns
            .append(&decoded.request, &context, position, decoded.column_bytes);
        if let Err(error @ AppendError::RequestTooLarge { .. }) = &appended {
            tracing::error!(%error, position = header.position, rows = header.rows, "skipped a request of the log");
        }
        appended.map(drop)
    }

    /// Sends the gathered rows to the committing thread.
    fn send(&mut self, batches: &SyncSender<CommitBatch>) -> Result<(), SendError<CommitBatch>> {
        let Some(Gathered { end, .. }) = self.gathered.take() else {
            return Ok(());
        };
        let rows = self.columns.finish();
        batches.send(CommitBatch {
            end,
            batches: rows,
            replay: self.replay,
        })
    }
}

impl Gathered {
    fn at(location: Location) -> Self {
        Self {
            since: Instant::now(),
            end: Checkpoint {
                location,
                position: 0,
            },
            rows: 0,
            bytes: 0,
        }
    }
}

/// Returns the context of a request of the log.
pub fn context(header: &Header) -> RequestContext<'_> {
    let pseudonym = <[u8; 16]>::try_from(header.client.as_slice());
    RequestContext {
        sender: pseudonym.ok().map(Pseudonym::from_bytes),
        user_agent: &header.user_agent,
        country: &header.country,
        arrival: header.arrival_micros,
    }
}

/// Decodes a body of the log. The body was decoded before it was acknowledged, so that a failure is unexpected.
pub fn decode(header: &Header, body: Bytes) -> Option<Decoded> {
    let kind = header.body;
    let decoded = kind
        .compression()
        .decompress(body, LOGGED_BYTES)
        .map_err(|error| error.to_string())
        .and_then(|body| {
            let accepted = accept(
                kind.signal(),
                kind.format(),
                &body,
                header.arrival_micros,
                header.skew_micros,
                Limits::LOGGED,
            );
            accepted.map_err(|error| error.to_string())
        });
    match decoded {
        Ok(accepted) => Some(Decoded {
            request: accepted.request,
            bytes: accepted.bytes,
            column_bytes: accepted.column_bytes,
        }),
        Err(error) => {
            tracing::error!(
                error,
                position = header.position,
                rows = header.rows,
                "skipped a request of the log"
            );
            None
        }
    }
}
