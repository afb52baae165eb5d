//! The last refused request, for `/health`: it shows the developer who sets up an SDK why nothing arrives.

use std::sync::{Arc, Mutex, PoisonError};

use axum::{
    extract::{Request, State},
    http::Method,
    middleware::Next,
    response::Response,
};
use lakefront_api::IngestRefusal;
use lakefront_otlp::Status;

use super::AppState;
use crate::time::now;

/// Longest path that is kept, in characters. The sender chooses the path, so that its length needs a limit.
const PATH_LENGTH: usize = 200;

/// The last refused request since the start.
pub type LastRefusal = Arc<Mutex<Option<IngestRefusal>>>;

/// The extension by which an error answer passes its reason to [`remember`] and to [`super::grpc::answer`].
#[derive(Clone)]
pub struct Refused {
    /// The reason's label in metrics.
    pub reason: &'static str,
    /// The `google.rpc.Code`, and the message in the answer.
    pub status: Status,
    /// Seconds to wait before a retry.
    pub retry_after: Option<u32>,
}

/// Remembers a refused POST request. The middleware reads the reason from the answer's extensions.
pub async fn remember(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let sends = request.method() == Method::POST;
    let path = request.uri().path().chars().take(PATH_LENGTH).collect();
    let response = next.run(request).await;
    if let Some(Refused { reason, status, .. }) = response.extensions().get::<Refused>()
        && sends
    {
        let refusal = IngestRefusal {
            at: now(),
            path,
            status: response.status().as_u16(),
            reason: (*reason).to_owned(),
            message: status.message.clone(),
        };
        *state.last_refusal.lock().unwrap_or_else(PoisonError::into_inner) = Some(refusal);
    }
    response
}
