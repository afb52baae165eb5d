//! How far a landing table is moved, and the state that is committed with the rows.

use std::collections::BTreeMap;

use lakefront_lake::LakeFile;
use serde::{Deserialize, Serialize};

use super::counts::Totals;
use crate::fields::WrittenInHour;

/// Microseconds of a slot of time, to which the keeper knows when it moved files.
const SLOT_MICROS: i64 = 10 * 60 * 1_000_000;

/// The most slots that are kept: a little more than a day.
const SLOTS: usize = 160;

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

impl Position {
    /// Returns the position after some rows of a file.
    pub fn of(file: &LakeFile, row: u64) -> Self {
        Self {
            sequence_number: file.sequence_number,
            file: file.file.file_path().to_owned(),
            row,
        }
    }

    /// Returns true if all rows of the file are before this position.
    pub fn is_after(&self, file: &LakeFile) -> bool {
        Self::of(file, file.file.record_count()) <= *self
    }
}

/// The keeper's state of one table. It is a property of the table, which the commit of the rows sets.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// The writer number of the moved rows; 0 before the first commit.
    pub writer: u16,
    /// Number of rows that were read from the landing table so far, and of those with counted fields. A `RowId` has the number of
    /// its row.
    pub read: u64,
    /// All rows before this position are moved.
    pub position: Position,
    /// The last commit of which all files were moved before a slot of time, for each slot in which rows were moved.
    pub before: BTreeMap<i64, i64>,
    /// The rows by the hour in which they were accepted.
    pub totals: Totals,
    /// The services whose counted fields were written in this hour, in the state of the table of logs.
    #[serde(default)]
    pub fields: WrittenInHour,
}

impl State {
    /// Notes that rows are moved at that time, in microseconds since 1970 UTC. `from` is the position before them.
    pub fn note(&mut self, now: i64, from: &Position) {
        // Of the commit itself some files may be left.
        let whole = from.sequence_number - 1;
        self.before.entry(now.div_euclid(SLOT_MICROS)).or_insert(whole);
        while self.before.len() > SLOTS {
            self.before.pop_first();
        }
    }

    /// Returns a position whose files were moved before that time, in microseconds since 1970 UTC, up to a slot earlier.
    pub fn moved_before(&self, time: i64) -> Position {
        // A slot has ended if a later one has begun.
        let Some((ended, _)) = self.before.range(..time.div_euclid(SLOT_MICROS)).next_back() else {
            return Position::default();
        };
        match self.before.range(ended + 1..).next() {
            Some((_, whole)) => Position {
                sequence_number: whole + 1,
                ..Position::default()
            },
            // Nothing was moved since.
            None => self.position.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SLOT: i64 = SLOT_MICROS;

    fn at(sequence_number: i64) -> Position {
        Position {
            sequence_number,
            file: "b".to_owned(),
            row: 3,
        }
    }

    #[test]
    fn files_count_as_moved_once_their_slot_is_over() {
        let mut state = State::default();
        assert_eq!(state.moved_before(i64::MAX), Position::default());
        for (time, from, to) in [(10, 0, 4), (SLOT / 2, 4, 6), (3 * SLOT, 6, 9)] {
            state.note(time, &at(from));
            state.position = at(to);
        }
        assert_eq!(state.moved_before(SLOT - 1), Position::default());
        // Some files of the sixth commit were moved later.
        let before_the_sixth = Position {
            sequence_number: 6,
            ..Position::default()
        };
        assert_eq!(state.moved_before(SLOT), before_the_sixth);
        assert_eq!(state.moved_before(4 * SLOT - 1), before_the_sixth);
        assert_eq!(state.moved_before(4 * SLOT), at(9));
    }

    #[test]
    fn the_state_is_bounded() {
        let mut state = State::default();
        for slot in 0..10_000 {
            state.note(slot * SLOT, &at(slot));
            state.totals.count(slot * 6 * SLOT, |landed| landed.landed += 1);
        }
        let text = serde_json::to_string(&state).expect("JSON");
        assert!(text.len() < 8_000, "{}", text.len());
        assert_eq!(serde_json::from_str::<State>(&text).expect("a state"), state);
    }
}
