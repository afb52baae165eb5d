use axum::body::Bytes;
use bytes::BytesMut;
use lakefront_clickhouse_http::{BadRequest, Beginning};

use super::MAX_BODY;
use super::body::Incoming;
use crate::Error;

/// What a request asks for.
pub enum Intake {
    /// A statement, and that is all.
    Statement(String),
    /// An INSERT whose rows have begun.
    Insert {
        /// Up to FORMAT.
        statement: String,
        /// The rows' format.
        format: String,
        /// The first of the rows; the body has the rest.
        data: Bytes,
    },
}

/// Reads a body to its end.
///
/// # Errors
/// When it is longer than a statement may be, and what is wrong with the body.
pub async fn whole(body: &mut Incoming) -> Result<BytesMut, Error> {
    let mut whole = BytesMut::new();
    while let Some(piece) = body.next().await? {
        whole.extend_from_slice(&piece);
        if whole.len() > MAX_BODY {
            return Err(too_long());
        }
    }
    Ok(whole)
}

/// Reads a statement, which may begin in the address, up to its end or to the first rows it inserts.
///
/// # Errors
/// When the statement is too long or no text, and what is wrong with the body.
pub async fn read(address: String, body: &mut Incoming) -> Result<Intake, Error> {
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
                return Ok(Intake::Insert {
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
                    Ok(sql) => Ok(Intake::Statement(sql)),
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
