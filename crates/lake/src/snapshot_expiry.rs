//! Expires snapshots, and deletes the files that only they reached.

use crate::commit::{ATTEMPTS, backoff, change_metadata};
use crate::committed_table::CommitOutcome;
use crate::error::{Error, Result};
use crate::retention::{Eagerness, Retention};
use crate::table::OpenTable;
use crate::{unreachable_files, version_hint};

/// The result of [`Lake::expire`](crate::Lake::expire).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Expired {
    /// Number of expired snapshots.
    pub snapshots: usize,
    /// Number of deleted files: data files, manifests, manifest lists.
    pub files: usize,
}

/// Expires the snapshots that are due; see [`Lake::expire`](crate::Lake::expire).
pub(crate) async fn expire(table: &OpenTable) -> Result<Expired> {
    let name = table.definition.name;
    let mut cached = table.committed.lock().await;
    for attempt in 0..ATTEMPTS {
        let base = table.catalog.commit_base(name, cached.take()).await?;
        let now_ms = (table.config.now_ms)();
        let plan = Retention::plan(&base.metadata, &table.config, now_ms, Eagerness::All)?;
        if plan.is_empty() {
            *cached = Some(base);
            return Ok(Expired::default());
        }
        let result = change_metadata(table, &base, |builder| plan.apply(builder)).await?;
        if let CommitOutcome::Committed(after) = table.catalog.commit(name, &base, result).await? {
            version_hint::publish_commit(table).await;
            let files = unreachable_files::delete(table, &base.metadata, &after.metadata).await;
            *cached = Some(*after);
            return Ok(Expired {
                snapshots: plan.expire.len(),
                files,
            });
        }
        tokio::time::sleep(backoff(attempt)).await;
    }
    Err(Error::Conflict {
        table: name.to_owned(),
        attempts: ATTEMPTS,
    })
}
