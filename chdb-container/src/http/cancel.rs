//! The handler of `/queries/{id}`: stops a statement.

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Response};

use super::{AppState, reply};

/// Handles `DELETE /queries/{id}`: stops the caller's own statements that were sent with this `query_id`, and answers when
/// they have ended.
///
/// Status 204 says that nothing runs under the id, also if nothing ever did: the statement may have ended before.
pub async fn run(
    State(state): State<AppState>,
    Path(id): Path<String>,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let stopped = match state.authenticator.authenticate_by_headers(&uri, &headers) {
        Ok(profile) => state.engine.kill(&profile, |query_id| query_id == id).await,
        Err(error) => Err(error),
    };
    match stopped {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(error) => reply::error(&error, "", state.engine.version()),
    }
}
