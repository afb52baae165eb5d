//! The lake as it is now.

use std::collections::BTreeMap;
use std::sync::Arc;

use iceberg::spec::Type;
use jiff::Timestamp;
use jiff::civil::Date;

use crate::ledger::DataFile;

/// The committed state of all tables.
#[derive(Clone, Debug)]
pub struct Head {
    /// A time before any of it was read: everything committed until then is in it.
    pub as_of: Timestamp,
    /// The tables by name. A table that did not change since the last reading is the same [`Arc`].
    pub tables: BTreeMap<&'static str, Arc<TableHead>>,
}

/// The committed state of one table.
#[derive(Clone, Debug)]
pub struct TableHead {
    /// The metadata file: another commit has another.
    pub location: String,
    /// The columns in order.
    pub columns: Vec<LakeColumn>,
    /// The files of the current snapshot by UTC day.
    pub days: BTreeMap<Date, Vec<DataFile>>,
}

/// A column of a table of the lake.
#[derive(Clone, Debug, PartialEq)]
pub struct LakeColumn {
    /// Its name.
    pub name: String,
    /// Its Iceberg type.
    pub r#type: Type,
    /// Whether null is impossible.
    pub required: bool,
}

impl Head {
    /// The files of a table's day.
    pub fn files(&self, table: &str, day: Date) -> &[DataFile] {
        self.tables
            .get(table)
            .and_then(|table| table.days.get(&day))
            .map_or(&[], Vec::as_slice)
    }

    /// Whether both were read from the same commits.
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
