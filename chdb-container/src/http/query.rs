//! The handler of `/query`: SQL with JSON parameters in, JSON out.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use axum::Json;
use axum::body::Body;
use axum::extract::State;
use axum::extract::rejection::JsonRejection;
use axum::http::{HeaderMap, Response, StatusCode, Uri};
use axum::response::IntoResponse;
use lakefront_api::{EngineQueryError, EngineQueryReply, EngineQueryRequest, Stats};
use lakefront_clickhouse_http::{Answer, Endpoint, Exception, Param, ReplyError, Statement, code};
use uuid::Uuid;

use super::{AppState, reply};
use crate::Error;
use crate::access::Profile;
use crate::engine::{Output, Query};

/// Handles `POST /query`.
pub async fn run(
    State(state): State<AppState>,
    uri: Uri,
    headers: HeaderMap,
    body: Result<Json<EngineQueryRequest>, JsonRejection>,
) -> Response<Body> {
    let started = Instant::now();
    let profile = match state.authenticator.authenticate_by_headers(&uri, &headers) {
        Ok(profile) => profile,
        Err(error) => return error_reply(&error, reply::status(&error)),
    };
    let request = match body {
        Ok(Json(request)) => request,
        Err(rejection) => return error_reply(&Error::BadBody(rejection.body_text()), rejection.status()),
    };
    let raw = request.format.is_some();
    let max_rows = profile.max_result_rows;
    let outcome = match query(request, profile) {
        Ok(query) => state.engine.run(query).await,
        Err(error) => Err(error),
    };
    let took = started.elapsed();
    state.counters.count(&outcome, took);
    match outcome {
        // A FORMAT clause in the statement takes precedence, and the reply has its bytes too.
        Ok(output) if raw || output.format != FORMAT => {
            reply::answer(output, &Uuid::new_v4().to_string(), took)
        }
        Ok(output) => match read_answer(max_rows, &output) {
            Ok(mut answer) => {
                answer.elapsed_ms = took.as_secs_f64() * 1e3;
                Json(answer).into_response()
            }
            Err(error) => error_reply(&error, reply::status(&error)),
        },
        Err(error) => error_reply(&error, reply::status(&error)),
    }
}

/// The format from which a [`EngineQueryReply`] is made.
const FORMAT: &str = "JSONCompact";

/// Turns a request into a query.
pub fn query(request: EngineQueryRequest, profile: Arc<Profile>) -> Result<Query, Error> {
    let params = request
        .params
        .into_iter()
        .map(|(name, value)| match Param::from_json(&value) {
            Ok(param) => Ok((name, param.wire().into_owned())),
            Err(source) => Err(Error::BadParam { name, source }),
        })
        .collect::<Result<_, _>>()?;
    let (settings, format) = match request.format {
        Some(format) => (BTreeMap::new(), format),
        None => {
            let mut settings = Endpoint::shape();
            // A [`EngineQueryReply`] has a field for cut results, so a result over the limit is cut.
            settings.insert("result_overflow_mode".into(), "break".into());
            (settings, FORMAT.into())
        }
    };
    Ok(Query {
        profile,
        sql: request.sql,
        params,
        settings,
        format,
        query_id: None,
        only_reads: true,
    })
}

/// Parses a result in [`FORMAT`] and returns it as a reply.
fn read_answer(max_rows: u64, output: &Output) -> Result<EngineQueryReply, Error> {
    let statement = Statement::default().max_rows(max_rows);
    let answer = Answer::read(&statement, StatusCode::OK, &HeaderMap::new(), &output.bytes)
        .map_err(|error| match error {
            ReplyError::TooManyValues { .. } => {
                Exception::of(code::TOO_MANY_ROWS_OR_BYTES, error.to_string())
            }
            error => Exception::of(code::STD_EXCEPTION, error.to_string()),
        })?
        .for_doubles();
    Ok(EngineQueryReply {
        columns: answer.columns,
        rows: answer.rows,
        truncated: answer.truncated || output.truncated.is_some(),
        stats: Stats {
            rows_read: output.rows_read,
            bytes_read: output.bytes_read,
            store_requests: output.store_requests,
            lake_age_ms: output
                .lake_age
                .map(|age| u64::try_from(age.as_millis()).unwrap_or(u64::MAX)),
        },
        elapsed_ms: 0.0,
    })
}

/// Returns an error as JSON.
pub fn error_reply(error: &Error, status: StatusCode) -> Response<Body> {
    let Exception { code, name, message } = error.exception();
    let mut response = (status, Json(EngineQueryError { code, name, message })).into_response();
    if let Some(after) = error.retry_after() {
        response
            .headers_mut()
            .insert(axum::http::header::RETRY_AFTER, after.as_secs().into());
    }
    response
}
