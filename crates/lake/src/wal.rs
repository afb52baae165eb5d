//! Positions of write-ahead logs, kept as table properties and set in the same metadata commit as their rows.

use std::collections::{BTreeMap, HashMap};

use iceberg::spec::Summary;

/// Property of how many writers have got a number.
pub(crate) const LAST_WRITER: &str = "lakefront.last-writer";

const POSITION: &str = "lakefront.wal.";
const SEEN: &str = "lakefront.wal-seen-ms.";

/// How far a write-ahead log is in the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct WalPosition {
    /// The log's number, from [`Lake::new_writer`](crate::Lake::new_writer).
    pub writer: u16,
    /// Everything up to and including this position is committed.
    pub position: u64,
}

/// The properties that an append sets: the position, and when it was set.
pub(crate) fn set(wal: WalPosition, now_ms: i64) -> HashMap<String, String> {
    HashMap::from([
        (format!("{POSITION}{}", wal.writer), wal.position.to_string()),
        (format!("{SEEN}{}", wal.writer), now_ms.to_string()),
    ])
}

/// The properties of a commit that gives out the number of a new writer: of the table to count on, of the snapshot to know
/// which one this was.
pub(crate) fn next_writer(properties: &HashMap<String, String>) -> HashMap<String, String> {
    let last = properties.get(LAST_WRITER).and_then(|last| last.parse().ok());
    HashMap::from([(LAST_WRITER.to_owned(), (last.unwrap_or(0_i64) + 1).to_string())])
}

/// The number that a snapshot gave out.
pub(crate) fn writer_of(summary: &Summary) -> Option<i64> {
    summary.additional_properties.get(LAST_WRITER)?.parse().ok()
}

/// The committed position of each writer.
pub(crate) fn positions(properties: &HashMap<String, String>) -> BTreeMap<u16, u64> {
    numbered(properties, POSITION)
}

/// Properties of writers that did not commit since `before_ms`.
pub(crate) fn stale(properties: &HashMap<String, String>, before_ms: i64) -> Vec<String> {
    numbered::<i64>(properties, SEEN)
        .into_iter()
        .filter(|(_, seen)| *seen < before_ms)
        .flat_map(|(writer, _)| [format!("{POSITION}{writer}"), format!("{SEEN}{writer}")])
        .collect()
}

fn numbered<T: std::str::FromStr>(properties: &HashMap<String, String>, prefix: &str) -> BTreeMap<u16, T> {
    let entry = |(key, value): (&String, &String)| {
        let writer = key.strip_prefix(prefix)?.parse().ok()?;
        Some((writer, value.parse().ok()?))
    };
    properties.iter().filter_map(entry).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_are_read_back_and_stale_writers_found() {
        let old = WalPosition {
            writer: 3,
            position: 17,
        };
        let new = WalPosition {
            writer: 300,
            position: u64::MAX,
        };
        let mut properties = set(old, 1_000);
        properties.extend(set(new, 2_000));
        properties.insert("write.format.default".to_owned(), "parquet".to_owned());
        assert_eq!(positions(&properties), BTreeMap::from([(3, 17), (300, u64::MAX)]));

        let mut stale = stale(&properties, 2_000);
        stale.sort();
        assert_eq!(stale, ["lakefront.wal-seen-ms.3", "lakefront.wal.3"]);
    }
}
