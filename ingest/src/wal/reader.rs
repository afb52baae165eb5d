//! Follows the log in order, taking requests decoded where they still are and from disk where they are not.

use std::{fs::File, sync::Arc, time::Instant};

use bytes::Bytes;

use super::{Header, Location, frame, segment, tail::Tail};
use crate::error::WalError;

/// The one reader of a log.
pub struct Reader<T> {
    tail: Arc<Tail<T>>,
    cursor: Location,
    file: Option<(u64, File)>,
}

/// A durable request.
pub struct Entry<T> {
    /// What the log keeps of it besides the body.
    pub header: Header,
    /// The request itself.
    pub content: Content<T>,
    /// End of its frame.
    pub end: Location,
}

/// A request as the reader found it.
pub enum Content<T> {
    /// Still decoded from when it arrived.
    Decoded(T),
    /// The body as it was received.
    Body(Bytes),
}

/// Outcome of [`Reader::next`].
pub enum Next<T> {
    /// The next request of the log.
    Entry(Entry<T>),
    /// The deadline passed first.
    Timeout,
    /// The log is closed and read to its end.
    Closed,
}

impl<T> Reader<T> {
    pub(super) fn new(tail: Arc<Tail<T>>, cursor: Location) -> Self {
        Self {
            tail,
            cursor,
            file: None,
        }
    }

    /// The next request, waiting for it until `deadline`; not at all if there is one and the log is being drained.
    pub fn next(&mut self, deadline: Option<Instant>) -> Result<Next<T>, WalError> {
        let tail = self.tail.clone();
        let mut state = tail.lock();
        loop {
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
            state = tail.wait(state, deadline);
        }
    }

    fn read(&mut self, end: u64) -> Result<Entry<T>, WalError> {
        let path = segment::path(&self.tail.folder, self.cursor.segment);
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
