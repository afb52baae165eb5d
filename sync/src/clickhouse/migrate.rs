//! Migrations: the numbered statements that create and change the tables.

use std::collections::BTreeMap;

use clickhouse::Row;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Target;
use crate::error::{Error, Result};

/// A file of `clickhouse/migrations`.
#[derive(Clone, Copy, Debug)]
pub struct Migration {
    /// The number. Migrations are applied in this order, each once.
    pub version: u32,
    /// The rest of the file's name.
    pub name: &'static str,
    /// SHA-256 of the text, in hex.
    pub sha256: &'static str,
    /// The text: SQL statements.
    pub sql: &'static str,
}

/// All migrations, in order.
pub const MIGRATIONS: &[Migration] = include!(concat!(env!("OUT_DIR"), "/migrations.rs"));

#[derive(Row, Serialize, Deserialize)]
struct Applied {
    version: u32,
    name: String,
    sha256: String,
    applied_at: i64,
}

const DATABASE: &str = "CREATE DATABASE IF NOT EXISTS otel";
const TABLE: &str = "CREATE TABLE IF NOT EXISTS otel.migrations \
    (version UInt32, name String, sha256 String, applied_at DateTime64(6, 'UTC')) ENGINE = MergeTree ORDER BY version";

impl Target {
    /// Creates the database if it does not exist. A lease needs the database.
    pub async fn create_database(&self) -> Result<()> {
        Ok(self.execute("create the database otel", DATABASE).await?)
    }

    /// Applies the migrations that were not applied yet, and returns them.
    ///
    /// A migration is recorded after its last statement. An interrupted one is applied again, which its statements
    /// allow.
    pub async fn migrate(&self) -> Result<Vec<&'static Migration>> {
        self.execute("create otel.migrations", TABLE).await?;
        let applied: Vec<(u32, String)> = self
            .fetch_all(
                "read otel.migrations",
                "SELECT version, sha256 FROM otel.migrations",
            )
            .await?;
        let applied: BTreeMap<u32, String> = applied.into_iter().collect();
        let mut done = Vec::new();
        for migration in MIGRATIONS {
            match applied.get(&migration.version) {
                Some(sha256) if sha256 == migration.sha256 => continue,
                Some(_) => {
                    return Err(Error::Migration {
                        target: self.name().to_owned(),
                        version: migration.version,
                        name: migration.name.to_owned(),
                    });
                }
                None => {}
            }
            for statement in statements(migration.sql) {
                let action = format!("apply migration {} ({})", migration.version, migration.name);
                self.execute(&action, statement).await?;
            }
            let row = Applied {
                version: migration.version,
                name: migration.name.to_owned(),
                sha256: migration.sha256.to_owned(),
                applied_at: Timestamp::now().as_microsecond(),
            };
            self.insert("migrations", &[row]).await?;
            tracing::info!(
                target = self.name(),
                version = migration.version,
                name = migration.name,
                "migrated"
            );
            done.push(migration);
        }
        Ok(done)
    }
}

/// Splits a file into its statements: each ends with a semicolon at the end of a line.
fn statements(sql: &str) -> impl Iterator<Item = &str> {
    sql.split(";\n")
        .map(|statement| statement.trim().trim_end_matches(';'))
        .filter(|statement| {
            statement
                .lines()
                .any(|line| !line.is_empty() && !line.starts_with("--"))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_split_into_statements() {
        let sql =
            "-- why\nCREATE TABLE a\n(\n    b String DEFAULT ';'\n);\n\nCREATE TABLE c (d String);\n-- end\n";
        let found: Vec<&str> = statements(sql).collect();
        assert_eq!(found.len(), 2);
        assert!(found[0].ends_with(')'));
        assert_eq!(found[1], "CREATE TABLE c (d String)");
    }

    #[test]
    fn migrations_are_numbered_without_gaps() {
        let versions: Vec<u32> = MIGRATIONS.iter().map(|migration| migration.version).collect();
        assert_eq!(versions, (1..=versions.len() as u32).collect::<Vec<_>>());
    }
}
