use std::time::Instant;

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::{HeaderMap, Method, Response, Uri};
use axum::response::IntoResponse;
use lakefront_clickhouse_http::{Exception, IncomingQuery};
use uuid::Uuid;

use super::{Shared, blocks, ok, reply};
use crate::Error;
use crate::engine::{Output, Query};

/// `/`: the ClickHouse HTTP interface.
pub async fn run(
    State(shared): State<Shared>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Response<Body> {
    let started = Instant::now();
    let read = body
        .map_err(|rejection| Error::BadBody(rejection.body_text()))
        .and_then(|body| Ok(IncomingQuery::read(&uri, &headers, &body)?));
    let query = match read {
        Ok(query) if query.sql.is_empty() && method != Method::POST => return ok().await.into_response(),
        Ok(query) => query,
        Err(error) => return reply::refusal(&error, "", shared.engine.version()),
    };
    let query_id = query
        .query_id
        .clone()
        .unwrap_or_else(|| Uuid::new_v4().to_string());
    let (may_compress, in_blocks) = (query.http_compression, query.native_compression);
    let outcome = execute(&shared, &headers, query).await;
    let took = started.elapsed();
    shared.counters.count(&outcome, took);
    let mut response = match outcome {
        Ok(mut output) => {
            if in_blocks {
                output.bytes = blocks::compress(&output.bytes);
            }
            reply::answer(output, &query_id, took)
        }
        Err(error) => {
            tracing::debug!(query_id, %error, "refused");
            reply::refusal(&error, &query_id, shared.engine.version())
        }
    };
    if may_compress {
        response.extensions_mut().insert(reply::MayCompress);
    }
    response
}

async fn execute(shared: &Shared, headers: &HeaderMap, query: IncomingQuery) -> Result<Output, Error> {
    shared.secret.check(headers, query.credentials.as_ref())?;
    match query.database.as_deref() {
        None | Some("" | "default" | "otel") => {}
        Some(other) => {
            let message = format!("Database {other} does not exist: the lake's tables are in otel");
            return Err(Exception::new(81, "UNKNOWN_DATABASE", message).into());
        }
    }
    let query = Query {
        sql: query.sql,
        params: query.params.into_iter().collect(),
        settings: query.settings,
        format: query.format.unwrap_or_else(|| "TabSeparated".into()),
    };
    shared.engine.run(query).await
}
