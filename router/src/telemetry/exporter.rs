//! Sends the router's events to ingest in batches, after the answers.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::{Request, header};
use secrecy::{ExposeSecret as _, SecretString};
use url::Url;
use worker::{Context, Env, console_error};

use crate::backends::fetch;
use crate::config::Location;
use crate::telemetry::event::{ExportQueue, QueryEvent, export};
use crate::timer::Timer;

/// The time for which events are collected into a batch.
const BATCH_INTERVAL: Duration = Duration::from_secs(1);
/// The time limit for ingest to accept a batch.
const LIMIT: Duration = Duration::from_secs(5);

/// The sender of events. Each isolate has one.
#[derive(Debug)]
pub struct Exporter {
    ingest: Url,
    key: Option<SecretString>,
    queue: Mutex<ExportQueue>,
}

impl Exporter {
    /// Creates a sender to an ingest, with its key if it requires one.
    pub fn new(ingest: Url, key: Option<SecretString>) -> Self {
        Self {
            ingest,
            key,
            queue: Mutex::default(),
        }
    }

    /// Adds an event to the queue and returns at once. A background task sends the queue.
    pub fn record(self: Arc<Self>, event: QueryEvent, env: &Env, context: &Context) {
        if self.queue().push(event) {
            let env = env.clone();
            context.wait_until(async move {
                Timer::after(BATCH_INTERVAL).await;
                self.send(&env).await;
            });
        }
    }

    /// Sends the queue directly to ingest. Requests through this Worker would be reported themselves.
    async fn send(&self, env: &Env) {
        let events = self.queue().take();
        if let Err(failure) = post(env, &self.ingest, self.key.as_ref(), export(&events)).await {
            console_error!("the router's own events: {failure}");
        }
    }

    fn queue(&self) -> std::sync::MutexGuard<'_, ExportQueue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Sends the body of `POST /v1/logs` to ingest.
///
/// # Errors
/// Returns the reason if ingest does not take it.
pub async fn post(env: &Env, ingest: &Url, key: Option<&SecretString>, body: String) -> Result<(), String> {
    let target = ingest.join("v1/logs").map_err(|error| error.to_string())?;
    let mut request = Request::post(target.as_str()).header(header::CONTENT_TYPE, "application/json");
    if let Some(key) = key {
        request = request.header(header::AUTHORIZATION, format!("Bearer {}", key.expose_secret()));
    }
    let request = request.body(body).map_err(|error| error.to_string())?;
    match fetch::send(&Location::Url(ingest.clone()), env, request, LIMIT).await {
        Ok(reply) if reply.status.is_success() => Ok(()),
        Ok(reply) => Err(format!("ingest answers with status {}", reply.status)),
        Err(failure) => Err(format!("ingest does not answer: {failure}")),
    }
}
