//! The HTTP interface of the container: `POST /query` and `/estimate`, the ClickHouse interface at `/`, `GET` and `DELETE
//! /queries/{id}`, `/health` and `/metrics`.

mod auth;
mod body;
mod cancel;
mod clickhouse;
mod counters;
mod draining;
mod estimate;
mod health;
mod insert_body;
mod kill;
mod metrics;
mod native_compression;
mod query;
mod reply;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn_with_state;
use axum::routing::{delete, get, post};
use tower_http::compression::CompressionLayer;
use tower_http::decompression::RequestDecompressionLayer;

pub use auth::Authenticator;
pub use draining::Draining;

use crate::engine::Engine;
use counters::Counters;

/// The most bytes of a statement with its request, after decompression. ClickHouse reads statements up to 256 kB.
const MAX_BODY: usize = 1 << 20;

/// The state that the handlers share.
#[derive(Clone)]
pub struct AppState {
    engine: Arc<Engine>,
    authenticator: Authenticator,
    counters: Arc<Counters>,
}

/// Returns the router with every path of the container. It refuses requests once `draining` has begun.
pub fn router(engine: Arc<Engine>, authenticator: Authenticator, draining: Draining) -> Router {
    let version: Arc<str> = engine.version().into();
    let refuses = from_fn_with_state((draining, version), draining::refuse);
    let state = AppState {
        engine,
        authenticator,
        counters: Arc::default(),
    };
    Router::new()
        .route("/query", post(query::run))
        .route("/estimate", post(estimate::estimate))
        .route("/queries/{id}", delete(cancel::run).get(estimate::progress))
        .route("/ping", get(ok))
        .route("/replicas_status", get(ok))
        .route("/health", get(health::show))
        .route("/metrics", get(metrics::show))
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .layer(RequestDecompressionLayer::new())
        .merge(
            // The layer does not know LZ4, so the handler unpacks it.
            Router::new()
                .route("/", get(clickhouse::run).post(clickhouse::run))
                .layer(RequestDecompressionLayer::new().pass_through_unaccepted(true)),
        )
        .layer(CompressionLayer::new().compress_when(reply::Compressible))
        .layer(refuses)
        .with_state(state)
}

/// Handles `/ping` and `/replicas_status`: returns the text that ClickHouse returns.
async fn ok() -> &'static str {
    "Ok.\n"
}
