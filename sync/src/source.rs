//! The source: reads the snapshot and the data files of the lake.

use std::collections::BTreeMap;
use std::fs::File;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;
use lakefront_lake::{Lake, LakeConfig, LakeLocation, TableState};
use tokio::sync::Mutex;

use crate::error::{Error, Result};
use crate::lake_snapshot::{LakeColumn, LakeSnapshot, TableSnapshot};
use crate::ledger::DataFile;

/// The lake that is followed. The first read opens it, so that sync may start before the lake exists.
#[derive(Debug)]
pub struct Source {
    location: LakeLocation,
    open: Mutex<Open>,
}

#[derive(Debug, Default)]
struct Open {
    lake: Option<Lake>,
    tables: BTreeMap<&'static str, Arc<TableSnapshot>>,
}

impl Source {
    /// Creates a source for the lake at `location`.
    pub fn new(location: LakeLocation) -> Self {
        Self {
            location,
            open: Mutex::default(),
        }
    }

    /// Opens a data file for reading.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub async fn file(&self, file: &DataFile) -> Result<File> {
        let mut open = self.open.lock().await;
        let lake = self.lake(&mut open).await?;
        drop(open);
        Ok(lake.open_file(file.table, &file.path_in_table).await?)
    }

    async fn lake(&self, open: &mut Open) -> Result<Lake> {
        if let Some(lake) = &open.lake {
            return Ok(lake.clone());
        }
        Ok(open.lake.insert(open_lake(&self.location).await?).clone())
    }

    /// Reads the committed state of all tables. A table without a new commit costs one query of the catalog.
    ///
    /// # Errors
    /// When there is no lake, or its catalog or metadata cannot be read.
    pub async fn snapshot(&self) -> Result<LakeSnapshot> {
        let as_of = Timestamp::now();
        let mut open = self.open.lock().await;
        let lake = self.lake(&mut open).await?;
        let mut tables = BTreeMap::new();
        for table in lakefront_otel::tables() {
            let location = lake.metadata_location(table.name).await?;
            let cached = open
                .tables
                .get(table.name)
                .filter(|cached| cached.location == location);
            let snapshot = match cached {
                Some(cached) => Arc::clone(cached),
                None => Arc::new(table_snapshot(table.name, lake.state(table.name).await?)?),
            };
            tables.insert(table.name, snapshot);
        }
        open.tables.clone_from(&tables);
        Ok(LakeSnapshot { as_of, tables })
    }
}

impl Source {
    /// Returns the states of a table before the compactions that came after a sequence number, oldest first.
    ///
    /// # Errors
    /// When the catalog or the metadata cannot be read.
    pub async fn states_before_compactions(
        &self,
        table: &'static str,
        after: i64,
    ) -> Result<Vec<TableSnapshot>> {
        let mut open = self.open.lock().await;
        let lake = self.lake(&mut open).await?;
        drop(open);
        let states = lake.states_before_compactions(table, after).await?.into_iter();
        states.map(|state| table_snapshot(table, state)).collect()
    }
}

async fn open_lake(location: &LakeLocation) -> Result<Lake> {
    // Opening creates a missing lake. A misspelt folder would then be an empty lake, and sync would count as up to
    // date.
    if let LakeLocation::Folder(folder) = location
        && !folder.join("catalog.db").is_file()
    {
        return Err(Error::NoLake {
            folder: folder.clone(),
        });
    }
    Ok(Lake::open(LakeConfig::at(location.clone())).await?)
}

fn table_snapshot(table: &'static str, state: TableState) -> Result<TableSnapshot> {
    let columns = state.schema.as_struct().fields().iter().map(|field| LakeColumn {
        name: field.name.clone(),
        r#type: (*field.field_type).clone(),
        required: field.required,
    });
    let mut days: BTreeMap<Date, Vec<DataFile>> = BTreeMap::new();
    for file in &state.files {
        let path = state.path(file).ok_or_else(|| Error::Outside {
            table: table.to_owned(),
            location: file.file.file_path().to_owned(),
        })?;
        let day = file.day();
        days.entry(day).or_default().push(DataFile {
            table,
            path: format!("otel/{table}/{path}"),
            path_in_table: path.to_owned(),
            day,
            rows: file.file.record_count(),
            sequence_number: file.sequence_number,
        });
    }
    Ok(TableSnapshot {
        location: state.location,
        columns: columns.collect(),
        days,
    })
}
