//! The condition that selects the rows to erase: equal texts and bounds of the time, joined by `AND`.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use arrow_array::cast::AsArray;
use arrow_array::types::TimestampMicrosecondType;
use arrow_array::{Array, BooleanArray, RecordBatch};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use lakefront_otel::Table;

use crate::time::DAY_MS;

/// The columns that a condition may compare with a text.
const TEXTS: [&str; 3] = ["UserId", "VisitorId", "ServiceName"];
/// The name of every table's time column in a condition.
const TIME: &str = "Timestamp";
/// Longest condition, in bytes.
const LONGEST: usize = 8 << 10;

/// A condition that selects rows. Its text is, for example,
/// `UserId = 'u-17' AND Timestamp >= '2026-03-01' AND Timestamp < '2026-04-01'`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Condition {
    texts: BTreeMap<&'static str, String>,
    /// The first selected time, in microseconds since 1970 UTC.
    from: Option<i64>,
    /// The first time after the selected ones.
    before: Option<i64>,
}

/// The text is no condition.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0}; a condition is UserId, VisitorId or ServiceName = 'text', Timestamp >= '2026-03-01', Timestamp < '2026-03-02T12:00:00Z', or \
     several of them joined by AND"
)]
pub struct InvalidCondition(String);

impl FromStr for Condition {
    type Err = InvalidCondition;

    fn from_str(text: &str) -> Result<Self, InvalidCondition> {
        if text.len() > LONGEST {
            return Err(InvalidCondition(format!("it has more than {LONGEST} bytes")));
        }
        let mut rest = text.trim_start();
        let mut condition = Self::default();
        loop {
            let name = take(&mut rest, |next| next.is_ascii_alphanumeric());
            let operator = take(&mut rest, |next| "<>=!".contains(next));
            let value = quoted(&mut rest)?;
            condition.add(name, operator, value)?;
            if rest.is_empty() {
                break;
            }
            let and = take(&mut rest, |next| next.is_ascii_alphabetic());
            if !and.eq_ignore_ascii_case("AND") {
                return Err(InvalidCondition(format!(
                    "expected AND or the end, found {:?}",
                    start(and, rest)
                )));
            }
        }
        match (condition.from, condition.before) {
            (Some(from), Some(before)) if from >= before => {
                Err(InvalidCondition("its end is not after its start".to_owned()))
            }
            _ => Ok(condition),
        }
    }
}

/// Takes the characters that match off the text, and the white space after them.
fn take<'a>(rest: &mut &'a str, is_part: impl Fn(char) -> bool) -> &'a str {
    let end = rest.find(|next| !is_part(next)).unwrap_or(rest.len());
    let (taken, after) = rest.split_at(end);
    *rest = after.trim_start();
    taken
}

/// Takes a text in single quotes off the front. Two quotes stand for one in the text.
fn quoted(rest: &mut &str) -> Result<String, InvalidCondition> {
    let mut value = String::new();
    let Some(mut inside) = rest.strip_prefix('\'') else {
        return Err(InvalidCondition(format!(
            "expected a text in quotes, found {:?}",
            start("", rest)
        )));
    };
    loop {
        let Some((part, after)) = inside.split_once('\'') else {
            return Err(InvalidCondition("a quote is not closed".to_owned()));
        };
        value.push_str(part);
        match after.strip_prefix('\'') {
            Some(more) => {
                value.push('\'');
                inside = more;
            }
            None => {
                *rest = after.trim_start();
                return Ok(value);
            }
        }
    }
}

/// Returns the start of what was not understood.
fn start(taken: &str, rest: &str) -> String {
    format!("{taken} {rest}").trim().chars().take(20).collect()
}

impl Condition {
    fn add(&mut self, name: &str, operator: &str, value: String) -> Result<(), InvalidCondition> {
        let again = match (name, operator) {
            (TIME, ">=") => self.from.replace(micros(&value)?).is_some(),
            (TIME, "<") => self.before.replace(micros(&value)?).is_some(),
            (name, "=") if TEXTS.contains(&name) => {
                if value.is_empty() {
                    return Err(InvalidCondition(format!(
                        "{name} = '' would select all rows without one"
                    )));
                }
                let column = TEXTS.into_iter().find(|text| *text == name).unwrap_or_default();
                self.texts.insert(column, value).is_some()
            }
            _ => return Err(InvalidCondition(format!("{name:?} {operator:?} is not known"))),
        };
        match again {
            true => Err(InvalidCondition(format!("{name} {operator} is there twice"))),
            false => Ok(()),
        }
    }

    /// Returns the columns of the table that the condition compares. `None` if the table lacks one: it has no such rows.
    pub(crate) fn columns(&self, table: &Table) -> Option<Vec<&'static str>> {
        let mut columns: Vec<&'static str> = self.texts.keys().copied().collect();
        columns.push(table.time_column);
        let has = |column: &&'static str| table.column(column).is_some();
        columns.iter().all(has).then_some(columns)
    }

    /// Returns true if a row of that day, in days since 1970-01-01 UTC, may be selected.
    pub(crate) fn may_select(&self, day: i32) -> bool {
        let start = i64::from(day) * DAY_MS * 1000;
        let end = start + DAY_MS * 1000;
        self.from.is_none_or(|from| from < end) && self.before.is_none_or(|before| before > start)
    }

    /// Returns for each row of a batch if it is selected. A column that the batch lacks equals no text.
    pub(crate) fn select(&self, table: &Table, batch: &RecordBatch) -> BooleanArray {
        let mut selected = vec![true; batch.num_rows()];
        for (name, wanted) in &self.texts {
            let column = batch.column_by_name(name);
            match column.and_then(|column| column.as_string_opt::<i32>()) {
                Some(values) => {
                    for (row, value) in selected.iter_mut().zip(values) {
                        *row &= value == Some(wanted.as_str());
                    }
                }
                None => selected.fill(false),
            }
        }
        let times = batch.column_by_name(table.time_column);
        match times.and_then(|times| times.as_primitive_opt::<TimestampMicrosecondType>()) {
            Some(times) if times.null_count() == 0 => {
                for (row, time) in selected.iter_mut().zip(times.values()) {
                    *row &= self.from.is_none_or(|from| *time >= from)
                        && self.before.is_none_or(|before| *time < before);
                }
            }
            _ => selected.fill(false),
        }
        selected.into()
    }
}

/// Parses a date or a timestamp with an offset, in microseconds since 1970 UTC.
fn micros(text: &str) -> Result<i64, InvalidCondition> {
    let timestamp = text.parse::<Timestamp>();
    // `Date::from_str` would ignore a time of day.
    let date = || Date::strptime("%Y-%m-%d", text).and_then(|date| date.to_zoned(TimeZone::UTC));
    timestamp
        .or_else(|_| date().map(|midnight| midnight.timestamp()))
        .map(|at| at.as_microsecond())
        .map_err(|_| InvalidCondition(format!("{text:?} is no date and no timestamp with an offset")))
}

impl fmt::Display for Condition {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let texts = self
            .texts
            .iter()
            .map(|(name, text)| format!("{name} = '{}'", text.replace('\'', "''")));
        let bound = |operator, at: Option<i64>| {
            let at = Timestamp::from_microsecond(at?).ok()?;
            Some(format!("{TIME} {operator} '{at}'"))
        };
        let all: Vec<String> = texts
            .chain(bound(">=", self.from))
            .chain(bound("<", self.before))
            .collect();
        formatter.write_str(&all.join(" AND "))
    }
}

#[cfg(test)]
#[path = "condition_tests.rs"]
mod tests;
