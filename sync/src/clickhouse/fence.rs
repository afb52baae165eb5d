//! The fence of a lease: the check in each statement, and the query ids by which a successor kills statements of
//! earlier holders.

use std::sync::atomic::{AtomicU64, Ordering};

use lakefront_clickhouse_http::{code, literal};

use super::Target;
use crate::error::{Result, TargetError};

/// Prefix of the query ids of all statements under any lease.
const IDS: &str = "lakefront-sync-";

/// The message with which a statement reports that its lease is gone.
pub(super) const LEASE_LOST: &str = "the lease was taken over";

/// A lease, as statements check it.
#[derive(Debug)]
pub struct Fence {
    /// An SQL condition that fails the statement if the lease does not exist.
    condition: String,
    /// The same check as a statement that returns 1 or 0.
    check: String,
    /// Prefix of the query ids under this lease.
    ids: String,
    statements: AtomicU64,
}

impl Fence {
    /// Creates the fence of the lease whose table is `table`.
    pub fn new(table: String, number: u64, holder: &str) -> Self {
        let check = format!(
            "SELECT count() FROM system.tables WHERE database = 'otel' AND name = {} AND comment = {}",
            literal(&table),
            literal(holder)
        );
        // A ClickHouse that was wiped counts leases from 1 again, so that the number alone is not unique.
        let unique: String = holder.chars().filter(char::is_ascii_alphanumeric).collect();
        let unique = &unique[unique.len().saturating_sub(16)..];
        Self {
            condition: format!("NOT throwIf(({check}) = 0, '{LEASE_LOST}')"),
            check,
            ids: format!("{IDS}{number}-{unique}-"),
            statements: AtomicU64::new(0),
        }
    }

    /// Returns the condition for the end of an `INSERT … SELECT`.
    pub(super) fn condition(&self) -> &str {
        &self.condition
    }

    /// Returns the statement that checks if the lease exists.
    pub(super) fn check(&self) -> &str {
        &self.check
    }

    /// Returns the query id of the next statement.
    pub(super) fn next_id(&self) -> String {
        let number = self.statements.fetch_add(1, Ordering::Relaxed);
        format!("{}{number}", self.ids)
    }

    /// Kills the running statements of other holders, and waits until they have ended. An insert continues after its
    /// sender is killed.
    ///
    /// # Errors
    /// When ClickHouse fails. A ClickHouse that denies `KILL QUERY` causes a warning only.
    pub async fn kill_others(&self, target: &Target) -> Result<()> {
        let sql = format!(
            "KILL QUERY WHERE startsWith(query_id, '{IDS}') AND NOT startsWith(query_id, '{}') SYNC",
            self.ids
        );
        match target
            .execute_unfenced("end statements of earlier holders", &sql)
            .await
        {
            Err(error) if is_denied(&error) => {
                tracing::warn!(%error, "statements of a killed sync may still run: let sync's user read system.processes");
                Ok(())
            }
            done => Ok(done?),
        }
    }
}

fn is_denied(error: &TargetError) -> bool {
    error
        .exception()
        .is_some_and(|exception| exception.code == code::ACCESS_DENIED)
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
