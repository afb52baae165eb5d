//! What holds the statements of a lease together, and those of others off.

use std::sync::atomic::{AtomicU64, Ordering};

use super::{Target, literal};
use crate::error::{Result, TargetError};

/// The beginning of the ids of all statements that are sent under a lease.
const IDS: &str = "lakefront-sync-";

/// The text by which a statement reports that its lease is gone.
pub(super) const LOST: &str = "the lease was taken over";

/// A lease, as statements need it.
#[derive(Debug)]
pub struct Fence {
    /// A condition in SQL; a statement fails where it does not hold.
    condition: String,
    /// The same as a statement that returns 1 or 0.
    look: String,
    /// The beginning of its statements' ids.
    ids: String,
    statements: AtomicU64,
}

impl Fence {
    /// The fence of the lease that is that table.
    pub fn new(table: String, number: u64, holder: &str) -> Self {
        let look = format!(
            "SELECT count() FROM system.tables WHERE database = 'otel' AND name = {} AND comment = {}",
            literal(&table),
            literal(holder)
        );
        // A ClickHouse that was emptied counts from 1 again.
        let unique: String = holder.chars().filter(char::is_ascii_alphanumeric).collect();
        let unique = &unique[unique.len().saturating_sub(16)..];
        Self {
            condition: format!("NOT throwIf(({look}) = 0, '{LOST}')"),
            look,
            ids: format!("{IDS}{number}-{unique}-"),
            statements: AtomicU64::new(0),
        }
    }

    /// The condition that an `INSERT … SELECT` ends with.
    pub(super) fn condition(&self) -> &str {
        &self.condition
    }

    /// The statement that looks whether the lease is there.
    pub(super) fn look(&self) -> &str {
        &self.look
    }

    /// The id of the next statement.
    pub(super) fn next_id(&self) -> String {
        let number = self.statements.fetch_add(1, Ordering::Relaxed);
        format!("{}{number}", self.ids)
    }

    /// Ends what other holders left running, and waits until it has ended: an insert goes on when its sender is killed.
    ///
    /// # Errors
    /// What the server says. One that does not let its user kill is left as it is.
    pub async fn kill_others(&self, target: &Target) -> Result<()> {
        let sql = format!(
            "KILL QUERY WHERE startsWith(query_id, '{IDS}') AND NOT startsWith(query_id, '{}') SYNC",
            self.ids
        );
        match target.scratch("end statements of earlier holders", &sql).await {
            Err(error) if is_denied(&error) => {
                tracing::warn!(%error, "statements of a killed sync may still run: let sync's user read system.processes");
                Ok(())
            }
            done => Ok(done?),
        }
    }
}

fn is_denied(error: &TargetError) -> bool {
    error.exception().is_some_and(|exception| exception.code == 497)
}

#[cfg(test)]
mod tests {
    use super::Fence;

    #[test]
    fn ids_of_one_lease_begin_alike_and_differ_from_others() {
        let (one, other) = (
            Fence::new("lease_1".into(), 1, "a, process 7"),
            Fence::new("lease_11".into(), 11, "a, process 7"),
        );
        let (first, second) = (one.next_id(), one.next_id());
        assert_ne!(first, second);
        assert!(first.starts_with(&one.ids) && second.starts_with(&one.ids));
        assert!(!other.next_id().starts_with(&one.ids));
    }
}
