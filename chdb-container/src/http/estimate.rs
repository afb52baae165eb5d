//! The handlers of `POST /estimate`, what a statement would read, and of `GET /queries/{id}`, how far a statement is.

use axum::Json;
use axum::body::Body;
use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Response, StatusCode, Uri};
use axum::response::IntoResponse;
use lakefront_api::EngineQueryRequest;

use super::query::{error_reply, query};
use super::{AppState, reply};
use crate::Error;

/// Handles `POST /estimate`. The body is that of `POST /query`, without a format.
pub async fn estimate(
    State(state): State<AppState>,
    uri: Uri,
    headers: HeaderMap,
    body: Result<Json<EngineQueryRequest>, JsonRejection>,
) -> Response<Body> {
    let profile = match state.authenticator.authenticate_by_headers(&uri, &headers) {
        Ok(profile) => profile,
        Err(error) => return error_reply(&error, reply::status(&error)),
    };
    let request = match body {
        Ok(Json(request)) => request,
        Err(rejection) => return error_reply(&Error::BadBody(rejection.body_text()), rejection.status()),
    };
    let estimated = match query(request, profile) {
        Ok(query) => state.engine.estimate(query).await,
        Err(error) => Err(error),
    };
    match estimated {
        Ok(estimate) => Json(estimate).into_response(),
        Err(error) => error_reply(&error, reply::status(&error)),
    }
}

/// Handles `GET /queries/{id}`: returns how far the caller's own statement with this `query_id` is.
pub async fn progress(
    State(state): State<AppState>,
    Path(id): Path<String>,
    uri: Uri,
    headers: HeaderMap,
) -> Response<Body> {
    let profile = match state.authenticator.authenticate_by_headers(&uri, &headers) {
        Ok(profile) => profile,
        Err(error) => return error_reply(&error, reply::status(&error)),
    };
    let engine = state.engine.clone();
    let found = tokio::task::spawn_blocking(move || engine.progress(&profile, &id)).await;
    match found {
        Ok(Ok(progress)) => Json(progress).into_response(),
        Ok(Err(error)) => error_reply(&error, reply::status(&error)),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}
