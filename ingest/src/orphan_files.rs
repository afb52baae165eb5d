//! The daily task that deletes files which killed writers left in the lake.

use std::{collections::BTreeMap, time::Duration};

use lakefront_lake::Lake;
use tokio::{sync::watch, task::JoinSet};

/// The number of files that the last search found in each table, by the table's name.
pub type Found = BTreeMap<&'static str, u64>;

const INTERVAL: Duration = Duration::from_secs(24 * 3600);

/// Adds the task to `tasks`. It deletes orphan files now and every 24 hours.
///
/// Returns the numbers of files, which change with each run.
///
/// # Panics
/// Panics if there is no Tokio runtime.
pub fn start(tasks: &mut JoinSet<()>, lake: Lake) -> watch::Receiver<Found> {
    let (sender, found) = watch::channel(Found::new());
    tasks.spawn(async move {
        let mut days = tokio::time::interval(INTERVAL);
        loop {
            days.tick().await;
            remove_orphan_files(&lake, &sender).await;
        }
    });
    found
}

async fn remove_orphan_files(lake: &Lake, found: &watch::Sender<Found>) {
    for table in lakefront_otel::tables() {
        match lake.remove_orphan_files(table.name).await {
            Ok(files) => found.send_modify(|found| {
                found.insert(table.name, files as u64);
            }),
            // Nothing depends on the removal, and the next day repeats it.
            Err(error) => {
                tracing::warn!(table = table.name, %error, "files that were never committed stay on disk");
            }
        }
    }
}
