//! The lake as it is on disk or in its catalog: its tables, their current snapshots, and the Iceberg tables that the
//! engine reads them by.

mod catalog_client;
mod first_day;
mod metadata;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use chdb_rust::format::OutputFormat;
use jiff::Timestamp;
use jiff::civil::Date;
use lakefront_api::{LakeHealth, LakeState, TableHealth};
use lakefront_clickhouse_http::{Exception, code, literal};
use lakefront_lake::{RestCatalogConfig, RestTable};
use secrecy::{ExposeSecret as _, SecretString};
use tokio::runtime::Handle;

use crate::Error;
use crate::chdb::InternalConnection;
use catalog_client::{CatalogClient, CatalogTable};
use metadata::Metadata;

/// The tables of a lake, cached as of the last refresh.
pub struct Lake {
    location: Location,
    /// The cached tables by name. The lock is never held while the lake is read, so that `/health` does not wait.
    tables: Mutex<BTreeMap<String, Table>>,
    /// The start of the last successful refresh.
    refreshed: Mutex<Option<Timestamp>>,
    /// Held during a refresh, which takes as long as the lake's catalog needs.
    refresh_lock: Mutex<()>,
}

/// The location of a lake.
enum Location {
    /// A folder; the tables are below `<dir>/otel`.
    Folder(PathBuf),
    /// An S3 store behind a REST catalog.
    Remote(Box<CatalogClient>),
}

/// A table as of the last refresh.
struct Table {
    /// A text that identifies this state of the table: the version hint, or the location of the metadata file with the
    /// keys.
    state_key: String,
    /// The catalog's answer, for a table on a store.
    remote: Option<RestTable>,
    metadata: Result<Metadata, String>,
    /// The shape of the engine's table; `None` while the engine has no such table.
    created_as: Option<Shape>,
    /// The first day for which the table has rows, after the hint at which that day was read.
    first_day: Option<(String, Option<Date>)>,
}

/// The properties that the engine's table depends on: if one changes, the engine's table is created again. A new
/// snapshot of a table in a folder changes none of them.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Shape {
    uuid: String,
    schema: i64,
    /// The engine clause of a table on a store. The clause pins the metadata file, so that the engine lists no objects.
    engine: Option<String>,
}

impl Lake {
    /// Returns the lake in a folder. The folder may be missing.
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        Self {
            location: Location::Folder(dir.into()),
            tables: Mutex::default(),
            refreshed: Mutex::default(),
            refresh_lock: Mutex::default(),
        }
    }

    /// Returns a lake behind a catalog. The catalog need not answer yet. Requests to the catalog run on `runtime`.
    pub fn remote(lake: RestCatalogConfig, runtime: Handle) -> Self {
        Self {
            location: Location::Remote(Box::new(CatalogClient::new(lake, runtime))),
            tables: Mutex::default(),
            refreshed: Mutex::default(),
            refresh_lock: Mutex::default(),
        }
    }

    /// Returns true if the lake's files are on an object store.
    pub fn is_remote(&self) -> bool {
        matches!(self.location, Location::Remote(_))
    }

    /// Refreshes the cached tables. Reads the version hint of every table, and the metadata of tables with a new hint;
    /// creates and drops the engine's tables accordingly.
    ///
    /// Without changes this costs one small read per table. Blocks while the catalog or the store is slow.
    pub fn refresh(&self, ddl: &InternalConnection) {
        let _one = locked(&self.refresh_lock);
        let began = Timestamp::now();
        let present = match &self.location {
            Location::Folder(dir) => tables_in(&dir.join("otel")),
            Location::Remote(remote) => {
                let etag_of = |name: &str| {
                    let tables = self.tables();
                    let table = tables.get(name)?.remote.as_ref()?;
                    let renew_at = table.expires_at_ms.map(|at| at - RENEW_KEYS_MS);
                    let fresh = renew_at.is_none_or(|at| Timestamp::now().as_millisecond() < at);
                    table.etag.clone().filter(|_| fresh)
                };
                let Some(listed) = remote.fetch_tables(etag_of) else {
                    return;
                };
                let tables = self.tables();
                listed
                    .into_iter()
                    .map(|table| from_catalog(&tables, table))
                    .collect()
            }
        };
        let gone: Vec<_> = self
            .tables()
            .keys()
            .filter(|name| !present.contains_key(*name))
            .cloned()
            .collect();
        for name in gone {
            run(ddl, &format!("DROP TABLE IF EXISTS otel.`{name}`")).unwrap_or_else(|detail| {
                tracing::warn!(
                    table = name,
                    detail,
                    "a table that left the lake could not be dropped"
                );
            });
            if name == TRACES {
                // The view shows nothing without its table, and the next table brings it back.
                let _ = run(ddl, &format!("DROP VIEW IF EXISTS otel.{TIMES_OF_TRACES}"));
            }
            self.tables().remove(&name);
        }
        for (name, found) in present {
            let state_key = found.state_key;
            let (created_as, first_day) = match self.tables().get(&name) {
                Some(table) if table.state_key == state_key && table.created_as.is_some() => continue,
                Some(table) => (table.created_as.clone(), table.first_day.clone()),
                None => (None, None),
            };
            let mut table = Table {
                metadata: found.metadata.unwrap_or_else(|| match &self.location {
                    Location::Folder(dir) => metadata::read(&dir.join("otel").join(&name), &state_key),
                    Location::Remote(_) => Err("the catalog says nothing of it".to_owned()),
                }),
                remote: found.remote,
                state_key,
                created_as,
                first_day,
            };
            table.create(&name, ddl);
            self.tables().insert(name, table);
        }
        *locked(&self.refreshed) = Some(began);
    }

    /// Discards the cached keys if the store refused them in a query and the catalog may issue new ones. Returns true if
    /// the next refresh requests new keys, so that the query may be retried.
    pub fn discard_refused_keys(&self, exception: &Exception) -> bool {
        let Location::Remote(remote) = &self.location else {
            return false;
        };
        if exception.code != code::S3_ERROR || !remote.vends_keys() {
            return false;
        }
        // A refresh that is running may have received the refused keys.
        let _one = locked(&self.refresh_lock);
        for table in self
            .tables()
            .values_mut()
            .filter_map(|table| table.remote.as_mut())
        {
            table.etag = None;
        }
        remote.skip_interval();
        true
    }

    /// Reads the first day of every table that has a new snapshot. Only [`Lake::health`] reports that day, so that no
    /// query waits for this.
    pub fn read_first_days(&self, reader: &InternalConnection) {
        let new: Vec<_> = self
            .tables()
            .iter()
            .filter(|(_, table)| {
                table
                    .first_day
                    .as_ref()
                    .is_none_or(|(hint, _)| *hint != table.state_key)
            })
            .filter_map(|(name, table)| {
                Some((name.clone(), table.state_key.clone(), table.manifest_list(name)?))
            })
            .collect();
        for (name, hint, list) in new {
            let day = first_day::read(reader, &name, &list);
            if let Some(table) = self.tables().get_mut(&name) {
                table.first_day = Some((hint, day));
            }
        }
    }

    /// Returns true if the last refresh found a table that can be read.
    pub fn is_readable(&self) -> bool {
        self.tables().values().any(|table| table.metadata.is_ok())
    }

    /// Returns the state of the lake at the last refresh, with its time. Does not wait for the lake.
    pub fn health(&self, now: Timestamp) -> LakeHealth {
        let tables: Vec<_> = self
            .tables()
            .iter()
            .map(|(name, table)| table.health(name, now))
            .collect();
        let (state, detail) = if tables.is_empty() {
            (LakeState::Missing, Some(self.missing()))
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
        let as_of = locked(&self.refreshed).filter(|_| matches!(state, LakeState::Ready | LakeState::Empty));
        LakeHealth {
            state,
            as_of,
            detail,
            tables,
        }
    }

    /// Adds the reason to the engine's "unknown table" exception: the table can't be read, the lake is empty, or the
    /// names of the tables it has. Other exceptions are returned unchanged.
    pub fn explain(&self, exception: Exception, named: &BTreeSet<String>) -> Error {
        if exception.code != code::UNKNOWN_TABLE {
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
                "The lake has no tables yet ({}): they appear with the first start of lakefront-ingest on this lake",
                self.missing()
            ),
            None => format!("The lake has the tables {}", known.join(", ")),
        };
        Error::NoTable(format!("{}. {why}", exception.message.trim_end_matches('.')))
    }

    /// Returns the reason why the lake has no tables.
    fn missing(&self) -> String {
        match &self.location {
            Location::Folder(dir) => {
                format!("no {}/otel/<table>/metadata/version-hint.text", dir.display())
            }
            Location::Remote(remote) => match remote.error() {
                Some(error) => error,
                None => format!("none in the namespace otel of {}", remote.name()),
            },
        }
    }

    fn tables(&self) -> MutexGuard<'_, BTreeMap<String, Table>> {
        locked(&self.tables)
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Table {
    /// Creates the engine's table if the engine has none, or if its [`Shape`] changed.
    fn create(&mut self, name: &str, ddl: &InternalConnection) {
        let Ok(metadata) = &self.metadata else { return };
        let engine = match &self.remote {
            None => None,
            Some(table) => match engine(table) {
                Some(engine) => Some(engine),
                None => {
                    let location = table.metadata.location();
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
        let sql = format!("CREATE OR REPLACE TABLE otel.`{name}` ENGINE = {engine}");
        let view = || match name {
            TRACES => run(ddl, &times_of_traces()),
            _ => Ok(()),
        };
        match run(ddl, &sql).and_then(|()| view()) {
            Ok(()) => self.created_as = Some(shape),
            Err(detail) => self.metadata = Err(detail),
        }
    }

    /// Returns the engine's table function over the manifest list of the current snapshot.
    fn manifest_list(&self, name: &str) -> Option<String> {
        let snapshot = self.metadata.as_ref().ok()?.current_snapshot()?;
        match &self.remote {
            // The lake's folder may have moved since the commit, so only the file name of the location counts.
            // Lakefront writes manifest lists to `metadata`; a list that another writer put elsewhere is not found.
            None => {
                let (_, file) = snapshot.manifest_list.rsplit_once('/')?;
                let path = format!("otel/{name}/metadata/{file}");
                Some(format!("file({}, 'Avro')", literal(&path)))
            }
            Some(table) => Some(format!(
                "s3({}, 'Avro')",
                s3_arguments(table, &snapshot.manifest_list)?
            )),
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

/// The table of spans.
const TRACES: &str = "otel_traces";
/// The table from which trace viewers, such as Grafana's, read when a trace began and ended.
const TIMES_OF_TRACES: &str = "otel_traces_trace_id_ts";

/// Returns the statement that makes [`TIMES_OF_TRACES`]. The lake has no such table, so it is a view with a row for each
/// span. ClickHouse has a row for each trace of an inserted file: readers take `min(Start)` and `max(End)` of either.
fn times_of_traces() -> String {
    format!(
        "CREATE OR REPLACE VIEW otel.{TIMES_OF_TRACES} AS SELECT TraceId, Timestamp AS Start, Timestamp AS End \
         FROM otel.{TRACES} WHERE TraceId != ''"
    )
}

/// A table found by a refresh, with its metadata if the catalog sent it.
struct FoundTable {
    state_key: String,
    metadata: Option<Result<Metadata, String>>,
    remote: Option<RestTable>,
}

/// Returns a table as the catalog reports it; the cached state if the catalog reports no change.
fn from_catalog(known: &BTreeMap<String, Table>, listed: CatalogTable) -> (String, FoundTable) {
    let known = known.get(listed.name);
    let table = listed.table.or_else(|| known?.remote.clone());
    let found = FoundTable {
        state_key: table.as_ref().map(state_key).unwrap_or_default(),
        metadata: table.as_ref().map(|table| Ok(Metadata::from(&table.metadata))),
        remote: table,
    };
    (listed.name.to_owned(), found)
}

/// Returns a text that changes with the location of the metadata file, or with the keys by which the table is read.
fn state_key(table: &RestTable) -> String {
    let keys = table.access.keys.as_ref();
    let id = keys.map(|keys| keys.id.as_str()).unwrap_or_default();
    let session = keys.and_then(|keys| keys.session_token.as_ref());
    let session = session.map(SecretString::expose_secret).unwrap_or_default();
    format!("{} {id} {session}", table.location)
}

/// The time before their expiry at which keys are renewed, in milliseconds: longer than a query may run.
const RENEW_KEYS_MS: i64 = 120_000;

/// Returns the engine clause of a table on a store; `None` if the metadata file is outside of the table's location.
/// Without keys of the catalog the engine uses the keys of its environment.
fn engine(table: &RestTable) -> Option<String> {
    let folder = table.metadata.location().trim_end_matches('/');
    let file = table.location.strip_prefix(folder)?.trim_start_matches('/');
    let arguments = s3_arguments(table, &format!("{folder}/"))?;
    let file = literal(file);
    Some(format!(
        "IcebergS3({arguments}) SETTINGS iceberg_metadata_file_path = {file}"
    ))
}

/// Returns the arguments (address and keys) of the engine's S3 functions and tables for a location.
fn s3_arguments(table: &RestTable, location: &str) -> Option<String> {
    let mut arguments = vec![literal(&table.access.url(location)?)];
    if let Some(keys) = &table.access.keys {
        arguments.extend([literal(&keys.id), literal(keys.secret.expose_secret())]);
        arguments.extend(
            keys.session_token
                .as_ref()
                .map(|token| literal(token.expose_secret())),
        );
    }
    Some(arguments.join(", "))
}

/// Returns the folders of a lake's tables with their version hints. A folder without a readable hint is left out.
fn tables_in(otel: &Path) -> BTreeMap<String, FoundTable> {
    let Ok(entries) = std::fs::read_dir(otel) else {
        return BTreeMap::new();
    };
    entries
        .flatten()
        .filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            let hint = metadata::hint(&entry.path()).ok()?;
            let found = FoundTable {
                state_key: hint,
                metadata: None,
                remote: None,
            };
            is_name(&name).then_some((name, found))
        })
        .collect()
}

/// Returns true for a name that needs no escaping: it is put into statements between backticks.
fn is_name(name: &str) -> bool {
    !name.is_empty()
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

fn run(ddl: &InternalConnection, sql: &str) -> Result<(), String> {
    ddl.query(sql, OutputFormat::Null)
        .map(drop)
        .map_err(|error| error.to_string())
}
