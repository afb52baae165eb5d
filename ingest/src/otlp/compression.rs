//! Compression of request bodies: none, gzip or zstd, with a limit on the decompressed size.

use std::io::{self, Read};

use bytes::Bytes;
use http::{HeaderMap, HeaderName};

/// Log2 of the largest window that a zstd frame may declare: 8 MiB, the limit of RFC 9659 for HTTP.
const ZSTD_WINDOW_LOG: u32 = 23;

/// The compression of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, prost::Enumeration)]
#[repr(i32)]
pub enum Compression {
    /// No compression.
    Identity = 0,
    /// `gzip`
    Gzip = 1,
    /// `zstd`
    Zstd = 2,
}

/// Errors of decompression.
#[derive(Debug, thiserror::Error)]
pub enum DecompressError {
    /// The decompressed body would be longer than the limit.
    #[error("the body is larger than {limit} bytes after decompression")]
    TooLarge {
        /// The limit, in bytes.
        limit: usize,
    },
    /// The bytes are not in the format that the header names.
    #[error("the body cannot be decompressed: {0}")]
    Invalid(#[from] io::Error),
}

impl Compression {
    /// Returns the compression that a request declares in the given header.
    ///
    /// # Errors
    /// Returns the declared name if that compression is not supported.
    pub fn of(headers: &HeaderMap, header: &HeaderName) -> Result<Self, String> {
        let Some(value) = headers.get(header) else {
            return Ok(Self::Identity);
        };
        match value.as_bytes().trim_ascii().to_ascii_lowercase().as_slice() {
            b"" | b"identity" => Ok(Self::Identity),
            b"gzip" | b"x-gzip" => Ok(Self::Gzip),
            b"zstd" => Ok(Self::Zstd),
            other => Err(String::from_utf8_lossy(other).into_owned()),
        }
    }

    /// Returns the decompressed body. Decompression stops at `limit` bytes, so that a decompression bomb takes no more
    /// memory.
    ///
    /// # Errors
    /// Returns an error if the result is longer than `limit`, or the bytes are not in the declared format.
    pub fn decompress(self, body: Bytes, limit: usize) -> Result<Bytes, DecompressError> {
        match self {
            Self::Identity if body.len() > limit => Err(DecompressError::TooLarge { limit }),
            Self::Identity => Ok(body),
            Self::Gzip => read_up_to(flate2::read::MultiGzDecoder::new(&body[..]), body.len(), limit),
            Self::Zstd => {
                let mut decoder = zstd::stream::read::Decoder::with_buffer(&body[..])?;
                decoder.window_log_max(ZSTD_WINDOW_LOG)?;
                read_up_to(decoder, body.len(), limit)
            }
        }
    }
}

fn read_up_to(reader: impl Read, compressed: usize, limit: usize) -> Result<Bytes, DecompressError> {
    // Telemetry compresses to about a quarter, so that one allocation is usually enough.
    let mut bytes = Vec::with_capacity((compressed * 4).min(limit));
    reader.take(limit as u64 + 1).read_to_end(&mut bytes)?;
    if bytes.len() > limit {
        return Err(DecompressError::TooLarge { limit });
    }
    Ok(bytes.into())
}
