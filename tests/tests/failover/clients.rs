//! Concurrent clients that repeat one query, and a report of the replies they got.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::Result;
use lakefront_tests::Worker;
use reqwest::Method;
use reqwest::header::CACHE_CONTROL;
use serde_json::Value;
use tokio::task::JoinSet;
use tokio::time::Instant;

/// Clients that each repeat the same query, as soon as the previous reply has arrived.
pub struct Clients {
    stop: Arc<AtomicBool>,
    tasks: JoinSet<Result<Vec<Seen>>>,
}

/// A reply, as one client saw it.
#[derive(Debug)]
pub struct Seen {
    /// Time at which the reply had arrived.
    pub at: Instant,
    /// Time from the request to the reply.
    pub took: Duration,
    /// The HTTP status.
    pub status: u16,
    /// The body.
    pub value: Value,
}

impl Clients {
    /// Starts `clients` clients that take no kept answer.
    pub fn start(worker: &Arc<Worker>, question: &Value, clients: usize) -> Self {
        Self::with(worker, question, clients, "no-cache")
    }

    /// Starts `clients` clients that take a kept answer, as those of the dashboard do.
    pub fn viewers(worker: &Arc<Worker>, question: &Value, clients: usize) -> Self {
        Self::with(worker, question, clients, "max-age=0")
    }

    fn with(worker: &Arc<Worker>, question: &Value, clients: usize, control: &'static str) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let mut tasks = JoinSet::new();
        for _ in 0..clients {
            let (worker, question, stop) = (Arc::clone(worker), question.clone(), Arc::clone(&stop));
            tasks.spawn(async move {
                let mut seen = Vec::new();
                while !stop.load(Ordering::Relaxed) {
                    let asked = Instant::now();
                    let request = worker.request(Method::POST, "/query").json(&question);
                    let reply = request.header(CACHE_CONTROL, control).send().await?;
                    seen.push(Seen {
                        status: reply.status().as_u16(),
                        value: reply.json().await?,
                        took: asked.elapsed(),
                        at: Instant::now(),
                    });
                }
                Ok(seen)
            });
        }
        Self { stop, tasks }
    }

    /// Stops the clients. Each first waits for the reply to its last request.
    ///
    /// # Errors
    /// When the Worker itself did not answer a request.
    pub async fn stop(mut self) -> Result<Report> {
        self.stop.store(true, Ordering::Relaxed);
        let mut seen = Vec::new();
        while let Some(ended) = self.tasks.join_next().await {
            seen.extend(ended??);
        }
        seen.sort_by_key(|one| one.at);
        Ok(Report { seen })
    }
}

/// The replies that all clients got, in the order of arrival.
pub struct Report {
    /// The replies.
    pub seen: Vec<Seen>,
}

impl Report {
    /// Returns the replies with another status than 200.
    pub fn errors(&self) -> Vec<&Seen> {
        self.seen.iter().filter(|one| one.status != 200).collect()
    }

    /// Returns the longest time of a request.
    pub fn slowest(&self) -> Duration {
        self.seen.iter().map(|one| one.took).max().unwrap_or_default()
    }

    /// Returns the reasons, in the order of their first occurrence.
    pub fn reasons(&self) -> Vec<&str> {
        let mut reasons: Vec<&str> = Vec::new();
        for reason in self.seen.iter().filter_map(|one| one.value["reason"].as_str()) {
            if !reasons.contains(&reason) {
                reasons.push(reason);
            }
        }
        reasons
    }

    /// Returns the reasons as a set. Their order is not fixed: a request that fails over takes longer than one that
    /// begins a moment later.
    pub fn reasons_in_any_order(&self) -> BTreeSet<&str> {
        self.reasons().into_iter().collect()
    }

    /// Prints the figures.
    pub fn print(&self, what: &str) {
        println!(
            "{what}: {} requests, {} errors, slowest {} ms, reasons {}",
            self.seen.len(),
            self.errors().len(),
            self.slowest().as_millis(),
            self.reasons().join(" → "),
        );
    }
}
