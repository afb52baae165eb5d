//! The handler of `/`, the ClickHouse HTTP interface.

use std::time::Instant;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, Method, Response, Uri};
use axum::response::IntoResponse;
use lakefront_clickhouse_http::{Exception, IncomingQuery, code, with_revision};
use tokio::sync::mpsc;
use uuid::Uuid;

use super::body::Incoming;
use super::insert_body::{self, Content};
use super::kill::Kill;
use super::{AppState, native_compression, ok, reply};
use crate::engine::{Output, Piece, Query};
use crate::{DATABASE, Error};

/// Handles `GET /` and `POST /`.
pub async fn run(
    State(state): State<AppState>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Body,
) -> Response<Body> {
    let started = Instant::now();
    let head = match IncomingQuery::head(&uri, &headers) {
        Ok(head) if head.sql.is_empty() && method != Method::POST => return ok().await.into_response(),
        Ok(head) => head,
        Err(error) => return reply::error(&error.into(), "", state.engine.version()),
    };
    let query_id = head
        .query_id
        .clone()
        .unwrap_or_else(|| Uuid::new_v4().to_string());
    let (may_compress, in_blocks) = (head.http_compression, head.native_compression);
    let revision = head.revision;
    let outcome = execute(&state, &method, &uri, &headers, head, body).await;
    let outcome = outcome.and_then(|output| for_revision(output, revision));
    let took = started.elapsed();
    state.counters.count(&outcome, took);
    let mut response = match outcome {
        Ok(mut output) => {
            if in_blocks {
                output.bytes = native_compression::compress(&output.bytes);
            }
            reply::answer(output, &query_id, took)
        }
        Err(error) => {
            tracing::debug!(query_id, %error, "refused");
            reply::error(&error, &query_id, state.engine.version())
        }
    };
    if may_compress {
        response.extensions_mut().insert(reply::MayCompress);
    }
    response
}

/// Rewrites a result in format Native for a client that names a protocol revision.
fn for_revision(mut output: Output, revision: u64) -> Result<Output, Error> {
    if output.format != "Native" || revision == 0 {
        return Ok(output);
    }
    match with_revision(&output.bytes, revision) {
        Ok(written) => output.bytes = written.into_owned(),
        Err(error) => return Err(Exception::of(code::NOT_IMPLEMENTED, error.to_string()).into()),
    }
    Ok(output)
}

/// Authenticates the caller, reads the statement and runs it.
async fn execute(
    state: &AppState,
    method: &Method,
    uri: &Uri,
    headers: &HeaderMap,
    mut head: IncomingQuery,
    body: Body,
) -> Result<Output, Error> {
    let profile = state
        .authenticator
        .authenticate(uri, headers, head.credentials.as_ref())?;
    match head.database.as_deref() {
        None | Some("" | "default" | DATABASE) => {}
        Some(other) => {
            let message = format!("Database {other} does not exist: the tables are in {DATABASE}");
            return Err(Exception::of(code::UNKNOWN_DATABASE, message).into());
        }
    }
    let limit = state.engine.limits().max_insert_bytes;
    let mut body = Incoming::new(body, headers, head.native_body, limit)?;
    let content = if head.form.is_some() {
        let form = insert_body::read_all(&mut body).await?;
        head.fields(&form)?;
        Content::Statement(head.sql)
    } else {
        insert_body::read_statement(head.sql, &mut body).await?
    };
    let mut query = Query {
        profile,
        sql: String::new(),
        params: head.params.into_iter().collect(),
        settings: head.settings,
        format: head.format.unwrap_or_else(|| "TabSeparated".into()),
        query_id: head.query_id,
        // A GET only reads, as in ClickHouse.
        only_reads: *method == Method::GET,
    };
    match content {
        Content::Statement(sql) => {
            if let Some(kill) = Kill::read(&sql)
                && query.profile.rights.write
                && !query.only_reads
            {
                let chosen = |query_id: &str| kill.matches(query_id);
                state.engine.kill(&query.profile, chosen).await?;
                return Ok(Output::nothing());
            }
            query.sql = sql;
            state.engine.run(query).await
        }
        Content::Insert {
            statement,
            format,
            data,
        } => {
            query.sql = statement;
            let (send, pieces) = mpsc::channel(2);
            let insert = state.engine.insert(query, format, pieces);
            let (outcome, sent) = tokio::join!(insert, send_rows(data, &mut body, send));
            // An error of the body comes first: it is the reason why the insert was abandoned.
            sent.and(outcome)
        }
    }
}

/// Sends the rows of a body to an insert until the body ends or the insert stops receiving.
async fn send_rows(first: bytes::Bytes, body: &mut Incoming, to: mpsc::Sender<Piece>) -> Result<(), Error> {
    let mut next = Some(first);
    while let Some(bytes) = next {
        if to.send(Piece::Bytes(bytes)).await.is_err() {
            body.skip().await;
            return Ok(());
        }
        next = body.next().await?;
    }
    // If the insert has stopped receiving, its own error says why.
    let _ = to.send(Piece::End).await;
    Ok(())
}
