//! The streamed body of a request. The body is unpacked as it arrives and never held in memory as a whole.

use std::io::{self, Read};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::HeaderMap;
use axum::http::header::CONTENT_ENCODING;
use bytes::BytesMut;
use http_body_util::BodyExt as _;
use tokio::sync::mpsc;

use super::native_compression::{BadBlock, BlockReader};
use crate::Error;

/// The longest pause within a body, as in ClickHouse.
const MAX_PAUSE: Duration = Duration::from_secs(30);

/// The bytes from which a piece is passed on.
const MIN_PIECE: usize = 256 << 10;

/// The body of a request, read piece by piece.
pub struct Incoming {
    source: Source,
    /// The reader of ClickHouse's native blocks, if the body consists of them.
    blocks: Option<BlockReader>,
    /// The unpacked bytes that may still follow.
    left: u64,
    limit: u64,
}

enum Source {
    Body(Body),
    /// Pieces from a thread that unpacks the body.
    Unpacked(mpsc::Receiver<io::Result<Bytes>>),
}

impl Incoming {
    /// Returns a body of at most `limit` unpacked bytes. A layer in front has already unpacked gzip and zstd.
    ///
    /// # Errors
    /// [`Error::BadBody`] for a content encoding that is not supported.
    pub fn new(body: Body, headers: &HeaderMap, in_blocks: bool, limit: u64) -> Result<Self, Error> {
        let encoding = headers.get(CONTENT_ENCODING).map(|value| value.as_bytes());
        let source = match encoding {
            None | Some(b"" | b"identity") => Source::Body(body),
            Some(b"lz4") => Source::Unpacked(unpack(body)),
            Some(other) => {
                let other = String::from_utf8_lossy(other);
                let message = format!("content-encoding {other:?} is not taken: use gzip, zstd or lz4");
                return Err(Error::BadBody(message));
            }
        };
        Ok(Self {
            source,
            blocks: in_blocks.then(BlockReader::default),
            left: limit,
            limit,
        })
    }

    /// Returns the next piece; `None` at the end. A piece has less than [`MIN_PIECE`] bytes and one block.
    ///
    /// # Errors
    /// [`Error::BadBody`] if the body breaks off, is malformed, or is too long.
    pub async fn next(&mut self) -> Result<Option<Bytes>, Error> {
        let mut piece = BytesMut::new();
        while piece.len() < MIN_PIECE {
            let before = piece.len();
            if let Some(blocks) = &mut self.blocks {
                match blocks.unpack_next(&mut piece, self.left) {
                    Ok(true) => {
                        self.count(piece.len() - before)?;
                        continue;
                    }
                    Ok(false) => {}
                    Err(BadBlock::Invalid(reason)) => return Err(Error::BadBody(reason)),
                    Err(BadBlock::TooMuch) => return Err(self.too_long()),
                }
            }
            let Some(bytes) = self.received().await? else {
                break;
            };
            match &mut self.blocks {
                Some(blocks) => blocks.push(&bytes),
                None if piece.is_empty() && bytes.len() >= MIN_PIECE => {
                    self.count(bytes.len())?;
                    return Ok(Some(bytes));
                }
                None => {
                    piece.extend_from_slice(&bytes);
                    self.count(bytes.len())?;
                }
            }
        }
        if piece.is_empty() {
            if self.blocks.as_ref().is_some_and(|blocks| !blocks.is_done()) {
                return Err(Error::BadBody("the body ends within a compressed block".into()));
            }
            return Ok(None);
        }
        Ok(Some(piece.freeze()))
    }

    /// Reads and discards up to 64 MiB. A caller that is still sending would otherwise not read the reply.
    pub async fn skip(&mut self) {
        const MOST: usize = 64 << 20;
        self.blocks = None;
        let mut skipped = 0;
        while let Ok(Some(bytes)) = self.received().await {
            skipped += bytes.len();
            if skipped > MOST {
                break;
            }
        }
    }

    /// Returns the next bytes as received, still in ClickHouse's blocks if there are any.
    async fn received(&mut self) -> Result<Option<Bytes>, Error> {
        let received = tokio::time::timeout(MAX_PAUSE, async {
            match &mut self.source {
                Source::Body(body) => loop {
                    match body
                        .frame()
                        .await
                        .transpose()
                        .map_err(|error| error.to_string())?
                    {
                        None => return Ok(None),
                        // Trailers are no data.
                        Some(frame) => {
                            if let Ok(bytes) = frame.into_data() {
                                return Ok(Some(bytes));
                            }
                        }
                    }
                },
                Source::Unpacked(pieces) => {
                    let piece = pieces.recv().await.transpose();
                    piece.map_err(|error: io::Error| error.to_string())
                }
            }
        });
        match received.await {
            Ok(received) => {
                received.map_err(|reason| Error::BadBody(format!("the body breaks off: {reason}")))
            }
            Err(_) => Err(Error::BadBody(format!(
                "the body breaks off: nothing came for {} s",
                MAX_PAUSE.as_secs()
            ))),
        }
    }

    /// Subtracts unpacked bytes from those that may follow.
    fn count(&mut self, bytes: usize) -> Result<(), Error> {
        self.left = self
            .left
            .checked_sub(bytes as u64)
            .ok_or_else(|| self.too_long())?;
        Ok(())
    }

    fn too_long(&self) -> Error {
        Error::BadBody(format!(
            "the body has more than {} bytes once unpacked",
            self.limit
        ))
    }
}

/// Unpacks LZ4 frames in a thread, because the library pulls its input from a blocking reader.
fn unpack(body: Body) -> mpsc::Receiver<io::Result<Bytes>> {
    let (packed, unpack) = mpsc::channel(4);
    let (unpacked, pieces) = mpsc::channel(4);
    tokio::spawn(async move {
        let mut body = body;
        while let Some(frame) = body.frame().await {
            let piece = match frame.map(|frame| frame.into_data()) {
                Ok(Ok(bytes)) => Ok(bytes),
                Ok(Err(_)) => continue,
                Err(error) => Err(io::Error::other(error)),
            };
            if packed.send(piece).await.is_err() {
                break;
            }
        }
    });
    tokio::task::spawn_blocking(move || {
        let mut frames = lz4_flex::frame::FrameDecoder::new(Pieces {
            pieces: unpack,
            rest: Bytes::new(),
        });
        loop {
            let mut piece = vec![0; MIN_PIECE];
            let read = frames.read(&mut piece);
            let is_end = matches!(read, Ok(0) | Err(_));
            let piece = read.map(|length| {
                piece.truncate(length);
                Bytes::from(piece)
            });
            if matches!(&piece, Ok(piece) if piece.is_empty())
                || unpacked.blocking_send(piece).is_err()
                || is_end
            {
                break;
            }
        }
    });
    pieces
}

/// A blocking reader of the pieces that arrive.
struct Pieces {
    pieces: mpsc::Receiver<io::Result<Bytes>>,
    rest: Bytes,
}

impl Read for Pieces {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.rest.is_empty() {
            match self.pieces.blocking_recv() {
                Some(piece) => self.rest = piece?,
                None => return Ok(0),
            }
        }
        let length = buffer.len().min(self.rest.len());
        buffer[..length].copy_from_slice(&self.rest.split_to(length));
        Ok(length)
    }
}
