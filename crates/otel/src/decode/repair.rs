//! The vocabulary of repairs: what the second, lenient reading of a body changed, and where.

use std::collections::BTreeMap;
use std::fmt::Write;

/// Deepest path of fields that is read. Values nested deeper are left out. The bound is far above the depth of
/// telemetry, and below the nesting at which `serde_json` (128 levels) and prost (100 messages) refuse a body.
pub(super) const DEPTH: usize = 64;

/// A repaired body.
#[derive(Debug)]
pub struct Repaired {
    /// The request as protobuf. An unreadable record is replaced by an empty one with the time `u64::MAX`.
    pub protobuf: Vec<u8>,
    /// Differences from the body that was sent.
    pub repairs: Repairs,
}

/// A kind of difference between a body and its repaired form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Repair {
    /// Characters that are not Unicode became U+FFFD.
    Text,
    /// A value of the wrong type for its field was kept as another type: an integer beyond 64 bits as a double, a
    /// number in place of text as a number.
    Type,
    /// A field was left out.
    LeftOut,
    /// A record has a time, measurement or structure that can't be read. It was replaced by a placeholder.
    Record,
}

/// The differences between a body and its repaired form, by kind: their number, and a description of the first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Repairs(BTreeMap<Repair, (u64, String)>);

impl Repairs {
    /// Returns the kinds of differences, with their number and the place of the first.
    pub fn iter(&self) -> impl Iterator<Item = (Repair, u64, &str)> {
        self.0
            .iter()
            .map(|(kind, (count, first))| (*kind, *count, first.as_str()))
    }

    /// Returns true if there are no differences.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the place of the first difference of a kind.
    pub fn first(&self, kind: Repair) -> Option<&str> {
        self.0.get(&kind).map(|(_, first)| first.as_str())
    }

    pub(super) fn add(&mut self, kind: Repair, count: u64, first: impl FnOnce() -> String) {
        if count > 0 {
            self.0.entry(kind).or_insert_with(|| (0, first())).0 += count;
        }
    }
}

/// The position of a reader in a body, as a path of fields.
#[derive(Default)]
pub(super) struct Path(Vec<(&'static str, Option<u32>)>);

impl Path {
    /// Enters a field, or an element of a repeated one.
    pub(super) fn enter(&mut self, field: &'static str, element: Option<u32>) {
        self.0.push((field, element));
    }

    pub(super) fn leave(&mut self) {
        self.0.pop();
    }

    pub(super) fn depth(&self) -> usize {
        self.0.len()
    }

    /// Leaves all fields below a depth.
    pub(super) fn truncate(&mut self, depth: usize) {
        self.0.truncate(depth);
    }

    pub(super) fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn is_too_deep(&self) -> bool {
        self.depth() > DEPTH
    }
}

impl std::fmt::Display for Path {
    /// Writes the path as `resourceLogs[0].scopeLogs[0].logRecords[3].body`.
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for (index, (field, element)) in self.0.iter().enumerate() {
            if index > 0 {
                formatter.write_char('.')?;
            }
            formatter.write_str(field)?;
            if let Some(element) = element {
                write!(formatter, "[{element}]")?;
            }
        }
        Ok(())
    }
}
