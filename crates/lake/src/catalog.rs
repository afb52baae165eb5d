//! The catalog, which alone says which state of a table is committed: SQLite or a REST server.

use iceberg::spec::{TableMetadata, TableMetadataBuildResult};

use crate::error::{Error, Result};
use crate::rest::RestCatalog;
use crate::sql_catalog::SqlCatalog;

/// The namespace of all tables.
pub(crate) const NAMESPACE: &str = "otel";

/// A committed state of a table.
#[derive(Clone, Debug)]
pub(crate) struct Head {
    /// Location of the metadata file.
    pub location: String,
    /// Content of the metadata file.
    pub metadata: TableMetadata,
    /// ETag of this state, if a REST catalog sent one. With it, the catalog does not send an unchanged state again.
    pub etag: Option<String>,
}

/// The result of a swap.
pub(crate) enum Swap {
    /// The new state is committed.
    Done(Box<Head>),
    /// Another commit was first. Nothing of the new state is visible.
    Lost,
    /// The catalog failed during the swap, so the commit may have succeeded.
    Unknown(Error),
}

/// The catalog of one lake.
#[derive(Clone, Debug)]
pub(crate) enum Catalog {
    /// A SQLite file beside the tables' folders.
    Sql(SqlCatalog),
    /// A server that speaks the REST protocol.
    Rest(RestCatalog),
}

impl Catalog {
    /// Returns the committed state, or `None` if there is no such table. If `known` is still committed, returns it
    /// without another read.
    pub(crate) async fn head(&self, table: &str, known: Option<Head>) -> Result<Option<Head>> {
        match self {
            Self::Sql(catalog) => catalog.head(table, known).await,
            Self::Rest(catalog) => catalog.head(table, known).await,
        }
    }

    /// Returns a state to commit on: the committed one, or with a REST catalog one that was committed recently.
    ///
    /// A swap based on an old state is lost. A known state saves the read from a REST catalog, which most commits would
    /// do in vain.
    pub(crate) async fn base(&self, table: &str, known: Option<Head>) -> Result<Head> {
        let head = match (self, known) {
            (Self::Rest(_), Some(known)) => Some(known),
            (_, known) => self.head(table, known).await?,
        };
        head.ok_or_else(|| Error::UnknownTable(table.to_owned()))
    }

    /// Swaps the new state in if `base` is still the committed one.
    ///
    /// # Errors
    /// When the catalog refused the commit or could not be reached. Nothing was committed then.
    pub(crate) async fn commit(
        &self,
        table: &str,
        base: &Head,
        new: TableMetadataBuildResult,
    ) -> Result<Swap> {
        match self {
            Self::Sql(catalog) => catalog.commit(table, base, new).await,
            Self::Rest(catalog) => catalog.commit(table, base, new.changes).await,
        }
    }
}
