//! The part of an Iceberg table's metadata that identifies and describes the current snapshot.
//!
//! <https://iceberg.apache.org/spec/#table-metadata-fields>

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde::de::IgnoredAny;

/// The fields read from a table's metadata file, or from a catalog's answer.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Metadata {
    pub table_uuid: String,
    /// The location of the table's folder; a lake in a folder does not need it, because the folder may have moved.
    #[serde(default)]
    pub location: String,
    pub current_schema_id: i64,
    #[serde(default)]
    current_snapshot_id: Option<i64>,
    #[serde(default)]
    snapshots: Vec<Snapshot>,
    #[serde(default)]
    schemas: Vec<Schema>,
    /// The names of snapshots.
    #[serde(default)]
    refs: BTreeMap<String, IgnoredAny>,
}

/// The columns of a table.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Schema {
    schema_id: i64,
    fields: Vec<Field>,
}

#[derive(Debug, Clone, Deserialize)]
struct Field {
    id: i32,
    name: String,
    required: bool,
}

/// A snapshot of a table.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Snapshot {
    pub snapshot_id: i64,
    pub timestamp_ms: i64,
    /// The location of the snapshot's manifest list.
    #[serde(default)]
    pub manifest_list: String,
    #[serde(default)]
    pub summary: BTreeMap<String, String>,
}

impl Metadata {
    /// Returns the number of snapshots that the table keeps.
    pub fn snapshots(&self) -> usize {
        self.snapshots.len()
    }

    /// Returns the columns of the current schema that may be null.
    pub fn optional_columns(&self) -> impl Iterator<Item = &str> {
        let is_current = |schema: &&Schema| schema.schema_id == self.current_schema_id;
        let fields = self
            .schemas
            .iter()
            .filter(is_current)
            .flat_map(|schema| &schema.fields);
        fields
            .filter(|field| !field.required)
            .map(|field| field.name.as_str())
    }

    /// Returns the id of a column in the current schema.
    pub fn column_id(&self, name: &str) -> Option<i32> {
        let is_current = |schema: &&Schema| schema.schema_id == self.current_schema_id;
        let mut fields = self
            .schemas
            .iter()
            .filter(is_current)
            .flat_map(|schema| &schema.fields);
        fields.find(|field| field.name == name).map(|field| field.id)
    }

    /// Returns the time of the oldest snapshot that the table keeps.
    pub fn oldest_snapshot_time(&self) -> Option<Timestamp> {
        let times = self.snapshots.iter().map(|snapshot| snapshot.timestamp_ms);
        Timestamp::from_millisecond(times.min()?).ok()
    }

    /// Returns the ends of the hours whose last snapshot has a name. The lake's writer names it after the hour:
    /// `hour-2026-03-24T09`.
    pub fn named_hours(&self) -> impl Iterator<Item = Timestamp> {
        let hours = self.refs.keys().filter_map(|name| name.strip_prefix("hour-"));
        let starts = hours.filter_map(|hour| format!("{hour}:00Z").parse::<Timestamp>().ok());
        starts.filter_map(|start| start.checked_add(HOUR).ok())
    }

    /// Returns the current snapshot; `None` before the first commit.
    pub fn current_snapshot(&self) -> Option<&Snapshot> {
        self.snapshots
            .iter()
            .find(|snapshot| Some(snapshot.snapshot_id) == self.current_snapshot_id)
    }
}

const HOUR: SignedDuration = SignedDuration::from_hours(1);

/// The most bytes of a metadata file that are read. A file with 100 snapshots and a week of hourly ones takes 200 kB.
const MAX_BYTES: u64 = 64 << 20;

/// Reads the version hint of a table in a folder.
pub fn hint(table: &Path) -> io::Result<String> {
    let mut hint = String::new();
    File::open(table.join("metadata/version-hint.text"))?
        .take(4096)
        .read_to_string(&mut hint)?;
    Ok(hint.trim().to_owned())
}

/// Reads the metadata file that a hint names. A hint is a file name, with or without its ending, or a version number as
/// older writers put it.
pub fn read(table: &Path, hint: &str) -> Result<Metadata, String> {
    const ENDING: &str = ".metadata.json";
    let version = if hint.bytes().all(|byte| byte.is_ascii_digit()) {
        "v"
    } else {
        ""
    };
    let name = format!("{version}{}{ENDING}", hint.strip_suffix(ENDING).unwrap_or(hint));
    if name.contains(['/', '\\']) {
        return Err(format!(
            "version-hint.text must hold the name of a metadata file, not {hint:?}"
        ));
    }
    let mut bytes = Vec::new();
    File::open(table.join("metadata").join(&name))
        .and_then(|file| file.take(MAX_BYTES).read_to_end(&mut bytes))
        .map_err(|error| format!("metadata/{name}: {error}"))?;
    serde_json::from_slice(&bytes)
        .map_err(|error| format!("metadata/{name} is not the metadata of an Iceberg table: {error}"))
}
