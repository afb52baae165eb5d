//! Expiring snapshots, and deleting the files that only they reached.

use iceberg::spec::TableMetadata;

use crate::catalog::Swap;
use crate::commit::{ATTEMPTS, backoff};
use crate::error::{Error, Result};
use crate::lake::Lake;
use crate::retention::{Eagerness, Retention};
use crate::table::OpenTable;
use crate::{garbage, version_hint};

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
        let mut known = table.head.lock().await;
        for attempt in 0..ATTEMPTS {
            let head = self.catalog.base(name, known.take()).await?;
            let plan = Retention::plan(
                &head.metadata,
                &self.config,
                (self.config.now_ms)(),
                Eagerness::All,
            )?;
            if plan.is_empty() {
                *known = Some(head);
                return Ok(Expired::default());
            }
            let builder = head.metadata.clone().into_builder(Some(head.location.clone()));
            let result = plan.apply(builder)?.build()?;
            if let Swap::Done(after) = self.catalog.commit(name, &head, result).await? {
                version_hint::publish_commit(&self.catalog, table).await;
                let files = self.delete_garbage(table, &head.metadata, &after.metadata).await;
                *known = Some(*after);
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
    pub(crate) async fn delete_garbage(
        &self,
        table: &OpenTable,
        before: &TableMetadata,
        after: &TableMetadata,
    ) -> usize {
        let garbage = match garbage::find(table, before, after).await {
            Ok(garbage) => garbage,
            Err(error) => {
                tracing::warn!(table = table.definition.name, %error, "files of expired snapshots stay on disk");
                return 0;
            }
        };
        let count = garbage.len();
        table.storage.delete(garbage.into_iter().collect()).await;
        count
    }
}
