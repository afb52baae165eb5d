//! The catalog, which alone says which state of a table is committed: SQLite or a REST server.

use iceberg::spec::TableMetadataBuildResult;
use lakefront_lake_catalog::RestCatalog;

use crate::committed_table::{CommitOutcome, CommittedTable};
use crate::error::{Error, Result};
use crate::rest;
use crate::sql_catalog::SqlCatalog;

/// The catalog of one lake.
#[derive(Clone, Debug)]
pub(crate) enum Catalog {
    /// A SQLite file beside the tables' folders.
    Sql(SqlCatalog),
    /// A server that speaks the REST protocol.
    Rest(RestCatalog),
}

impl Catalog {
    /// Returns true if the catalog has other branches or tags, whose tables may name files that this one does not.
    pub(crate) async fn has_other_references(&self) -> Result<bool> {
        match self {
            Self::Sql(_) => Ok(false),
            Self::Rest(catalog) => Ok(catalog.has_other_references().await?),
        }
    }

    /// Returns the committed state, or `None` if there is no such table. If `cached` is still committed, returns it
    /// without another read.
    pub(crate) async fn committed(
        &self,
        table: &str,
        cached: Option<CommittedTable>,
    ) -> Result<Option<CommittedTable>> {
        match self {
            Self::Sql(catalog) => catalog.committed(table, cached).await,
            Self::Rest(catalog) => rest::committed(catalog, table, cached).await,
        }
    }

    /// Returns a state to commit on: the committed one, or with a REST catalog one that was committed recently.
    ///
    /// A swap based on an old state fails with a conflict. Most cached states are current, so using one saves a read
    /// from a REST catalog.
    pub(crate) async fn commit_base(
        &self,
        table: &str,
        cached: Option<CommittedTable>,
    ) -> Result<CommittedTable> {
        let committed = match (self, cached) {
            (Self::Rest(_), Some(cached)) => Some(cached),
            (_, cached) => self.committed(table, cached).await?,
        };
        committed.ok_or_else(|| Error::UnknownTable(table.to_owned()))
    }

    /// Swaps the new state in if `base` is still the committed one.
    ///
    /// # Errors
    /// When the catalog refused the commit or could not be reached. Nothing was committed then.
    pub(crate) async fn commit(
        &self,
        table: &str,
        base: &CommittedTable,
        new: TableMetadataBuildResult,
    ) -> Result<CommitOutcome> {
        match self {
            Self::Sql(catalog) => catalog.commit(table, base, new).await,
            Self::Rest(catalog) => rest::commit(catalog, table, base, new.changes).await,
        }
    }
}
