//! A table of the lake: its state as of the last refresh, and the engine's table over it.

use std::collections::BTreeSet;

use chdb_rust::format::OutputFormat;
use jiff::Timestamp;
use jiff::civil::Date;
use lakefront_api::TableHealth;
use lakefront_clickhouse_http::{identifier, literal};
use lakefront_otel::Column;

use super::catalog_client::RestTable;
use super::metadata::Metadata;
use super::s3;
use crate::chdb::InternalConnection;
use crate::{BEHIND_VIEWS, DATABASE};

/// A table as of the last refresh.
pub struct Table {
    /// A text that identifies this state of the table: the version hint, or the location of the metadata file with the
    /// keys.
    pub state_key: String,
    /// The catalog's answer, for a table on a store.
    pub remote: Option<RestTable>,
    pub metadata: Result<Metadata, String>,
    /// The shape of the engine's table; `None` while the engine has no such table.
    pub created_as: Option<Shape>,
    /// The first day for which the table has rows, after the hint at which that day was read.
    pub first_day: Option<(String, Option<Date>)>,
}

/// The properties that the engine's table depends on: if one changes, the engine's table is created again. A new
/// snapshot of a table in a folder changes none of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shape {
    uuid: String,
    schema: i64,
    /// The engine clause of a table on a store. The clause pins the metadata file, so that the engine lists no objects.
    engine: Option<String>,
}

impl Table {
    /// Creates the engine's table if the engine has none, or if its [`Shape`] changed.
    pub fn create(&mut self, name: &str, ddl: &InternalConnection) {
        let Ok(metadata) = &self.metadata else { return };
        let engine = match &self.remote {
            None => None,
            Some(table) => match s3::engine(table) {
                Some(engine) => Some(engine),
                None => {
                    let location = &table.metadata.location;
                    self.metadata = Err(format!("{} is not below {location}", table.location));
                    return;
                }
            },
        };
        let shape = Shape {
            uuid: metadata.table_uuid.clone(),
            schema: metadata.current_schema_id,
            engine,
        };
        if self.created_as.as_ref() == Some(&shape) {
            return;
        }
        let local = || format!("IcebergLocal('otel/{name}') SETTINGS iceberg_use_version_hint = 1");
        let engine = shape.engine.clone().unwrap_or_else(local);
        let mut statements = statements(name, &engine, &nullable_columns(name, metadata));
        if name == TRACES {
            statements.push(times_of_traces());
        }
        match statements.iter().try_for_each(|sql| run(ddl, sql)) {
            Ok(()) => self.created_as = Some(shape),
            Err(detail) => self.metadata = Err(detail),
        }
    }

    /// Returns the engine's table function over the manifest list of the current snapshot.
    pub fn manifest_list(&self, name: &str) -> Option<String> {
        let snapshot = self.metadata.as_ref().ok()?.current_snapshot()?;
        self.avro(name, &snapshot.manifest_list)
    }

    /// Returns the engine's table function over a manifest or a manifest list at a location.
    pub fn avro(&self, name: &str, location: &str) -> Option<String> {
        match &self.remote {
            // The lake's folder may have moved since the commit, so only the file name of the location counts.
            // Lakefront writes manifests to `metadata`; one that another writer put elsewhere is not found.
            None => {
                let (_, file) = location.rsplit_once('/')?;
                let path = format!("otel/{name}/metadata/{file}");
                Some(format!("file({}, 'Avro')", literal(&path)))
            }
            Some(table) => Some(format!("s3({}, 'Avro')", s3::arguments(table, location)?)),
        }
    }

    /// Returns the engine's name of the table itself, which may be behind a view.
    pub fn engine_name(&self, name: &str) -> Option<String> {
        let metadata = self.metadata.as_ref().ok()?;
        let database = if nullable_columns(name, metadata).is_empty() {
            DATABASE
        } else {
            BEHIND_VIEWS
        };
        Some(format!("{database}.{name}"))
    }

    pub fn health(&self, name: &str, now: Timestamp) -> TableHealth {
        let snapshot = self.metadata.as_ref().ok().and_then(Metadata::current_snapshot);
        let total = |key: &str| snapshot.and_then(|snapshot| snapshot.summary.get(key)?.parse().ok());
        let time = snapshot.and_then(|snapshot| Timestamp::from_millisecond(snapshot.timestamp_ms).ok());
        TableHealth {
            name: name.to_owned(),
            snapshot_id: snapshot.map(|snapshot| snapshot.snapshot_id.to_string()),
            snapshot_time: time,
            age_seconds: time.map(|time| u64::try_from(now.as_second() - time.as_second()).unwrap_or(0)),
            rows: total("total-records"),
            data_files: total("total-data-files"),
            data_bytes: total("total-files-size"),
            snapshots: self
                .metadata
                .as_ref()
                .ok()
                .map(|metadata| metadata.snapshots() as u64),
            oldest_snapshot_time: self
                .metadata
                .as_ref()
                .ok()
                .and_then(Metadata::oldest_snapshot_time),
            first_day: self.first_day.as_ref().and_then(|(_, day)| *day),
            detail: self.metadata.as_ref().err().cloned(),
        }
    }
}

/// The table of spans.
pub const TRACES: &str = "otel_traces";
/// The table from which trace viewers, such as Grafana's, read when a trace began and ended.
pub const TIMES_OF_TRACES: &str = "otel_traces_trace_id_ts";

/// Returns the columns that are never null in a table of this version, but may be null in this one, because its rows
/// are of an older version. Lists and maps are left out: the engine reads them as empty.
fn nullable_columns(name: &str, metadata: &Metadata) -> Vec<&'static Column> {
    let optional: BTreeSet<&str> = metadata.optional_columns().collect();
    let declared = lakefront_otel::table(name)
        .into_iter()
        .flat_map(|table| &table.columns);
    declared
        .filter(|column| column.required && column.r#type.is_scalar() && optional.contains(column.name))
        .collect()
}

/// Returns the statements that make a table of the lake readable. Columns in `nullable` have the default value of their
/// type where the lake has null.
fn statements(name: &str, engine: &str, nullable: &[&Column]) -> Vec<String> {
    if nullable.is_empty() {
        return vec![format!("CREATE OR REPLACE TABLE otel.`{name}` ENGINE = {engine}")];
    }
    let replaced: Vec<String> = nullable
        .iter()
        .map(|column| {
            let r#type = literal(&column.r#type.clickhouse_name());
            let column = identifier(column.name);
            format!("ifNull({column}, defaultValueOfTypeName({type})) AS {column}")
        })
        .collect();
    vec![
        format!("CREATE DATABASE IF NOT EXISTS {BEHIND_VIEWS}"),
        format!("CREATE OR REPLACE TABLE {BEHIND_VIEWS}.`{name}` ENGINE = {engine}"),
        format!(
            "CREATE OR REPLACE VIEW otel.`{name}` AS SELECT * REPLACE ({}) FROM {BEHIND_VIEWS}.`{name}`",
            replaced.join(", ")
        ),
    ]
}

/// Returns the statement that makes [`TIMES_OF_TRACES`]. The lake has no such table, so it is a view with a row for each
/// span. ClickHouse has a row for each trace of an inserted file: readers take `min(Start)` and `max(End)` of either.
fn times_of_traces() -> String {
    format!(
        "CREATE OR REPLACE VIEW otel.{TIMES_OF_TRACES} AS SELECT TraceId, Timestamp AS Start, Timestamp AS End \
         FROM otel.{TRACES} WHERE TraceId != ''"
    )
}

/// Runs a statement without a result.
///
/// # Errors
/// The engine's exception, as text.
pub fn run(ddl: &InternalConnection, sql: &str) -> Result<(), String> {
    ddl.query(sql, OutputFormat::Null)
        .map(drop)
        .map_err(|error| error.to_string())
}
