//! What the container serves: `POST /query`, the ClickHouse HTTP interface, `/health`, `/metrics`.

mod auth;
mod blocks;
mod body;
mod clickhouse;
mod counters;
mod health;
mod intake;
mod kill;
mod metrics;
mod query;
mod reply;

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};
use tower_http::compression::CompressionLayer;
use tower_http::decompression::RequestDecompressionLayer;

pub use auth::{Door, Secret};

use crate::engine::Engine;
use counters::Counters;

/// The longest statement with its request, after decompression. ClickHouse reads statements up to 256 kB.
const MAX_BODY: usize = 1 << 20;

/// What the handlers share.
#[derive(Clone)]
pub struct Shared {
    engine: Arc<Engine>,
    door: Door,
    counters: Arc<Counters>,
}

/// Every path of the container.
pub fn router(engine: Arc<Engine>, door: Door) -> Router {
    let shared = Shared {
        engine,
        door,
        counters: Arc::default(),
    };
    Router::new()
        .route("/query", post(query::run))
        .route("/ping", get(ok))
        .route("/replicas_status", get(ok))
        .route("/health", get(health::show))
        .route("/metrics", get(metrics::show))
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .layer(RequestDecompressionLayer::new())
        .merge(
            // LZ4 is unpacked by the handler.
            Router::new()
                .route("/", get(clickhouse::run).post(clickhouse::run))
                .layer(RequestDecompressionLayer::new().pass_through_unaccepted(true)),
        )
        .layer(CompressionLayer::new().compress_when(reply::Compressible))
        .with_state(shared)
}

/// What ClickHouse answers to those who ask whether it is there.
async fn ok() -> &'static str {
    "Ok.\n"
}
