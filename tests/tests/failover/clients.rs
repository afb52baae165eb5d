use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::Result;
use lakefront_tests::Worker;
use serde_json::Value;
use tokio::task::JoinSet;
use tokio::time::Instant;

/// Clients that each ask the same question again and again, as soon as they have an answer.
pub struct Clients {
    stop: Arc<AtomicBool>,
    tasks: JoinSet<Result<Vec<Seen>>>,
}

/// What one client saw of one request.
#[derive(Debug)]
pub struct Seen {
    /// When the reply was there.
    pub at: Instant,
    /// How long it took.
    pub took: Duration,
    /// The reply's HTTP status.
    pub status: u16,
    /// Its body.
    pub value: Value,
}

impl Clients {
    /// Starts so many.
    pub fn start(worker: &Arc<Worker>, question: &Value, clients: usize) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let mut tasks = JoinSet::new();
        for _ in 0..clients {
            let (worker, question, stop) = (Arc::clone(worker), question.clone(), Arc::clone(&stop));
            tasks.spawn(async move {
                let mut seen = Vec::new();
                while !stop.load(Ordering::Relaxed) {
                    let asked = Instant::now();
                    let (status, value) = worker.post("/query", &question).await?;
                    seen.push(Seen {
                        at: Instant::now(),
                        took: asked.elapsed(),
                        status: status.as_u16(),
                        value,
                    });
                }
                Ok(seen)
            });
        }
        Self { stop, tasks }
    }

    /// Lets each end with the answer it waits for.
    ///
    /// # Errors
    /// When the Worker itself did not answer one.
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

/// What all clients saw, in the order of the replies.
pub struct Report {
    /// Each request.
    pub seen: Vec<Seen>,
}

impl Report {
    /// Those that were not answered.
    pub fn errors(&self) -> Vec<&Seen> {
        self.seen.iter().filter(|one| one.status != 200).collect()
    }

    /// The slowest.
    pub fn slowest(&self) -> Duration {
        self.seen.iter().map(|one| one.took).max().unwrap_or_default()
    }

    /// The reasons in the order in which they first came up.
    pub fn reasons(&self) -> Vec<&str> {
        let mut reasons: Vec<&str> = Vec::new();
        for reason in self.seen.iter().filter_map(|one| one.value["reason"].as_str()) {
            if !reasons.contains(&reason) {
                reasons.push(reason);
            }
        }
        reasons
    }

    /// The same as a set: who fails over waits for it, who asks a moment later is answered sooner.
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
