//! Positions of write-ahead logs. They are table properties, set in the same metadata commit as the rows.

use std::collections::{BTreeMap, HashMap};
use std::fmt::{self, Display, Formatter};
use std::str::FromStr;

use iceberg::spec::Summary;
use serde::{Deserialize, Serialize};

/// Name of the property with the last assigned writer number.
pub(crate) const LAST_WRITER: &str = "lakefront.last-writer";

/// Prefix of the property with a writer's [`WalMark`]. The writer number follows.
const POSITION: &str = "lakefront.wal.";
/// Prefix of the property with the time of a writer's last commit, in milliseconds since 1970 UTC. The writer number
/// follows.
const SEEN: &str = "lakefront.wal-seen-ms.";

/// One run of a program that owns a write-ahead log.
///
/// The text form is `TOKEN@FIRST`, the token in 16 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// A random number, different for each run.
    pub token: u64,
    /// The first position that the log of the previous session may lack.
    pub first: u64,
}

/// The value of a log's property: the committed position, and which log committed it.
///
/// The text form is `POSITION SESSION …`. Earlier versions wrote the position alone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WalMark {
    /// Everything up to and including this position is committed.
    pub position: u64,
    /// The last sessions of the log; the one that committed last is at the end. Empty in a mark of an earlier version.
    pub sessions: Vec<Session>,
}

/// The position of a log after a commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WalPosition {
    /// The log's number, from [`Lake::new_writer`](crate::Lake::new_writer).
    pub writer: u16,
    /// The mark that the commit sets. Its last session is the committing one.
    pub mark: WalMark,
    /// The mark that the session found when it started. Any other mark of another session means that another log uses
    /// the number.
    pub after: Option<WalMark>,
}

impl WalPosition {
    /// Returns the position of a log without sessions, as earlier versions committed it.
    pub fn new(writer: u16, position: u64) -> Self {
        let mark = WalMark {
            position,
            sessions: Vec::new(),
        };
        Self {
            writer,
            mark,
            after: None,
        }
    }

    /// Compares the position with the mark that the table has.
    pub(crate) fn status(&self, found: Option<&WalMark>) -> PositionStatus {
        match found {
            None => PositionStatus::New,
            Some(found) if found.token() == self.mark.token() => match found.position >= self.mark.position {
                true => PositionStatus::Committed,
                false => PositionStatus::New,
            },
            found if found == self.after.as_ref() => PositionStatus::New,
            Some(_) => PositionStatus::WriterTaken,
        }
    }
}

/// Relation of a log position to the table's mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PositionStatus {
    /// The rows are not in the table.
    New,
    /// The rows are in the table already.
    Committed,
    /// Another log commits under the same number.
    WriterTaken,
}

impl WalMark {
    /// Returns the token of the session that committed last.
    fn token(&self) -> Option<u64> {
        self.sessions.last().map(|session| session.token)
    }
}

impl Display for Session {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}@{}", self.token, self.first)
    }
}

impl FromStr for Session {
    type Err = InvalidMark;

    fn from_str(text: &str) -> Result<Self, InvalidMark> {
        let (token, first) = text.split_once('@').ok_or(InvalidMark)?;
        Ok(Self {
            token: u64::from_str_radix(token, 16).map_err(|_| InvalidMark)?,
            first: first.parse().map_err(|_| InvalidMark)?,
        })
    }
}

impl Display for WalMark {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.position.fmt(f)?;
        self.sessions
            .iter()
            .try_for_each(|session| write!(f, " {session}"))
    }
}

impl FromStr for WalMark {
    type Err = InvalidMark;

    fn from_str(text: &str) -> Result<Self, InvalidMark> {
        let mut words = text.split_whitespace();
        let position = words.next().ok_or(InvalidMark)?;
        Ok(Self {
            position: position.parse().map_err(|_| InvalidMark)?,
            sessions: words.map(str::parse).collect::<Result<_, _>>()?,
        })
    }
}

/// The error for a text that is not a [`WalMark`] or a [`Session`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected `POSITION TOKEN@FIRST …`")]
pub struct InvalidMark;

/// Returns the properties that an append sets: the mark, and the time of the commit.
pub(crate) fn set(wal: &WalPosition, now_ms: i64) -> HashMap<String, String> {
    HashMap::from([
        (format!("{POSITION}{}", wal.writer), wal.mark.to_string()),
        (format!("{SEEN}{}", wal.writer), now_ms.to_string()),
    ])
}

/// Returns the properties of a commit that assigns a writer number.
///
/// They are set on the table, as the counter, and in the snapshot's summary, where the caller finds the number of this
/// commit.
pub(crate) fn next_writer(properties: &HashMap<String, String>) -> HashMap<String, String> {
    let last = last_writer(properties);
    HashMap::from([(LAST_WRITER.to_owned(), (last + 1).to_string())])
}

/// Returns the last assigned writer number; 0 if there was none.
pub(crate) fn last_writer(properties: &HashMap<String, String>) -> i64 {
    let last = properties.get(LAST_WRITER).and_then(|last| last.parse().ok());
    last.unwrap_or(0)
}

/// Returns the writer number that a snapshot assigned.
pub(crate) fn writer_of(summary: &Summary) -> Option<i64> {
    summary.additional_properties.get(LAST_WRITER)?.parse().ok()
}

/// Returns the mark of each writer, by writer number.
pub(crate) fn marks(properties: &HashMap<String, String>) -> BTreeMap<u16, WalMark> {
    numbered(properties, POSITION)
}

/// Returns the names of the properties of writers that made no commit since `before_ms` (milliseconds since 1970 UTC).
pub(crate) fn stale(properties: &HashMap<String, String>, before_ms: i64) -> Vec<String> {
    numbered::<i64>(properties, SEEN)
        .into_iter()
        .filter(|(_, seen)| *seen < before_ms)
        .flat_map(|(writer, _)| [format!("{POSITION}{writer}"), format!("{SEEN}{writer}")])
        .collect()
}

/// Returns the values of the properties whose names are `prefix` and a writer number. Skips those that do not parse.
fn numbered<T: FromStr>(properties: &HashMap<String, String>, prefix: &str) -> BTreeMap<u16, T> {
    let entry = |(key, value): (&String, &String)| {
        let writer = key.strip_prefix(prefix)?.parse().ok()?;
        Some((writer, value.parse().ok()?))
    };
    properties.iter().filter_map(entry).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(position: u64, sessions: &[(u64, u64)]) -> WalMark {
        let session = |&(token, first): &(u64, u64)| Session { token, first };
        WalMark {
            position,
            sessions: sessions.iter().map(session).collect(),
        }
    }

    #[test]
    fn marks_are_read_back_and_stale_writers_found() {
        let old = WalPosition::new(3, 17);
        let new = WalPosition {
            writer: 300,
            mark: mark(u64::MAX, &[(0xa, 1), (u64::MAX, 5)]),
            after: None,
        };
        let mut properties = set(&old, 1_000);
        assert_eq!(
            properties["lakefront.wal.3"], "17",
            "as earlier versions wrote it"
        );
        properties.extend(set(&new, 2_000));
        properties.insert("write.format.default".to_owned(), "parquet".to_owned());
        assert_eq!(
            marks(&properties),
            BTreeMap::from([(3, old.mark), (300, new.mark)])
        );

        let mut stale = stale(&properties, 2_000);
        stale.sort();
        assert_eq!(stale, ["lakefront.wal-seen-ms.3", "lakefront.wal.3"]);
    }

    #[test]
    fn a_mark_of_another_session_is_followed_only_if_it_was_there_at_the_start() {
        let position = |found: &WalMark| WalPosition {
            writer: 1,
            mark: mark(20, &[(1, 1), (2, 11)]),
            after: Some(found.clone()),
        };
        let start = mark(10, &[(1, 1)]);
        let wal = position(&start);
        assert_eq!(wal.status(None), PositionStatus::New);
        assert_eq!(wal.status(Some(&start)), PositionStatus::New);
        assert_eq!(
            wal.status(Some(&mark(15, &[(1, 1), (2, 11)]))),
            PositionStatus::New
        );
        assert_eq!(
            wal.status(Some(&mark(20, &[(1, 1), (2, 11)]))),
            PositionStatus::Committed
        );
        for taken in [
            mark(11, &[(1, 1)]),
            mark(30, &[(3, 1)]),
            mark(10, &[(1, 1), (3, 11)]),
            mark(30, &[]),
        ] {
            assert_eq!(wal.status(Some(&taken)), PositionStatus::WriterTaken, "{taken}");
        }
        let legacy = mark(10, &[]);
        assert_eq!(position(&legacy).status(Some(&legacy)), PositionStatus::New);
    }
}
