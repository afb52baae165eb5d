//! The server of OTLP/HTTP and OTLP/gRPC: one module per resource.

mod auth;
mod batches;
mod body;
mod body_bytes;
mod budgets;
mod cors;
mod day_key;
mod error;
mod export;
mod grpc;
mod health;
mod losses;
mod metrics;
mod refusals;
mod serve;
mod state;
mod tail;

use axum::{
    Router,
    http::{HeaderMap, Method, Uri},
    middleware,
    routing::{get, post},
};
use lakefront_otel::decode::Signal;

pub use batches::Batches;
pub use body_bytes::BodyBytes;
pub use budgets::Budgets;
pub use day_key::DayKey;
pub use export::append_own;
pub use losses::LastLoss;
pub use refusals::LastRefusal;
pub use serve::serve;
pub use state::AppState;

use body::Framing;
use error::ApiError;

/// Returns the router with all routes.
pub fn router(state: AppState) -> Router {
    let mut export = Router::new();
    for signal in Signal::ALL {
        for (framing, path) in [
            (Framing::Http, signal.path()),
            (Framing::Grpc, grpc::path(signal)),
        ] {
            export = export.route(
                path,
                post(move |state, client, request| export::export(framing, signal, state, client, request)),
            );
        }
    }
    export
        // The fallback precedes the layers, so that they apply to it.
        .method_not_allowed_fallback(method_not_allowed)
        .route_layer(middleware::from_fn_with_state(state.clone(), auth::require_key))
        // The CORS layer is outside the check of keys, because a preflight carries none.
        .layer(cors::layer(&state.config.server.allow_origin))
        .merge(
            Router::new()
                .route("/health", get(health::health))
                .route("/metrics", get(metrics::metrics))
                .route(grpc::HEALTH, post(health::grpc))
                .route_layer(middleware::from_fn_with_state(
                    state.clone(),
                    auth::require_own_host,
                )),
        )
        // It checks for itself who reads.
        .route(lakefront_tail::PATH, get(tail::tail))
        .fallback(not_found)
        .layer(middleware::from_fn_with_state(state.clone(), refusals::remember))
        .layer(middleware::from_fn(grpc::answer))
        .with_state(state)
}

async fn not_found(headers: HeaderMap, uri: Uri) -> ApiError {
    let path = uri.path().to_owned();
    match grpc::is_grpc(&headers) {
        true => ApiError::NoMethod(path),
        false => ApiError::NotFound(path),
    }
}

async fn method_not_allowed(method: Method, uri: Uri) -> ApiError {
    ApiError::MethodNotAllowed(method, uri.path().to_owned())
}
