//! The lake as it is on disk or in its catalog: its tables, their current snapshots, and the Iceberg tables that the
//! engine reads them by.

mod catalog_client;
mod files;
mod first_day;
mod metadata;
mod s3;
mod table;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use lakefront_api::{LakeHealth, LakeState, MOST_PAST_STATES, NO_SUCH_STATE};
use lakefront_clickhouse_http::{Exception, code};
use lakefront_lake_catalog::RestCatalogConfig;
use tokio::runtime::Handle;

use crate::Error;
use crate::chdb::InternalConnection;
use catalog_client::{CatalogClient, CatalogTable, RestTable};
pub use files::Files;
use metadata::Metadata;
use table::{TIMES_OF_TRACES, TRACES, Table, run};

/// The tables of a lake, cached as of the last refresh.
pub struct Lake {
    location: Location,
    /// The cached tables by name. The lock is never held while the lake is read, so that `/health` does not wait.
    tables: Mutex<BTreeMap<String, Table>>,
    /// The start of the last successful refresh.
    refreshed: Mutex<Option<Timestamp>>,
    /// The start of the refresh whose tables have their first days.
    first_days_as_of: Mutex<Option<Timestamp>>,
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

impl Lake {
    /// Returns the lake in a folder. The folder may be missing.
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        Self {
            location: Location::Folder(dir.into()),
            tables: Mutex::default(),
            refreshed: Mutex::default(),
            first_days_as_of: Mutex::default(),
            refresh_lock: Mutex::default(),
        }
    }

    /// Returns a lake behind a catalog. The catalog need not answer yet. Requests to the catalog run on `runtime`.
    pub fn remote(lake: RestCatalogConfig, runtime: Handle) -> Self {
        Self {
            location: Location::Remote(Box::new(CatalogClient::new(lake, runtime))),
            tables: Mutex::default(),
            refreshed: Mutex::default(),
            first_days_as_of: Mutex::default(),
            refresh_lock: Mutex::default(),
        }
    }

    /// Returns true if the lake's files are on an object store.
    pub fn is_remote(&self) -> bool {
        matches!(self.location, Location::Remote(_))
    }

    /// Returns the time since the last successful refresh began, or `None` before the first one.
    pub fn age(&self) -> Option<Duration> {
        locked(&self.refreshed).map(age)
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
        let as_of = *locked(&self.refreshed);
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
        *locked(&self.first_days_as_of) = as_of;
    }

    /// Returns the tables that can be read: the name, and that of the engine's table with its files.
    pub fn readable_tables(&self) -> Vec<(String, String)> {
        let tables = self.tables();
        let named = tables
            .iter()
            .filter_map(|(name, table)| Some((name.clone(), table.engine_name(name)?)));
        named.collect()
    }

    /// Counts the files of a table that may have rows within `times` (microseconds since 1970, from the first up to and
    /// without the last), by the bounds of their time column in the manifests. Waits for the store.
    ///
    /// # Errors
    /// The engine's exception if a manifest can't be read.
    pub fn files(&self, reader: &InternalConnection, name: &str, times: (i64, i64)) -> Result<Files, Error> {
        let (list, column) = {
            let tables = self.tables();
            let table = tables.get(name);
            let column = table.and_then(|table| {
                let column = lakefront_otel::table(name)?.time_column;
                table.metadata.as_ref().ok()?.column_id(column)
            });
            (table.and_then(|table| table.manifest_list(name)), column)
        };
        // Before the first commit a table has no files.
        let (Some(list), Some(column)) = (list, column) else {
            return Ok(Files::default());
        };
        let manifests = files::manifests(reader, &list, times)?;
        let functions: Vec<_> = {
            let tables = self.tables();
            let table = tables.get(name);
            let of = |location: &String| table.and_then(|table| table.avro(name, location));
            manifests.iter().filter_map(of).collect()
        };
        files::count(reader, &functions, column, times)
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
            first_days_age_ms: locked(&self.first_days_as_of)
                .and_then(|as_of| u64::try_from(age(as_of).as_millis()).ok()),
            detail,
            past_states: self.past_states(),
            tables,
        }
    }

    /// Returns the full hours for which a table keeps its state by name, newest first.
    fn past_states(&self) -> Vec<Timestamp> {
        let tables = self.tables();
        let metadata = tables.values().filter_map(|table| table.metadata.as_ref().ok());
        let hours: BTreeSet<_> = metadata.flat_map(Metadata::named_hours).collect();
        hours.into_iter().rev().take(MOST_PAST_STATES).collect()
    }

    /// Adds the reason to two exceptions of the engine. A missing table: it can't be read, the lake is empty, or the names
    /// of the tables it has. A state of the past that is not there: the oldest one that is. Other exceptions are returned
    /// unchanged.
    pub fn explain(&self, exception: Exception, named: &BTreeSet<String>) -> Error {
        if exception.code == code::BAD_ARGUMENTS && exception.message.contains(NO_SUCH_SNAPSHOT) {
            return self.no_such_past(named).into();
        }
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

    /// Returns the exception for a state of the past that a statement's tables do not have.
    fn no_such_past(&self, named: &BTreeSet<String>) -> Exception {
        let tables = self.tables();
        let oldest = |name: &String| tables.get(name)?.metadata.as_ref().ok()?.oldest_snapshot_time();
        // The states of all named tables go back to the youngest of their oldest ones.
        let since = named.iter().filter_map(|name| Some((oldest(name)?, name))).max();
        let message = match since {
            Some((since, name)) => format!(
                "{NO_SUCH_STATE}: it has expired, or the table is younger. The oldest state of {name} is of {since}"
            ),
            None => format!("{NO_SUCH_STATE}: it has expired, or the table has no rows yet"),
        };
        Exception::of(code::BAD_ARGUMENTS, message)
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

/// A part of the engine's message for a snapshot that a table does not have, by id and by time.
const NO_SUCH_SNAPSHOT: &str = "No snapshot found";

/// Returns the time since an instant, or zero if the clock was set back since.
fn age(since: Timestamp) -> Duration {
    Timestamp::now()
        .duration_since(since)
        .try_into()
        .unwrap_or_default()
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
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
        state_key: table.as_ref().map(s3::state_key).unwrap_or_default(),
        metadata: table.as_ref().map(|table| Ok(table.metadata.clone())),
        remote: table,
    };
    (listed.name.to_owned(), found)
}

/// The time before their expiry at which keys are renewed, in milliseconds: longer than a query may run.
const RENEW_KEYS_MS: i64 = 120_000;

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
