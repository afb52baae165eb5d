//! The catalog: which state of a table is the committed one. Nothing else says that.

use iceberg::spec::{TableMetadata, TableMetadataBuildResult};

use crate::error::{Error, Result};
use crate::rest::RestCatalog;
use crate::sql_catalog::SqlCatalog;

/// The namespace of all tables.
pub(crate) const NAMESPACE: &str = "otel";

/// A committed state of a table.
#[derive(Clone, Debug)]
pub(crate) struct Head {
    /// The metadata file.
    pub location: String,
    /// What it says.
    pub metadata: TableMetadata,
    /// What a REST catalog calls this state, if it does: it need not send again what is known.
    pub etag: Option<String>,
}

/// What became of a commit.
pub(crate) enum Swap {
    /// It is the table's state now.
    Done(Box<Head>),
    /// Another commit was first; nothing of this one is visible.
    Lost,
    /// The catalog failed while it swapped: it may have happened.
    Unknown(Error),
}

/// The catalog of one lake.
#[derive(Clone, Debug)]
pub(crate) enum Catalog {
    /// In SQLite, beside the tables' folders.
    Sql(SqlCatalog),
    /// A server that speaks the REST protocol.
    Rest(RestCatalog),
}

impl Catalog {
    /// The committed state; `known` spares reading it again when it is still that one.
    pub(crate) async fn head(&self, table: &str, known: Option<Head>) -> Result<Option<Head>> {
        match self {
            Self::Sql(catalog) => catalog.head(table, known).await,
            Self::Rest(catalog) => catalog.head(table, known).await,
        }
    }

    /// A state to commit on: the committed one, or one that was not long ago.
    ///
    /// A swap on an old one is lost. A REST catalog is therefore not asked for what is known: most commits save a request.
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
    /// Then nothing happened.
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
