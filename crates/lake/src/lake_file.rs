//! A data file of a table as its manifest describes it.

use iceberg::spec::{DataFile, Literal, ManifestEntry, PrimitiveLiteral, Struct};
use jiff::civil::Date;

/// A data file of a table's current snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LakeFile {
    /// The file as its manifest entry describes it: path, partition, rows, bytes, bounds.
    pub file: DataFile,
    /// Data sequence number, which gives the age of the rows. The output of a compaction has the highest number of its
    /// inputs.
    pub sequence_number: i64,
}

impl LakeFile {
    /// Returns the UTC day of the file's rows.
    pub fn day(&self) -> Date {
        date(day(self.file.partition()))
    }
}

impl From<&ManifestEntry> for LakeFile {
    fn from(entry: &ManifestEntry) -> Self {
        Self {
            file: entry.data_file().clone(),
            sequence_number: entry.sequence_number().unwrap_or_default(),
        }
    }
}

/// Returns the partition of a file, in days since 1970-01-01 UTC.
pub(crate) fn day(partition: &Struct) -> i32 {
    match partition.fields().first() {
        Some(Some(Literal::Primitive(PrimitiveLiteral::Int(day)))) => *day,
        _ => 0,
    }
}

/// Returns the date of a day that is given in days since 1970-01-01 UTC.
pub(crate) fn date(day: i32) -> Date {
    Date::constant(1970, 1, 1).saturating_add(jiff::Span::new().days(i64::from(day)))
}
