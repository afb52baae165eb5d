//! Running an insert whose rows are still arriving.

use std::sync::Arc;

use axum::body::Bytes;
use chdb_rust::insert_stream::InsertStream;
use tokio::sync::mpsc;

use super::cancel::Cancellation;
use super::run::cancelled;
use super::{Engine, Output, Query};
use crate::Error;
use crate::chdb::{self, format, parameters};

/// A piece of the rows of an insert.
#[derive(Debug, Clone)]
pub enum Piece {
    /// Bytes in the insert's format. They may end within a row.
    Bytes(Bytes),
    /// The end of the rows. An insert whose channel closes without this piece is abandoned.
    End,
}

impl Engine {
    /// Runs an insert whose rows arrive while it runs. `query` has the statement up to FORMAT, `format` the name after
    /// FORMAT.
    ///
    /// When an insert is interrupted, the rows that the engine has already written stay, as in ClickHouse.
    ///
    /// # Errors
    /// If the queue is full, the gate or the engine refuses the statement, or the rows end without [`Piece::End`].
    pub async fn insert(
        self: &Arc<Self>,
        query: Query,
        format: String,
        pieces: mpsc::Receiver<Piece>,
    ) -> Result<Output, Error> {
        let (profile, query_id) = (Arc::clone(&query.profile), query.query_id.clone());
        self.with_slot(&profile, query_id.as_deref(), move |engine, cancellation| {
            engine.insert_blocking(&query, &format, pieces, cancellation)
        })
        .await
    }

    fn insert_blocking(
        &self,
        query: &Query,
        format: &str,
        pieces: mpsc::Receiver<Piece>,
        cancellation: &Cancellation,
    ) -> Result<Output, Error> {
        let whole = format!("{}FORMAT {format}", query.sql);
        let verdict = self.verdict(query, &whole)?;
        let format = format::input(format)?;
        let mut pooled = self.connection(query)?;
        let written = if cancellation.begin(&pooled.tag, verdict.writes) {
            pooled
                .connection
                .insert(&query.sql, format, parameters(&query.params), |stream| {
                    append(stream, pieces, cancellation)
                })
        } else {
            Err(cancelled().into())
        };
        cancellation.end();
        self.pool.put(pooled);
        written.map_err(|error| match error {
            Error::Engine(error) => chdb::exception(&error).into(),
            error => error,
        })
    }
}

/// Appends pieces to the engine's stream until their end, or until the insert is cancelled.
fn append(
    mut stream: InsertStream<'_>,
    mut pieces: mpsc::Receiver<Piece>,
    cancellation: &Cancellation,
) -> Result<Output, Error> {
    // A stopped caller may send nothing more and keep the connection open, so the wait also ends on cancellation.
    let runtime = tokio::runtime::Handle::current();
    let mut next = || {
        runtime.block_on(async {
            tokio::select! {
                biased;
                () = cancellation.cancelled() => None,
                piece = pieces.recv() => piece,
            }
        })
    };
    loop {
        match next() {
            Some(Piece::Bytes(bytes)) => stream.append(&bytes)?,
            Some(Piece::End) => {
                return Ok(Output::of_insert(&stream.finish()?));
            }
            None => return Err(cancelled().into()),
        }
    }
}
