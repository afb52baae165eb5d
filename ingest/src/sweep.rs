//! The daily task that deletes files which killed writers left in the lake.

use std::time::Duration;

use lakefront_lake::Lake;
use tokio::task::JoinHandle;

const INTERVAL: Duration = Duration::from_secs(24 * 3600);

/// The task that deletes orphan files. Dropping the value ends the task.
pub struct Sweeper(JoinHandle<()>);

impl Sweeper {
    /// Starts the task, which sweeps now and every 24 hours.
    ///
    /// # Panics
    /// Panics if there is no Tokio runtime.
    pub fn start(lake: Lake) -> Self {
        Self(tokio::spawn(async move {
            let mut days = tokio::time::interval(INTERVAL);
            loop {
                days.tick().await;
                sweep(&lake).await;
            }
        }))
    }
}

impl Drop for Sweeper {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn sweep(lake: &Lake) {
    for table in lakefront_otel::tables() {
        if let Err(error) = lake.sweep(table.name).await {
            // No other part depends on the sweep, and the next day repeats it.
            tracing::warn!(table = table.name, %error, "files that were never committed stay on disk");
        }
    }
}
