use std::sync::Arc;

use axum::body::Bytes;
use chdb_rust::insert_stream::InsertStream;
use tokio::sync::mpsc;

use super::cancel::Cancellation;
use super::run::cancelled;
use super::{Engine, Output, Query, format, parameters, result};
use crate::Error;

/// A piece of the rows to insert.
#[derive(Debug, Clone)]
pub enum Piece {
    /// Bytes in the insert's format; they may end anywhere.
    Bytes(Bytes),
    /// That was all. An insert whose rows end without this is given up.
    End,
}

impl Engine {
    /// Inserts rows that arrive while it runs: `query` is the statement up to FORMAT, `format` what follows that.
    ///
    /// What the engine has written when an insert breaks off stays, as in ClickHouse.
    ///
    /// # Errors
    /// When the queue is full, the gate refuses the statement, the engine does, or the rows break off.
    pub async fn insert(
        self: &Arc<Self>,
        query: Query,
        format: String,
        pieces: mpsc::Receiver<Piece>,
    ) -> Result<Output, Error> {
        let (profile, query_id) = (Arc::clone(&query.profile), query.query_id.clone());
        self.on_a_slot(&profile, query_id.as_deref(), move |engine, cancellation| {
            engine.insert_here(&query, &format, pieces, cancellation)
        })
        .await
    }

    fn insert_here(
        &self,
        query: &Query,
        format: &str,
        pieces: mpsc::Receiver<Piece>,
        cancellation: &Cancellation,
    ) -> Result<Output, Error> {
        let whole = format!("{}FORMAT {format}", query.sql);
        let judged = self.judge(query, &whole)?;
        let format = format::input(format)?;
        let mut pooled = self.connection(query)?;
        let written = if cancellation.begin(&pooled.tag, judged.writes) {
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
            Error::Engine(error) => result::exception(&error).into(),
            error => error,
        })
    }
}

fn append(
    mut stream: InsertStream<'_>,
    mut pieces: mpsc::Receiver<Piece>,
    cancellation: &Cancellation,
) -> Result<Output, Error> {
    // A caller that was stopped sends nothing, not even the end of its connection.
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
