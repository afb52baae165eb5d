//! The frame of one request in the log: `length u32 · crc32 u32 · header length u32 · header · body`, little endian.
//!
//! `length` counts the bytes after the checksum, in bytes. The checksum covers the same bytes.

use std::{fs::File, io, os::unix::fs::FileExt};

use bytes::Bytes;
use lakefront_otel::decode::Signal;
use lakefront_otlp::Format;
use prost::Message;

use crate::otlp::Compression;

/// Bytes of `length` and `crc32`.
const PREFIX: usize = 8;

/// The data that the log keeps of a request in addition to its body.
///
/// The sender's address is not part of the data. Only `client` is: a pseudonym under a key that is deleted after the
/// day.
#[derive(Clone, PartialEq, Message)]
pub struct Header {
    /// Log position of the request's first row; the rows take `position..position + rows`.
    #[prost(uint64, tag = "1")]
    pub position: u64,
    /// Number of rows.
    #[prost(uint32, tag = "2")]
    pub rows: u32,
    /// Signal, format and compression of the body.
    #[prost(message, required, tag = "3")]
    pub body: BodyKind,
    /// Time of arrival, microseconds since 1970.
    #[prost(int64, tag = "4")]
    pub arrival_micros: i64,
    /// Pseudonym of the sender's address, from [`crate::server::DayKey::pseudonym`].
    #[prost(bytes = "vec", tag = "5")]
    pub client: Vec<u8>,
    /// The request's User-Agent.
    #[prost(string, tag = "6")]
    pub user_agent: String,
    /// Country, ISO 3166-1 alpha-2, or empty.
    #[prost(string, tag = "7")]
    pub country: String,
    /// Microseconds by which the sender's clock was ahead, from [`lakefront_otlp::skew_micros`]. Frames of older versions
    /// have none, which is 0.
    #[prost(sint64, tag = "8")]
    pub skew_micros: i64,
}

/// Signal, format and compression of a body: enough to decode its bytes.
#[derive(Clone, Copy, PartialEq, Eq, Message)]
pub struct BodyKind {
    /// [`Signal`]
    #[prost(enumeration = "Signal", tag = "1")]
    pub signal: i32,
    /// [`Format`]
    #[prost(enumeration = "Format", tag = "2")]
    pub format: i32,
    /// [`Compression`]
    #[prost(enumeration = "Compression", tag = "3")]
    pub compression: i32,
}

impl BodyKind {
    /// Returns the kind of a body.
    pub fn new(signal: Signal, format: Format, compression: Compression) -> Self {
        Self {
            signal: signal.into(),
            format: format.into(),
            compression: compression.into(),
        }
    }
}

impl Header {
    /// Returns the log position of the request's last row.
    pub fn last_position(&self) -> u64 {
        self.position + u64::from(self.rows).max(1) - 1
    }
}

/// Appends the frame of a request to `out`.
pub fn encode(out: &mut Vec<u8>, header: &Header, body: &[u8]) {
    let start = out.len();
    out.extend_from_slice(&[0; PREFIX]);
    let header_length = header.encoded_len();
    out.extend_from_slice(&(header_length as u32).to_le_bytes());
    out.extend_from_slice(&header.encode_to_vec());
    out.extend_from_slice(body);
    let length = (out.len() - start - PREFIX) as u32;
    let checksum = crc32fast::hash(&out[start + PREFIX..]);
    out[start..start + 4].copy_from_slice(&length.to_le_bytes());
    out[start + 4..start + PREFIX].copy_from_slice(&checksum.to_le_bytes());
}

/// Returns the most bytes that the frame of a request takes.
pub fn length_bound(header: &Header, body: &[u8]) -> u64 {
    // The position is not yet set. Its varint has at most ten bytes.
    (PREFIX + 4 + header.encoded_len() + 10 + body.len()) as u64
}

/// A frame that was read back from the log.
#[derive(Debug)]
pub struct Frame {
    /// The data that the log keeps in addition to the body.
    pub header: Header,
    /// The request's body as it was received.
    pub body: Bytes,
    /// Offset of the next frame, in bytes.
    pub next: u64,
}

/// Reads the frame at `offset` of a segment whose valid bytes end at `end`. Returns `None` if there is no intact frame.
pub fn read(file: &File, offset: u64, end: u64) -> io::Result<Option<Frame>> {
    let Some(available) = end.checked_sub(offset + PREFIX as u64) else {
        return Ok(None);
    };
    let mut prefix = [0; PREFIX];
    file.read_exact_at(&mut prefix, offset)?;
    let [l0, l1, l2, l3, c0, c1, c2, c3] = prefix;
    let length = u32::from_le_bytes([l0, l1, l2, l3]);
    let checksum = u32::from_le_bytes([c0, c1, c2, c3]);
    if length == 0 || u64::from(length) > available {
        return Ok(None);
    }
    let mut content = vec![0; length as usize];
    file.read_exact_at(&mut content, offset + PREFIX as u64)?;
    if crc32fast::hash(&content) != checksum {
        return Ok(None);
    }
    let next = offset + PREFIX as u64 + u64::from(length);
    Ok(parse(content.into()).map(|(header, body)| Frame { header, body, next }))
}

/// Longest header, in bytes, that [`find`] accepts.
const LONGEST_HEADER: usize = 64 << 10;

/// Returns the offset of the first intact frame anywhere in the bytes.
pub fn find(bytes: &[u8]) -> Option<usize> {
    let word = |at: usize| {
        let word = bytes.get(at..at + 4)?.try_into().ok()?;
        Some(u32::from_le_bytes(word) as usize)
    };
    (0..bytes.len()).find(|&offset| {
        let found = || {
            let (length, checksum, header) = (word(offset)?, word(offset + 4)?, word(offset + PREFIX)?);
            if header == 0 || header > LONGEST_HEADER || header + 4 > length {
                return None;
            }
            let content = bytes.get(offset + PREFIX..offset + PREFIX + length)?;
            (crc32fast::hash(content) as usize == checksum).then_some(())
        };
        found().is_some()
    })
}

fn parse(mut content: Bytes) -> Option<(Header, Bytes)> {
    let header_length = u32::from_le_bytes(content.get(..4)?.try_into().ok()?) as usize;
    let mut rest = content.split_off(4);
    if header_length > rest.len() {
        return None;
    }
    let body = rest.split_off(header_length);
    Some((Header::decode(rest).ok()?, body))
}
