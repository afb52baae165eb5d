//! The tables and columns that a ClickHouse has.

use std::collections::{BTreeMap, BTreeSet};

use super::Target;
use crate::error::Result;

/// A column that accepts inserted values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    pub name: String,
    pub r#type: String,
}

/// The tables of the database `otel`.
#[derive(Clone, Debug, Default)]
pub struct Tables {
    /// The insertable columns by table, in order.
    columns: BTreeMap<String, Vec<Column>>,
    /// The names of all tables and materialized views, without leases.
    names: BTreeSet<String>,
}

impl Target {
    /// Reads the tables and their columns.
    pub async fn tables(&self) -> Result<Tables> {
        let names = self.table_names().await?;
        let rows: Vec<(String, String, String)> = self
            .fetch_all(
                "list the columns",
                "SELECT table, name, type FROM system.columns \
                 WHERE database = 'otel' AND default_kind IN ('', 'DEFAULT') ORDER BY table, position",
            )
            .await?;
        let mut columns: BTreeMap<String, Vec<Column>> = BTreeMap::new();
        for (table, name, r#type) in rows {
            columns.entry(table).or_default().push(Column { name, r#type });
        }
        Ok(Tables { columns, names })
    }

    /// Returns true if the names of the tables are still those of `cached`.
    pub async fn has_same_tables(&self, cached: &Tables) -> Result<bool> {
        Ok(self.table_names().await? == cached.names)
    }

    /// Returns the names of all tables except leases, which syncs create and drop.
    async fn table_names(&self) -> Result<BTreeSet<String>> {
        let sql = "SELECT name FROM system.tables WHERE database = 'otel' AND NOT startsWith(name, 'lease_')";
        let names: Vec<String> = self.fetch_all("list the tables", sql).await?;
        Ok(names.into_iter().collect())
    }
}

impl Tables {
    /// Returns the columns of a table that accept inserted values.
    pub fn columns(&self, table: &str) -> &[Column] {
        self.columns.get(table).map_or(&[], Vec::as_slice)
    }

    /// Returns true if the table exists.
    pub fn has(&self, table: &str) -> bool {
        self.names.contains(table)
    }

    /// Returns the names of all tables that begin with `prefix`.
    pub fn with_prefix<'a>(&'a self, prefix: &'a str) -> impl Iterator<Item = &'a str> {
        let from = self.names.range(prefix.to_owned()..).map(String::as_str);
        from.take_while(move |name| name.starts_with(prefix))
    }
}
