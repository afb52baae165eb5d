//! The daily task that deletes files which killed writers left in the lake.

use std::time::Duration;

use lakefront_lake::Lake;
use tokio::task::JoinHandle;

const INTERVAL: Duration = Duration::from_secs(24 * 3600);

/// The task that deletes orphan files. Dropping the value ends the task.
pub struct OrphanRemoval(JoinHandle<()>);

impl OrphanRemoval {
    /// Starts the task, which deletes orphan files now and every 24 hours.
    ///
    /// # Panics
    /// Panics if there is no Tokio runtime.
    pub fn start(lake: Lake) -> Self {
        Self(tokio::spawn(async move {
            let mut days = tokio::time::interval(INTERVAL);
            loop {
                days.tick().await;
                remove_orphan_files(&lake).await;
            }
        }))
    }
}

impl Drop for OrphanRemoval {
    fn drop(&mut self) {
        self.0.abort();
    }
}

async fn remove_orphan_files(lake: &Lake) {
    for table in lakefront_otel::tables() {
        if let Err(error) = lake.remove_orphan_files(table.name).await {
            // Nothing depends on the removal, and the next day repeats it.
            tracing::warn!(table = table.name, %error, "files that were never committed stay on disk");
        }
    }
}
