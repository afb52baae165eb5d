//! Once a day, files that killed writers left in the lake are deleted.

use std::time::Duration;

use lakefront_lake::Lake;
use tokio::task::JoinHandle;

const INTERVAL: Duration = Duration::from_secs(24 * 3600);

/// The task that sweeps; it ends when this is dropped.
pub struct Sweeper(JoinHandle<()>);

impl Sweeper {
    /// Sweeps now and every day. Must be called on a runtime.
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
            // Nothing depends on it: the next day tries again.
            tracing::warn!(table = table.name, %error, "files that were never committed stay on disk");
        }
    }
}
