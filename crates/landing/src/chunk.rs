//! Chunks: the bodies of requests to a stream, each a JSON array of events.

use std::fmt::Write as _;
use std::iter::Peekable;

use crate::form::{VERSION, key};

/// The bytes at which a chunk ends: the 1 MB that a request to a stream could have until 2026.
pub const TARGET_BYTES: usize = 1_000_000;

/// The most bytes of a chunk, which only a row that is larger than [`TARGET_BYTES`] reaches: a little less than the 5 MB
/// that a request to a stream may have.
pub const MAX_BYTES: usize = 4_900_000;

/// The bytes of an event before its columns: keys, numbers with the most digits, and the comma after it.
const CONTROL_BYTES: usize = 160;

/// The identity of a request, from which the ids of its chunks follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChunkKey([u8; 32]);

impl ChunkKey {
    /// Returns the key of a request by the parts that tell it from others.
    ///
    /// A request that is sent again has the same key, so that the keeper recognises its rows.
    pub fn new<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> Self {
        let mut hasher = blake3::Hasher::new_derive_key("lakefront chunks of a request");
        for part in parts {
            hasher.update(&(part.len() as u64).to_le_bytes()).update(part);
        }
        Self(*hasher.finalize().as_bytes())
    }

    /// Returns the id of a chunk of rows of that table.
    fn id(&self, table: &str, number: u64) -> String {
        let mut hasher = blake3::Hasher::new_keyed(&self.0);
        hasher.update(&number.to_le_bytes()).update(table.as_bytes());
        hasher.finalize().to_hex()[..32].to_owned()
    }
}

/// A chunk of rows of one table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chunk {
    /// Its id, in 32 hexadecimal digits.
    pub id: String,
    /// Number of rows.
    pub rows: u32,
    /// When the rows were accepted, in microseconds since 1970 UTC.
    pub accepted: i64,
    /// The JSON array of events.
    pub body: String,
}

/// Cuts events into chunks, one at a time, so that memory holds few of them.
///
/// The same events make the same chunks.
pub struct Chunks<'a, I: Iterator<Item = String>> {
    table: &'a str,
    key: ChunkKey,
    accepted: i64,
    events: Peekable<I>,
    number: u64,
}

/// A row that is too large for any stream. It is in no chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooLarge;

impl<'a, I: Iterator<Item = String>> Chunks<'a, I> {
    /// Returns the chunks of a table's events, which are the fields of JSON objects without braces.
    pub fn new(table: &'a str, key: ChunkKey, accepted: i64, events: I) -> Self {
        Self {
            table,
            key,
            accepted,
            events: events.peekable(),
            number: 0,
        }
    }
}

impl<I: Iterator<Item = String>> Iterator for Chunks<'_, I> {
    type Item = Result<Chunk, TooLarge>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut taken: Vec<String> = Vec::new();
        let mut bytes = 2;
        while let Some(event) = self.events.peek() {
            let own = event.len() + CONTROL_BYTES;
            if own + 2 > MAX_BYTES {
                if !taken.is_empty() {
                    break;
                }
                self.events.next();
                return Some(Err(TooLarge));
            }
            if !taken.is_empty() && bytes + own > TARGET_BYTES {
                break;
            }
            bytes += own;
            taken.extend(self.events.next());
        }
        if taken.is_empty() {
            return None;
        }
        let id = self.key.id(self.table, self.number);
        self.number += 1;
        let rows = taken.len();
        let mut body = String::with_capacity(bytes);
        for (index, event) in taken.iter().enumerate() {
            body.push(if index == 0 { '[' } else { ',' });
            // Writing to a String does not fail.
            let _ = write!(
                body,
                r#"{{"{}":{VERSION},"{}":"{id}","{}":{index},"{}":{rows},"{}":{},{event}}}"#,
                key::VERSION,
                key::CHUNK,
                key::ROW,
                key::ROWS,
                key::ACCEPTED,
                self.accepted
            );
        }
        body.push(']');
        Some(Ok(Chunk {
            id,
            // A chunk has far less than 4 GB.
            rows: u32::try_from(rows).unwrap_or(u32::MAX),
            accepted: self.accepted,
            body,
        }))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn chunks(sizes: &[usize]) -> (Vec<Chunk>, usize) {
        let event = |size: &usize| format!(r#""body":"{}""#, "x".repeat(*size));
        let key = ChunkKey::new([b"request".as_slice()]);
        let all = Chunks::new("otel_logs", key, i64::MAX, sizes.iter().map(event));
        let (chunks, too_large): (Vec<_>, Vec<_>) = all.partition(Result::is_ok);
        (chunks.into_iter().flatten().collect(), too_large.len())
    }

    #[test]
    fn a_chunk_stays_below_the_limit_and_has_all_of_its_rows() {
        let sizes = [
            10,
            600_000,
            600_000,
            2_000_000,
            10,
            10,
            MAX_BYTES,
            MAX_BYTES - 200,
            1,
        ];
        let (chunks, too_large) = chunks(&sizes);
        assert_eq!(too_large, 1);
        let rows: Vec<u32> = chunks.iter().map(|chunk| chunk.rows).collect();
        assert_eq!(rows, [2, 1, 1, 2, 1, 1]);
        for chunk in &chunks {
            assert!(chunk.body.len() <= MAX_BYTES);
            let events: Vec<Value> = serde_json::from_str(&chunk.body).expect("an array");
            for (index, event) in events.iter().enumerate() {
                assert_eq!(event["_row"], index);
                assert_eq!(event["_rows"], chunk.rows);
                assert_eq!(event["_chunk"], chunk.id);
                assert_eq!(event["_accepted"], i64::MAX);
            }
        }
    }

    #[test]
    fn the_same_request_makes_the_same_chunks() {
        let sizes = [900_000, 900_000, 5];
        assert_eq!(chunks(&sizes), chunks(&sizes));
        let (chunks, _) = chunks(&sizes);
        assert_ne!(chunks[0].id, chunks[1].id);
        let other = ChunkKey::new([b"req".as_slice(), b"uest"]);
        assert_ne!(other, ChunkKey::new([b"request".as_slice()]));
        assert_ne!(other.id("otel_logs", 0), other.id("otel_traces", 0));
    }
}
