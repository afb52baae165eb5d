//! The request and the reply of `/search`.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{BackendChoice, QueryReply, TimeRange};

/// A signal whose rows can be searched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Signal {
    /// Log records.
    Logs,
    /// Spans.
    Traces,
}

impl Wanted {
    /// Returns the name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rows => "rows",
            Self::Histogram => "histogram",
            Self::Durations => "durations",
            Self::Patterns => "patterns",
            Self::Fields => "fields",
            Self::Records => "records",
            Self::Row => "row",
        }
    }
}

impl Signal {
    /// Returns the name on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Logs => "logs",
            Self::Traces => "traces",
        }
    }

    /// Returns the name of the table with the rows.
    pub const fn table(self) -> &'static str {
        match self {
            Self::Logs => "otel_logs",
            Self::Traces => "otel_traces",
        }
    }
}

/// The body of `POST /search`: a text in the search language.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SearchRequest {
    /// The signal to search.
    pub signal: Signal,
    /// The text of the search. An empty one fits every row.
    #[serde(default)]
    pub query: String,
    /// The language of `query`.
    #[serde(default, skip_serializing_if = "Language::is_search")]
    pub language: Language,
    /// The names of fields whose values each row has in `columns`, with commas between them, as in `route, host.name`. Only
    /// answers of rows have them.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub columns: String,
    /// The time range.
    #[serde(default)]
    pub time_range: TimeRange,
    /// The largest number of rows, from 1 to 1,000, and to 50,000 with `"wanted": "records"`.
    #[serde(default = "fifty")]
    pub limit: u32,
    /// The last row of the page before: only rows after it in the order of the answer are returned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<Cursor>,
    /// The answer that is wanted.
    #[serde(default)]
    pub wanted: Wanted,
    /// The engines that may answer.
    #[serde(default)]
    pub backend: BackendChoice,
    /// The largest accepted lag of the answer behind the lake, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_lag_seconds: Option<u64>,
    /// A snapshot id of the table, or an RFC 3339 time. The answer is then from that past state of the lake.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
    /// True if the reply should contain the statement that was sent to the engine.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub explain: bool,
}

fn fifty() -> u32 {
    50
}

/// The languages in which a search is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// Words and fields, such as `level:error timeout`.
    #[default]
    Search,
    /// A condition in ClickHouse's SQL, such as `SeverityNumber >= 17 AND Body ILIKE '%timeout%'`. Only chDB answers it, within
    /// the limits of `POST /sql`.
    Sql,
}

impl Language {
    /// Returns true for [`Language::Search`].
    pub fn is_search(&self) -> bool {
        *self == Self::Search
    }
}

/// The answers of a search.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Wanted {
    /// The rows that fit, the newest first.
    #[default]
    Rows,
    /// The number of rows that fit, by time and severity or status.
    Histogram,
    /// The number of spans that fit, and of failed ones, by time and duration. Only traces have them.
    Durations,
    /// The texts of log lines without their numbers and ids, the most frequent first, with the number of lines. Only logs
    /// have them.
    Patterns,
    /// The values of fields in rows that fit, and how many of the other rows of the range have them, the most different
    /// first. Both numbers are of samples of 5,000 to 10,000 rows; the first row has the sizes of the samples.
    Fields,
    /// The rows that fit, the newest first, with all columns of the table.
    Records,
    /// The one row that `before` names, with all of its attributes.
    Row,
}

/// The place of a row in the order of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Cursor {
    /// The row's time.
    pub time: Timestamp,
    /// The row's number.
    pub row_id: i64,
}

impl fmt::Display for Cursor {
    /// Formats the cursor as microseconds since 1970 and the row's number, both decimal.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}_{}", self.time.as_microsecond(), self.row_id)
    }
}

impl FromStr for Cursor {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let read = || {
            let (time, row_id) = text.split_once('_')?;
            let time = Timestamp::from_microsecond(time.parse().ok()?).ok()?;
            Some(Self {
                time,
                row_id: row_id.parse().ok()?,
            })
        };
        read().ok_or_else(|| "expected a cursor as `next` of a reply has it".into())
    }
}

impl TryFrom<String> for Cursor {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Cursor> for String {
    fn from(cursor: Cursor) -> Self {
        cursor.to_string()
    }
}

/// The reply to `POST /search`: that of a named query, and the cursor of the next page.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SearchReply {
    /// The rows, and how they were found.
    #[serde(flatten)]
    pub reply: QueryReply,
    /// The cursor for `before` of the next request. Absent after the last row.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<Cursor>,
    /// The width of a histogram's bars, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bar_seconds: Option<u32>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_as_it_is_written() {
        let cursor: Cursor = "1774353600123456_-9223372036854775808".parse().unwrap();
        assert_eq!(cursor.to_string(), "1774353600123456_-9223372036854775808");
        for text in ["", "1", "1_", "_1", "1_x", "99999999999999999999_1"] {
            assert!(text.parse::<Cursor>().is_err(), "{text}");
        }
    }
}
