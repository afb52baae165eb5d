//! How far a landing table is moved, and the state that is committed with the rows.

use serde::{Deserialize, Serialize};

use super::counts::Totals;

/// The place in a landing table up to which all rows are moved.
///
/// Files are in the order of the commits that added them, and within a commit in the order of their locations.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Position {
    /// Sequence number of the file's commit.
    pub sequence_number: i64,
    /// Location of the file.
    pub file: String,
    /// Rows of the file that are moved.
    pub row: u64,
}

/// The keeper's state of one table. It is a property of the table, which the commit of the rows sets.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// The writer number of the moved rows; 0 before the first commit.
    pub writer: u16,
    /// Number of rows that were read from the landing table so far. A `RowId` has the number of its row.
    pub read: u64,
    /// All rows before this position are moved.
    pub position: Position,
    /// The rows by the hour in which they were accepted.
    pub totals: Totals,
}
