//! The lake as it is on disk, or as its catalog says it is: which tables there are, what each one's current snapshot is, and
//! their Iceberg tables in the engine.

mod first_day;
mod metadata;
mod remote;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use chdb_rust::format::OutputFormat;
use jiff::Timestamp;
use jiff::civil::Date;
use lakefront_api::{LakeHealth, LakeState, TableHealth};
use lakefront_clickhouse_http::Exception;
use lakefront_lake::{RemoteLake, RestTable, Secret};
use tokio::runtime::Handle;

use crate::Error;
use crate::engine::Own;
use metadata::Metadata;
use remote::{Remote, Seen};

/// The tables of a lake. Nothing is kept but what was seen there last.
pub struct Lake {
    place: Place,
    /// Held for moments only, so that `/health` never waits.
    tables: Mutex<BTreeMap<String, Table>>,
    /// When the last look began that ended well.
    seen: Mutex<Option<Timestamp>>,
    /// Held by whoever looks at the lake, which takes as long as its catalog does.
    looking: Mutex<()>,
}

/// Where the tables are.
enum Place {
    /// Below `<dir>/otel`.
    Folder(PathBuf),
    /// On an S3 store, behind a catalog.
    Remote(Box<Remote>),
}

/// One table, as last seen.
struct Table {
    /// What told of this state: another state has another. The version hint, or the metadata file's location.
    hint: String,
    /// Where it is, when it is in no folder.
    remote: Option<RestTable>,
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
    /// On a store: what it is read by. Its metadata file is pinned, so that nothing has to be listed.
    engine: Option<String>,
}

impl Lake {
    /// The lake in a folder, which need not exist yet.
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        Self {
            place: Place::Folder(dir.into()),
            tables: Mutex::default(),
            seen: Mutex::default(),
            looking: Mutex::default(),
        }
    }

    /// A lake behind a catalog, which need not answer yet. Requests to it run on the runtime.
    pub fn remote(lake: RemoteLake, runtime: Handle) -> Self {
        Self {
            place: Place::Remote(Box::new(Remote::new(lake, runtime))),
            tables: Mutex::default(),
            seen: Mutex::default(),
            looking: Mutex::default(),
        }
    }

    /// Whether its files are on an object store.
    pub fn is_remote(&self) -> bool {
        matches!(self.place, Place::Remote(_))
    }

    /// Looks at every table's version hint, and at the metadata of those whose hint is new; makes and drops the engine's
    /// tables accordingly. Costs one small read a table when nothing is new. Blocks while the catalog or the store is slow.
    pub fn refresh(&self, maker: &Own) {
        let _one = locked(&self.looking);
        let began = Timestamp::now();
        let present = match &self.place {
            Place::Folder(dir) => present(&dir.join("otel")),
            Place::Remote(remote) => {
                let known = |name: &str| {
                    let tables = self.tables();
                    let table = tables.get(name)?.remote.as_ref()?;
                    let renew_at = table.expires_at_ms.map(|at| at - RENEW_MS);
                    let fresh = renew_at.is_none_or(|at| Timestamp::now().as_millisecond() < at);
                    table.etag.clone().filter(|_| fresh)
                };
                let Some(seen) = remote.look(known) else { return };
                let tables = self.tables();
                seen.into_iter().map(|seen| from_catalog(&tables, seen)).collect()
            }
        };
        let gone: Vec<_> = self
            .tables()
            .keys()
            .filter(|name| !present.contains_key(*name))
            .cloned()
            .collect();
        for name in gone {
            run(maker, &format!("DROP TABLE IF EXISTS otel.`{name}`")).unwrap_or_else(|detail| {
                tracing::warn!(
                    table = name,
                    detail,
                    "a table that left the lake could not be dropped"
                );
            });
            self.tables().remove(&name);
        }
        for (name, found) in present {
            let hint = found.hint;
            let (made_from, first_day) = match self.tables().get(&name) {
                Some(table) if table.hint == hint && table.made_from.is_some() => continue,
                Some(table) => (table.made_from.clone(), table.first_day.clone()),
                None => (None, None),
            };
            let mut table = Table {
                metadata: found.metadata.unwrap_or_else(|| match &self.place {
                    Place::Folder(dir) => metadata::read(&dir.join("otel").join(&name), &hint),
                    Place::Remote(_) => Err("the catalog says nothing of it".to_owned()),
                }),
                remote: found.remote,
                hint,
                made_from,
                first_day,
            };
            table.make(&name, maker);
            self.tables().insert(name, table);
        }
        *locked(&self.seen) = Some(began);
    }

    /// Whether the store refused a query's keys, and the catalog may have new ones: the next look asks for them.
    pub fn forget_refused_keys(&self, exception: &Exception) -> bool {
        const S3_ERROR: u32 = 499;
        let Place::Remote(remote) = &self.place else {
            return false;
        };
        if exception.code != S3_ERROR || !remote.gives_keys() {
            return false;
        }
        // A look that runs may have been answered with the keys that are refused.
        let _one = locked(&self.looking);
        for table in self
            .tables()
            .values_mut()
            .filter_map(|table| table.remote.as_mut())
        {
            table.etag = None;
        }
        remote.look_again();
        true
    }

    /// Learns the first day of every table that has a new snapshot. Only [`Lake::health`] tells it, so no query waits for it.
    pub fn learn_first_days(&self, reader: &Own) {
        let new: Vec<_> = self
            .tables()
            .iter()
            .filter(|(_, table)| {
                table
                    .first_day
                    .as_ref()
                    .is_none_or(|(hint, _)| *hint != table.hint)
            })
            .filter_map(|(name, table)| Some((name.clone(), table.hint.clone(), table.manifest_list(name)?)))
            .collect();
        for (name, hint, list) in new {
            let day = first_day::read(reader, &name, &list);
            if let Some(table) = self.tables().get_mut(&name) {
                table.first_day = Some((hint, day));
            }
        }
    }

    /// Returns true if the last look found a table that can be read.
    pub fn is_readable(&self) -> bool {
        self.tables().values().any(|table| table.metadata.is_ok())
    }

    /// Returns what the last look found, and when that was. Does not wait for the lake.
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
        let as_of = locked(&self.seen).filter(|_| matches!(state, LakeState::Ready | LakeState::Empty));
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
                "The lake has no tables yet ({}): they appear with the first start of lakefront-ingest on this lake",
                self.missing()
            ),
            None => format!("The lake has the tables {}", known.join(", ")),
        };
        Error::NoTable(format!("{}. {why}", exception.message.trim_end_matches('.')))
    }

    /// Why no table is known.
    fn missing(&self) -> String {
        match &self.place {
            Place::Folder(dir) => {
                format!("no {}/otel/<table>/metadata/version-hint.text", dir.display())
            }
            Place::Remote(remote) => match remote.error() {
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
    /// Makes the engine's table if it is not there or has another schema.
    fn make(&mut self, name: &str, maker: &Own) {
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
        if self.made_from.as_ref() == Some(&shape) {
            return;
        }
        let local = || format!("IcebergLocal('otel/{name}') SETTINGS iceberg_use_version_hint = 1");
        let engine = shape.engine.clone().unwrap_or_else(local);
        let sql = format!("CREATE OR REPLACE TABLE otel.`{name}` ENGINE = {engine}");
        match run(maker, &sql) {
            Ok(()) => self.made_from = Some(shape),
            Err(detail) => self.metadata = Err(detail),
        }
    }

    /// The table function over the current snapshot's manifest list.
    fn manifest_list(&self, name: &str) -> Option<String> {
        let snapshot = self.metadata.as_ref().ok()?.current_snapshot()?;
        match &self.remote {
            // Another writer's file may be elsewhere; ours are here, and the lake may have moved since.
            None => {
                let (_, file) = snapshot.manifest_list.rsplit_once('/')?;
                let path = format!("otel/{name}/metadata/{file}");
                Some(format!("file({}, 'Avro')", quoted(&path)))
            }
            Some(table) => Some(format!(
                "s3({}, 'Avro')",
                reached(table, &snapshot.manifest_list)?
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

/// A table that is there.
struct Found {
    hint: String,
    metadata: Option<Result<Metadata, String>>,
    remote: Option<RestTable>,
}

/// What the catalog says of a table, or what is known when it says that nothing is new.
fn from_catalog(known: &BTreeMap<String, Table>, seen: Seen) -> (String, Found) {
    let known = known.get(seen.name);
    let table = seen.table.or_else(|| known?.remote.clone());
    let found = Found {
        hint: table.as_ref().map(hint).unwrap_or_default(),
        metadata: table.as_ref().map(|table| Ok(Metadata::from(&table.metadata))),
        remote: table,
    };
    (seen.name.to_owned(), found)
}

/// What another state of the table has another of: the metadata file, and the keys it is read with.
fn hint(table: &RestTable) -> String {
    let keys = table.access.keys.as_ref();
    let id = keys.map(|keys| keys.id.as_str()).unwrap_or_default();
    let session = keys.and_then(|keys| keys.session_token.as_ref());
    let session = session.map(Secret::reveal).unwrap_or_default();
    format!("{} {id} {session}", table.location)
}

/// How long before they expire keys are asked for anew, milliseconds: longer than a query may run.
const RENEW_MS: i64 = 120_000;

/// The engine of a table on a store. Without keys the engine takes those of its environment.
fn engine(table: &RestTable) -> Option<String> {
    let folder = table.metadata.location().trim_end_matches('/');
    let file = table.location.strip_prefix(folder)?.trim_start_matches('/');
    let reached = reached(table, &format!("{folder}/"))?;
    let file = quoted(file);
    Some(format!(
        "IcebergS3({reached}) SETTINGS iceberg_metadata_file_path = {file}"
    ))
}

/// Arguments of the engine's functions and tables over a location on the store.
fn reached(table: &RestTable, location: &str) -> Option<String> {
    let mut arguments = vec![quoted(&table.access.url(location)?)];
    if let Some(keys) = &table.access.keys {
        arguments.extend([quoted(&keys.id), quoted(keys.secret.reveal())]);
        arguments.extend(keys.session_token.as_ref().map(|token| quoted(token.reveal())));
    }
    Some(arguments.join(", "))
}

/// Text as a literal.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"))
}

/// Every table's folder with its version hint. What can't be read is not there.
fn present(otel: &Path) -> BTreeMap<String, Found> {
    let Ok(entries) = std::fs::read_dir(otel) else {
        return BTreeMap::new();
    };
    entries
        .flatten()
        .filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            let hint = metadata::hint(&entry.path()).ok()?;
            let found = Found {
                hint,
                metadata: None,
                remote: None,
            };
            is_name(&name).then_some((name, found))
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

fn run(maker: &Own, sql: &str) -> Result<(), String> {
    maker
        .query(sql, OutputFormat::Null)
        .map(drop)
        .map_err(|error| error.to_string())
}
