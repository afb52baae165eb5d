//! The refusal of requests while the process ends, so that the next instance takes them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;

use super::reply;
use crate::Error;

/// A flag that is set once the process is told to end. Clones share the flag.
#[derive(Debug, Clone, Default)]
pub struct Draining(Arc<AtomicBool>);

impl Draining {
    /// Refuses requests from now on. Those that were let in go on.
    pub fn begin(&self) {
        self.0.store(true, Ordering::Release);
    }
}

/// Refuses a request while the process ends, with status 503 and `Retry-After`. Statements can still be stopped, and the
/// metrics read.
pub async fn refuse(
    State((draining, version)): State<(Draining, Arc<str>)>,
    request: Request,
    next: Next,
) -> Response {
    let path = request.uri().path();
    if draining.0.load(Ordering::Acquire) && !path.starts_with("/queries/") && path != "/metrics" {
        return reply::error(&Error::ShuttingDown, "", &version);
    }
    next.run(request).await
}
