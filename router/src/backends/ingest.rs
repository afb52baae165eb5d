//! The health of ingest, for the Operations page and for watching.

use std::time::Duration;

use http::{Request, header};
use lakefront_api::IngestHealth;
use secrecy::ExposeSecret as _;
use worker::Env;

use super::failure::EngineFailure;
use super::fetch;
use crate::config::{Config, Location};

/// The time limit.
const LIMIT: Duration = Duration::from_secs(3);

/// Returns the health of ingest, or `None` if `INGEST_URL` is not set.
pub async fn health(env: &Env, config: &Config) -> Option<Result<IngestHealth, EngineFailure>> {
    let ingest = config.ingest.as_ref()?;
    let health = async {
        let broken = |error: String| EngineFailure::Unreachable(error);
        let url = ingest.join("health").map_err(|error| broken(error.to_string()))?;
        let mut request = Request::get(url.as_str());
        if let Some(key) = &config.ingest_key {
            request = request.header(header::AUTHORIZATION, format!("Bearer {}", key.expose_secret()));
        }
        let request = request
            .body(String::new())
            .map_err(|error| broken(error.to_string()))?;
        let location = Location::Url(ingest.clone());
        let reply = fetch::send(&location, env, request, LIMIT).await?;
        // A reply with status 503 has the same body, which says what is full.
        serde_json::from_slice(&reply.body).map_err(|error| {
            broken(format!(
                "/health answered {}, not the expected document: {error}",
                reply.status
            ))
        })
    };
    Some(health.await)
}
