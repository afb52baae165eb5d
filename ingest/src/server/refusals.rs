//! The last request that was refused, for `/health`: whoever sets up an SDK looks there why nothing arrives.

use std::sync::{Arc, Mutex, PoisonError};

use axum::{
    extract::{Request, State},
    http::Method,
    middleware::Next,
    response::Response,
};
use serde::Serialize;

use super::AppState;
use crate::pipeline::now;

/// Characters of a path that are kept: it is the sender's.
const PATH_LENGTH: usize = 200;

/// A refused request.
#[derive(Clone, Debug, Serialize)]
pub struct Refusal {
    /// When, RFC 3339.
    at: String,
    /// Where it was sent.
    path: String,
    /// HTTP status of the answer.
    status: u16,
    /// The word for the reason in metrics.
    reason: &'static str,
    /// What the sender was told.
    message: String,
}

/// The last one.
pub type LastRefusal = Arc<Mutex<Option<Refusal>>>;

/// What an answer says of the refusal it is.
#[derive(Clone)]
pub struct Refused {
    /// The word for the reason in metrics.
    pub reason: &'static str,
    /// What the sender is told.
    pub message: String,
}

/// Keeps what was answered to a refused request.
pub async fn remember(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let sends = request.method() == Method::POST;
    let path = request.uri().path().chars().take(PATH_LENGTH).collect();
    let mut response = next.run(request).await;
    if let Some(Refused { reason, message }) = response.extensions_mut().remove::<Refused>()
        && sends
    {
        let refusal = Refusal {
            at: now(),
            path,
            status: response.status().as_u16(),
            reason,
            message,
        };
        *state.last_refusal.lock().unwrap_or_else(PoisonError::into_inner) = Some(refusal);
    }
    response
}
