//! Reading of a statement, and of the start of its rows, from a request's body.

use axum::body::Bytes;
use bytes::BytesMut;
use lakefront_clickhouse_http::{BadRequest, Beginning};

use super::MAX_BODY;
use super::body::Incoming;
use crate::Error;

/// The content of a request.
pub enum Content {
    /// A statement without rows.
    Statement(String),
    /// An INSERT whose rows have begun to arrive.
    Insert {
        /// The statement up to FORMAT.
        statement: String,
        /// The format of the rows.
        format: String,
        /// The first bytes of the rows; the body has the rest.
        data: Bytes,
    },
}

/// Reads a body to its end.
///
/// # Errors
/// [`Error::BadBody`] if the body is longer than [`MAX_BODY`] or can't be read.
pub async fn read_all(body: &mut Incoming) -> Result<BytesMut, Error> {
    let mut bytes = BytesMut::new();
    while let Some(piece) = body.next().await? {
        bytes.extend_from_slice(&piece);
        if bytes.len() > MAX_BODY {
            return Err(too_long());
        }
    }
    Ok(bytes)
}

/// Reads a statement up to its end, or to the first rows that it inserts. The statement may begin in `address`, the
/// parameter `query` of the URL.
///
/// # Errors
/// [`Error::BadBody`] if the statement is longer than [`MAX_BODY`] or the body can't be read, [`BadRequest::NotText`]
/// if the statement is not UTF-8.
pub async fn read_statement(address: String, body: &mut Incoming) -> Result<Content, Error> {
    let mut text = BytesMut::from(address.as_bytes());
    let mut has_body = false;
    loop {
        let piece = body.next().await?;
        let ended = piece.is_none();
        if let Some(piece) = piece {
            if !has_body && !text.is_empty() {
                text.extend_from_slice(b"\n");
            }
            has_body = true;
            text.extend_from_slice(&piece);
        }
        match Beginning::of(&text, ended) {
            Beginning::Insert {
                statement,
                format,
                data,
            } => {
                let statement = text.get(statement).unwrap_or_default().to_vec();
                let data = text.split_off(data).freeze();
                return Ok(Content::Insert {
                    statement: String::from_utf8(statement).map_err(|_| BadRequest::NotText)?,
                    format,
                    data,
                });
            }
            Beginning::Undecided | Beginning::Statement if text.len() > MAX_BODY => {
                return Err(Error::BadBody(format!(
                    "the statement is longer than {MAX_BODY} bytes"
                )));
            }
            Beginning::Statement if ended => {
                return match String::from_utf8(text.to_vec()) {
                    Ok(sql) => Ok(Content::Statement(sql)),
                    Err(_) => Err(BadRequest::NotText.into()),
                };
            }
            Beginning::Undecided | Beginning::Statement => {}
        }
    }
}

fn too_long() -> Error {
    Error::BadBody(format!("the statement is longer than {MAX_BODY} bytes"))
}
