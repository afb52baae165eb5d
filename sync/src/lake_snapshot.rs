//! A snapshot of the lake: the committed state of all tables, which a round compares with the ledger.

use std::collections::BTreeMap;
use std::sync::Arc;

use iceberg::spec::Type;
use jiff::Timestamp;
use jiff::civil::Date;

use crate::ledger::DataFile;

/// The committed state of all tables.
#[derive(Clone, Debug)]
pub struct LakeSnapshot {
    /// A time before the state was read. Everything committed until then is included.
    pub as_of: Timestamp,
    /// The tables by name. A table without a new commit keeps the same [`Arc`].
    pub tables: BTreeMap<&'static str, Arc<TableSnapshot>>,
}

/// The committed state of one table.
#[derive(Clone, Debug)]
pub struct TableSnapshot {
    /// The path of the metadata file, which differs for every commit.
    pub location: String,
    /// The columns, in order.
    pub columns: Vec<LakeColumn>,
    /// The data files of the current snapshot, by UTC day.
    pub days: BTreeMap<Date, Vec<DataFile>>,
}

/// A column of a table of the lake.
#[derive(Clone, Debug, PartialEq)]
pub struct LakeColumn {
    pub name: String,
    pub r#type: Type,
    /// True if the column cannot contain nulls.
    pub required: bool,
}

impl LakeSnapshot {
    /// Returns the data files of a table's day.
    pub fn files(&self, table: &str, day: Date) -> &[DataFile] {
        self.tables
            .get(table)
            .and_then(|table| table.days.get(&day))
            .map_or(&[], Vec::as_slice)
    }

    /// Returns true if both were read from the same commits.
    pub fn is_same(&self, other: &Self) -> bool {
        self.tables.len() == other.tables.len()
            && self.tables.iter().all(|(name, table)| {
                other
                    .tables
                    .get(name)
                    .is_some_and(|other| other.location == table.location)
            })
    }
}
