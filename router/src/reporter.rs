//! Sends the router's decisions to ingest in batches, after the answers.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::{Request, header};
use url::Url;
use worker::{Context, Delay, Env, console_error};

use crate::config::{Location, Secret};
use crate::decision::{Decision, Outbox, export};
use crate::fetch;

/// The time for which decisions are collected into a batch.
const BATCH: Duration = Duration::from_secs(1);
/// The time limit for ingest to accept a batch.
const LIMIT: Duration = Duration::from_secs(5);

/// The sender of decisions. Each isolate has one.
#[derive(Debug)]
pub struct Reporter {
    ingest: Url,
    key: Option<Secret>,
    outbox: Mutex<Outbox>,
}

impl Reporter {
    /// Creates a sender to an ingest, with its key if it requires one.
    pub fn new(ingest: Url, key: Option<Secret>) -> Self {
        Self {
            ingest,
            key,
            outbox: Mutex::default(),
        }
    }

    /// Adds a decision to the queue and returns at once. A background task sends the queue.
    pub fn tell(self: Arc<Self>, decision: Decision, env: &Env, context: &Context) {
        if self.outbox().push(decision) {
            let env = env.clone();
            context.wait_until(async move {
                Delay::from(BATCH).await;
                self.send(&env).await;
            });
        }
    }

    /// Sends the queue directly to ingest. Requests through this Worker would be reported themselves.
    async fn send(&self, env: &Env) {
        let decisions = self.outbox().take();
        let Ok(target) = self.ingest.join("v1/logs") else {
            return;
        };
        let mut request = Request::post(target.as_str()).header(header::CONTENT_TYPE, "application/json");
        if let Some(key) = &self.key {
            request = request.header(header::AUTHORIZATION, format!("Bearer {}", key.expose()));
        }
        let Ok(request) = request.body(export(&decisions)) else {
            return;
        };
        let location = Location::Url(self.ingest.clone());
        match fetch::send(&location, env, request, LIMIT).await {
            Ok(reply) if reply.status.is_success() => {}
            Ok(reply) => console_error!("ingest refused what the router tells: {}", reply.status),
            Err(failure) => console_error!("ingest does not take what the router tells: {failure}"),
        }
    }

    fn outbox(&self) -> std::sync::MutexGuard<'_, Outbox> {
        self.outbox.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
