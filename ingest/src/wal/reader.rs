//! Reads the log in order. Requests come decoded from memory if they are still there, else as bodies from disk.

use std::{fs::File, sync::Arc, time::Instant};

use bytes::Bytes;

use super::{Header, Location, frame, segment, shared::Shared};
use crate::error::WalError;

/// The only reader of a log.
pub struct Reader<T> {
    shared: Arc<Shared<T>>,
    cursor: Location,
    file: Option<(u64, File)>,
}

/// A durable request of the log.
pub struct Entry<T> {
    /// The data that the log keeps in addition to the body.
    pub header: Header,
    /// The request itself.
    pub content: Content<T>,
    /// The end of the request's frame.
    pub end: Location,
}

/// The content of a request, decoded or as a body.
pub enum Content<T> {
    /// The request as it was decoded on arrival.
    Decoded(T),
    /// The body as it was received.
    Body(Bytes),
}

/// Outcome of [`Reader::next`].
pub enum Next<T> {
    /// The next request of the log.
    Entry(Entry<T>),
    /// The deadline passed before a request arrived.
    Timeout,
    /// The next request is the first that is not in the lake; see [`super::Releaser::rewind`].
    Rewound,
    /// The log is closed and the reader has reached its end.
    Closed,
}

impl<T> Reader<T> {
    pub(super) fn new(shared: Arc<Shared<T>>, cursor: Location) -> Self {
        Self {
            shared,
            cursor,
            file: None,
        }
    }

    /// Returns the next request and waits for it until `deadline`, or without limit if that is `None`. With a deadline,
    /// the reader does not wait while the log is drained.
    ///
    /// # Errors
    /// Returns an error if a segment cannot be read or is damaged.
    pub fn next(&mut self, deadline: Option<Instant>) -> Result<Next<T>, WalError> {
        let shared = self.shared.clone();
        let mut state = shared.lock();
        loop {
            if std::mem::take(&mut state.rewind) {
                self.cursor = state.checkpoint.location;
                return Ok(Next::Rewound);
            }
            let end = state.segments.get(&self.cursor.segment).copied().unwrap_or(0);
            if self.cursor.offset >= end
                && let Some((&number, _)) = state.segments.range(self.cursor.segment + 1..).next()
            {
                self.cursor = Location {
                    segment: number,
                    offset: segment::HEAD,
                };
                continue;
            }
            if state
                .decoded
                .front()
                .is_some_and(|decoded| decoded.start == self.cursor)
                && let Some(decoded) = state.decoded.pop_front()
            {
                self.cursor = decoded.end;
                return Ok(Next::Entry(Entry {
                    header: decoded.header,
                    content: Content::Decoded(decoded.request),
                    end: decoded.end,
                }));
            }
            if self.cursor < state.durable {
                drop(state);
                return self.read(end).map(Next::Entry);
            }
            if state.closed {
                return Ok(Next::Closed);
            }
            if deadline.is_some_and(|deadline| state.draining || deadline <= Instant::now()) {
                return Ok(Next::Timeout);
            }
            state = shared.wait(state, deadline);
        }
    }

    fn read(&mut self, end: u64) -> Result<Entry<T>, WalError> {
        let path = segment::path(&self.shared.folder, self.cursor.segment);
        let damaged = |offset| WalError::Damaged {
            path: path.clone(),
            offset,
        };
        let file = match self.file.take() {
            Some((number, file)) if number == self.cursor.segment => file,
            _ => File::open(&path).map_err(|source| WalError::Io {
                doing: "open",
                path: path.clone(),
                source,
            })?,
        };
        let frame = frame::read(&file, self.cursor.offset, end)
            .map_err(|source| WalError::Io {
                doing: "read",
                path: path.clone(),
                source,
            })?
            .ok_or_else(|| damaged(self.cursor.offset))?;
        self.file = Some((self.cursor.segment, file));
        self.cursor.offset = frame.next;
        Ok(Entry {
            header: frame.header,
            content: Content::Body(frame.body),
            end: self.cursor,
        })
    }
}
