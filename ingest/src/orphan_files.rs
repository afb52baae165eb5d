//! The daily task that deletes files which killed writers left in the lake.

use std::time::Duration;

use lakefront_lake::Lake;

const INTERVAL: Duration = Duration::from_secs(24 * 3600);

/// Deletes orphan files now and every 24 hours. Never returns.
pub async fn remove_daily(lake: Lake) {
    let mut days = tokio::time::interval(INTERVAL);
    loop {
        days.tick().await;
        remove_orphan_files(&lake).await;
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
