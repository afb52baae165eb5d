//! Expires snapshots, and deletes the files that only they reached.

use iceberg::spec::TableMetadata;

use crate::catalog::CommitOutcome;
use crate::commit::{ATTEMPTS, backoff};
use crate::error::{Error, Result};
use crate::lake::Lake;
use crate::retention::{Eagerness, Retention};
use crate::table::OpenTable;
use crate::{unreachable_files, version_hint};

/// The result of [`Lake::expire`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Expired {
    /// Number of expired snapshots.
    pub snapshots: usize,
    /// Number of deleted files: data files, manifests, manifest lists.
    pub files: usize,
}

impl Lake {
    /// Expires the table's snapshots that are due, and deletes the files that only they reached.
    ///
    /// Commits do the same in batches. This method is for tables without commits for a while, and for tests.
    ///
    /// # Errors
    /// The same as of [`Lake::append`]. A file that could not be deleted is no error: it is logged and stays.
    pub async fn expire(&self, table: &str) -> Result<Expired> {
        let table = self.table(table)?;
        let name = table.definition.name;
        let mut cached = table.committed.lock().await;
        for attempt in 0..ATTEMPTS {
            let base = self.catalog.commit_base(name, cached.take()).await?;
            let plan = Retention::plan(
                &base.metadata,
                &self.config,
                (self.config.now_ms)(),
                Eagerness::All,
            )?;
            if plan.is_empty() {
                *cached = Some(base);
                return Ok(Expired::default());
            }
            let builder = base.metadata.clone().into_builder(Some(base.location.clone()));
            let result = plan.apply(builder)?.build()?;
            if let CommitOutcome::Committed(after) = self.catalog.commit(name, &base, result).await? {
                version_hint::publish_commit(&self.catalog, table).await;
                let files = self
                    .delete_unreachable_files(table, &base.metadata, &after.metadata)
                    .await;
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

    /// Deletes the files that no snapshot reaches after a commit, and returns their number. Errors are only logged,
    /// since the commit succeeded.
    pub(crate) async fn delete_unreachable_files(
        &self,
        table: &OpenTable,
        before: &TableMetadata,
        after: &TableMetadata,
    ) -> usize {
        let unreachable = match unreachable_files::find(table, before, after).await {
            Ok(unreachable) => unreachable,
            Err(error) => {
                tracing::warn!(table = table.definition.name, %error, "files of expired snapshots stay on disk");
                return 0;
            }
        };
        let count = unreachable.len();
        table.storage.delete(unreachable.into_iter().collect()).await;
        count
    }
}
