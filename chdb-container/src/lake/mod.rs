//! The lake as it is on disk: which tables there are, what each one's current snapshot is, and their Iceberg tables in
//! the engine.

mod first_day;
mod metadata;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use chdb_rust::connection::Connection;
use chdb_rust::format::OutputFormat;
use jiff::Timestamp;
use jiff::civil::Date;
use lakefront_api::{LakeHealth, LakeState, TableHealth};
use lakefront_clickhouse_http::Exception;

use crate::Error;
use crate::engine::result;
use metadata::Metadata;

/// Tables below `<dir>/otel`. Nothing is kept but what was seen there last.
pub struct Lake {
    dir: PathBuf,
    tables: Mutex<BTreeMap<String, Table>>,
}

/// One table, as last seen.
struct Table {
    hint: String,
    metadata: Result<Metadata, String>,
    /// What the engine's table was made from.
    made_from: Option<Shape>,
    /// The first day of which it has a row, and at which hint that was looked up.
    first_day: Option<(String, Option<Date>)>,
}

/// The engine's table has to be made anew when this changes; a new snapshot changes nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Shape {
    uuid: String,
    schema: i64,
}

impl Lake {
    /// The lake in a folder, which need not exist yet.
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        Self {
            dir: dir.into(),
            tables: Mutex::default(),
        }
    }

    /// Looks at every table's version hint, and at the metadata of those whose hint is new; makes and drops the engine's
    /// tables accordingly. Costs one small read a table when nothing is new.
    pub fn refresh<C: Deref<Target = Connection>>(&self, connection: impl Fn() -> C) {
        let mut tables = self.tables();
        let present = present(&self.dir.join("otel"));
        tables.retain(|name, _| {
            let keep = present.contains_key(name);
            if !keep {
                run(&connection(), &format!("DROP TABLE IF EXISTS otel.`{name}`")).unwrap_or_else(|detail| {
                    tracing::warn!(
                        table = name,
                        detail,
                        "a table that left the lake could not be dropped"
                    );
                });
            }
            keep
        });
        for (name, hint) in present {
            let (made_from, first_day) = match tables.get(&name) {
                Some(table) if table.hint == hint && table.made_from.is_some() => continue,
                Some(table) => (table.made_from.clone(), table.first_day.clone()),
                None => (None, None),
            };
            let mut table = Table {
                metadata: metadata::read(&self.dir.join("otel").join(&name), &hint),
                hint,
                made_from,
                first_day,
            };
            table.make(&name, &connection);
            tables.insert(name, table);
        }
    }

    /// Learns the first day of every table that has a new snapshot. Only [`Lake::health`] tells it, so no query waits for it.
    pub fn learn_first_days<C: Deref<Target = Connection>>(&self, connection: impl Fn() -> C) {
        let new: Vec<_> = self
            .tables()
            .iter()
            .filter(|(_, table)| {
                table
                    .first_day
                    .as_ref()
                    .is_none_or(|(hint, _)| *hint != table.hint)
            })
            .filter_map(|(name, table)| {
                let list = table
                    .metadata
                    .as_ref()
                    .ok()?
                    .current_snapshot()?
                    .manifest_list
                    .clone();
                Some((name.clone(), table.hint.clone(), list))
            })
            .collect();
        for (name, hint, list) in new {
            let day = first_day::read(&connection(), &name, &list);
            if let Some(table) = self.tables().get_mut(&name) {
                table.first_day = Some((hint, day));
            }
        }
    }

    /// What is to be said of the lake. It was read when this returns, so an answer is as of now.
    pub fn health(&self, now: Timestamp) -> LakeHealth {
        let tables: Vec<_> = self
            .tables()
            .iter()
            .map(|(name, table)| table.health(name, now))
            .collect();
        let (state, detail) = if tables.is_empty() {
            (
                LakeState::Missing,
                Some(format!("no table below {}/otel yet", self.dir.display())),
            )
        } else if tables.iter().all(|table| table.detail.is_some()) {
            (
                LakeState::Unreadable,
                tables.iter().find_map(|table| table.detail.clone()),
            )
        } else if tables.iter().all(|table| table.snapshot_id.is_none()) {
            (LakeState::Empty, None)
        } else {
            (LakeState::Ready, None)
        };
        let as_of = matches!(state, LakeState::Ready | LakeState::Empty).then_some(now);
        LakeHealth {
            state,
            as_of,
            detail,
            tables,
        }
    }

    /// Says more than the engine does of a table it does not know.
    pub fn explain(&self, exception: Exception, named: &BTreeSet<String>) -> Error {
        const UNKNOWN_TABLE: u32 = 60;
        if exception.code != UNKNOWN_TABLE {
            return exception.into();
        }
        let tables = self.tables();
        let known: Vec<_> = tables.keys().map(String::as_str).collect();
        let why = match named
            .iter()
            .find_map(|name| Some((name, tables.get(name)?.metadata.as_ref().err()?)))
        {
            Some((name, detail)) => format!("The table {name} can't be read: {detail}"),
            None if known.is_empty() => format!(
                "The lake has no tables yet (no {}/otel/<table>/metadata/version-hint.text): they appear with the first \
                 start of lakefront-ingest on this lake",
                self.dir.display()
            ),
            None => format!("The lake has the tables {}", known.join(", ")),
        };
        Error::NoTable(format!("{}. {why}", exception.message.trim_end_matches('.')))
    }

    fn tables(&self) -> MutexGuard<'_, BTreeMap<String, Table>> {
        self.tables.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Table {
    /// Makes the engine's table if it is not there or has another schema.
    fn make<C: Deref<Target = Connection>>(&mut self, name: &str, connection: impl Fn() -> C) {
        let Ok(metadata) = &self.metadata else { return };
        let shape = Shape {
            uuid: metadata.table_uuid.clone(),
            schema: metadata.current_schema_id,
        };
        if self.made_from.as_ref() == Some(&shape) {
            return;
        }
        let sql = format!(
            "CREATE OR REPLACE TABLE otel.`{name}` ENGINE = IcebergLocal('otel/{name}') \
             SETTINGS iceberg_use_version_hint = 1"
        );
        match run(&connection(), &sql) {
            Ok(()) => self.made_from = Some(shape),
            Err(detail) => self.metadata = Err(detail),
        }
    }

    fn health(&self, name: &str, now: Timestamp) -> TableHealth {
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
            first_day: self.first_day.as_ref().and_then(|(_, day)| *day),
            detail: self.metadata.as_ref().err().cloned(),
        }
    }
}

/// Every table's folder with its version hint. What can't be read is not there.
fn present(otel: &Path) -> BTreeMap<String, String> {
    let Ok(entries) = std::fs::read_dir(otel) else {
        return BTreeMap::new();
    };
    entries
        .flatten()
        .filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            let hint = metadata::hint(&entry.path()).ok()?;
            is_name(&name).then_some((name, hint))
        })
        .collect()
}

/// Names go into statements between backticks.
fn is_name(name: &str) -> bool {
    !name.is_empty()
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

fn run(connection: &Connection, sql: &str) -> Result<(), String> {
    connection
        .query(sql, OutputFormat::Null)
        .map(drop)
        .map_err(|error| result::exception(&error).to_string())
}
