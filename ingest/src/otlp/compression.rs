//! Identity, gzip or zstd, by `Content-Encoding`, never past a limit.

use std::io::{self, Read};

use bytes::Bytes;
use http::{HeaderMap, header::CONTENT_ENCODING};

/// Largest window a zstd frame may ask for: 8 MiB, as RFC 9659 has it for HTTP.
const ZSTD_WINDOW_LOG: u32 = 23;

/// How a body is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, prost::Enumeration)]
#[repr(i32)]
pub enum Compression {
    /// Not at all.
    Identity = 0,
    /// `gzip`
    Gzip = 1,
    /// `zstd`
    Zstd = 2,
}

/// A body that does not decompress.
#[derive(Debug, thiserror::Error)]
pub enum DecompressError {
    /// It would be longer than the limit.
    #[error("the body is larger than {limit} bytes after decompression")]
    TooLarge {
        /// The limit.
        limit: usize,
    },
    /// The bytes are not what `Content-Encoding` says.
    #[error("the body cannot be decompressed: {0}")]
    Invalid(#[from] io::Error),
}

impl Compression {
    /// The compression a request declares; `Err` with the name of one that is not supported.
    pub fn of(headers: &HeaderMap) -> Result<Self, String> {
        let Some(value) = headers.get(CONTENT_ENCODING) else {
            return Ok(Self::Identity);
        };
        match value.as_bytes().trim_ascii().to_ascii_lowercase().as_slice() {
            b"" | b"identity" => Ok(Self::Identity),
            b"gzip" | b"x-gzip" => Ok(Self::Gzip),
            b"zstd" => Ok(Self::Zstd),
            other => Err(String::from_utf8_lossy(other).into_owned()),
        }
    }

    /// The bytes behind a body. Stops at `limit`, so that what a bomb would grow to is never made.
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
    // Telemetry compresses about four times: one allocation, as a rule.
    let mut bytes = Vec::with_capacity((compressed * 4).min(limit));
    reader.take(limit as u64 + 1).read_to_end(&mut bytes)?;
    if bytes.len() > limit {
        return Err(DecompressError::TooLarge { limit });
    }
    Ok(bytes.into())
}
