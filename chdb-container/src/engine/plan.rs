//! The tables and times that a statement reads, from the engine's plan of it: the JSON of `EXPLAIN json = 1, actions = 1`.
//!
//! The plan has folded constants, values of parameters, and conditions that moved through subqueries and joins to the tables
//! that they restrict. A step that reads does not name its table. The filter [`mark`] does, which the engine puts above
//! each reading of the table.

use jiff::Timestamp;
use jiff::civil::Date;
use lakefront_clickhouse_http::literal;
use serde_json::Value;

/// One reading of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Read {
    /// The name of the table.
    pub table: String,
    /// The times of the rows that the statement needs.
    pub times: Times,
}

/// A range of times in microseconds since 1970, from the first up to and without the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Times {
    pub from: i64,
    pub to: i64,
}

impl Times {
    /// Every time.
    pub const ALL: Self = Self {
        from: i64::MIN,
        to: i64::MAX,
    };

    fn and(self, other: Self) -> Self {
        Self {
            from: self.from.max(other.from),
            to: self.to.min(other.to),
        }
    }

    /// Returns a range that has both.
    fn or(self, other: Self) -> Self {
        Self {
            from: self.from.min(other.from),
            to: self.to.max(other.to),
        }
    }
}

/// The text before the name of a table in [`mark`].
const MARK: &str = "lakefront estimates ";

/// Returns a condition on every row of a table by which its readings are found in a plan.
pub fn mark(table: &str) -> String {
    format!("_path != {}", literal(&format!("{MARK}{table}")))
}

/// Returns the readings of tables in a plan. `time_column` gives the time column of a table.
///
/// # Errors
/// If the text is no JSON.
pub fn reads(
    plan: &str,
    time_column: impl Fn(&str) -> Option<&'static str>,
) -> serde_json::Result<Vec<Read>> {
    let plans: Value = serde_json::from_str(plan)?;
    let mut found = Vec::new();
    for plan in plans.as_array().into_iter().flatten() {
        find(&plan["Plan"], None, &time_column, &mut found);
    }
    Ok(found)
}

fn find(
    step: &Value,
    above: Option<&Value>,
    time_column: &impl Fn(&str) -> Option<&'static str>,
    found: &mut Vec<Read>,
) {
    let inner = step["Plans"].as_array();
    for plan in inner.into_iter().flatten() {
        find(plan, Some(step), time_column, found);
    }
    let filter = above.filter(|above| above["Node Type"] == "Filter");
    if let Some(filter) = filter.filter(|_| inner.is_none())
        && let Some(table) = marked(filter)
        && let Some(column) = time_column(table)
    {
        let before = &step["Prewhere info"]["Prewhere filter"];
        let conditions = [
            (&filter["Expression"], &filter["Filter Column"]),
            (
                &before["Prewhere filter expression"],
                &before["Prewhere filter column"],
            ),
        ];
        let times = conditions.map(|(expression, result)| times(expression, result, column));
        found.push(Read {
            table: table.to_owned(),
            times: times[0].and(times[1]),
        });
    }
}

/// Returns the table whose [`mark`] a filter has.
fn marked(filter: &Value) -> Option<&str> {
    actions(&filter["Expression"]).find_map(|action| {
        let name = action["Result Name"].as_str()?.strip_prefix('\'')?;
        name.strip_prefix(MARK)?.strip_suffix("'_String")
    })
}

fn actions(expression: &Value) -> impl Iterator<Item = &Value> {
    expression["Actions"].as_array().into_iter().flatten()
}

/// The knowledge about a value of an expression.
#[derive(Debug, Clone, Copy)]
enum Known {
    /// The time of the row, or the begin of a unit of time that holds it. The unit is at most so many microseconds long.
    Time {
        unit: i64,
    },
    /// A constant time.
    Constant(i64),
    /// A condition that is false outside of these times.
    Within(Times),
    Nothing,
}

/// Functions that return the begin of a unit of at most a day.
const BEGINS: [&str; 8] = [
    "toDate",
    "toDateTime",
    "toStartOfDay",
    "toStartOfFifteenMinutes",
    "toStartOfFiveMinutes",
    "toStartOfHour",
    "toStartOfMinute",
    "toStartOfTenMinutes",
];

const DAY: i64 = 86_400_000_000;

/// Returns the times outside of which the result of an expression is false.
fn times(expression: &Value, result: &Value, time_column: &str) -> Times {
    // The actions put their results into places, which later ones use again.
    let mut places: Vec<Known> = Vec::new();
    let mut times = Times::ALL;
    for action in actions(expression) {
        let arguments: Vec<_> = action["Arguments"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|at| at.as_u64().and_then(|at| places.get(usize::try_from(at).ok()?)))
            .map(|known| known.copied().unwrap_or(Known::Nothing))
            .collect();
        let name = action["Result Name"].as_str().unwrap_or_default();
        let known = match action["Node Type"].as_str() {
            Some("INPUT") if name == time_column => Known::Time { unit: 0 },
            Some("COLUMN") => constant(name).map_or(Known::Nothing, Known::Constant),
            Some("ALIAS") => arguments.first().copied().unwrap_or(Known::Nothing),
            Some("FUNCTION") => computed(action["Function"].as_str().unwrap_or_default(), &arguments),
            _ => Known::Nothing,
        };
        if let Known::Within(within) = known
            && action["Result Name"] == *result
        {
            times = within;
        }
        let Some(place) = action["Result"].as_u64().and_then(|at| usize::try_from(at).ok()) else {
            continue;
        };
        // Each action makes at most one place.
        if place > places.len() {
            continue;
        }
        if place == places.len() {
            places.push(known);
        } else if let Some(old) = places.get_mut(place) {
            *old = known;
        }
    }
    times
}

fn computed(function: &str, arguments: &[Known]) -> Known {
    let within = |known: &Known| match known {
        Known::Within(times) => *times,
        _ => Times::ALL,
    };
    match (function, arguments) {
        ("and", all) => Known::Within(all.iter().map(within).fold(Times::ALL, Times::and)),
        ("or", [first, rest @ ..]) => Known::Within(rest.iter().map(within).fold(within(first), Times::or)),
        (begin, [Known::Time { unit }, ..]) if BEGINS.contains(&begin) => {
            Known::Time { unit: DAY.max(*unit) }
        }
        (_, [Known::Time { unit }, Known::Constant(at)]) => compared(function, *unit, *at),
        (_, [Known::Constant(at), Known::Time { unit }]) => match function {
            "greater" => compared("less", *unit, *at),
            "greaterOrEquals" => compared("lessOrEquals", *unit, *at),
            "less" => compared("greater", *unit, *at),
            "lessOrEquals" => compared("greaterOrEquals", *unit, *at),
            same => compared(same, *unit, *at),
        },
        _ => Known::Nothing,
    }
}

/// Returns the times for which the begin of their unit compares with a constant.
fn compared(function: &str, unit: i64, at: i64) -> Known {
    let end = at.saturating_add(unit);
    Known::Within(match function {
        "greater" | "greaterOrEquals" => Times {
            from: at,
            ..Times::ALL
        },
        "less" => Times {
            to: end,
            ..Times::ALL
        },
        "lessOrEquals" => Times {
            to: end.saturating_add(1),
            ..Times::ALL
        },
        "equals" => Times {
            from: at,
            to: end.saturating_add(1),
        },
        _ => return Known::Nothing,
    })
}

/// Parses a constant time as a plan writes it: `'2026-03-24 12:00:00'_String`, `_CAST(1795909374_DateTime, …)`,
/// `_CAST('1795737600.5'_DateTime64(6), …)` or `_CAST(20784_Date, …)`.
fn constant(name: &str) -> Option<i64> {
    let inner = name.strip_prefix("_CAST(").unwrap_or(name);
    let (value, data_type) = match inner.strip_prefix('\'') {
        Some(quoted) => quoted.split_once("'_")?,
        None => inner.split_once('_')?,
    };
    let data_type = data_type.strip_prefix("Nullable(").unwrap_or(data_type);
    if data_type.starts_with("String") {
        return instant(value);
    }
    if data_type.starts_with("DateTime") {
        return seconds(value);
    }
    if data_type.starts_with("Date") {
        return value.parse::<i64>().ok()?.checked_mul(DAY);
    }
    None
}

/// Parses a time or a day in UTC.
fn instant(text: &str) -> Option<i64> {
    if let Ok(day) = text.parse::<Date>()
        && text.len() == 10
    {
        let begin = day.at(0, 0, 0, 0).to_zoned(jiff::tz::TimeZone::UTC).ok()?;
        return Some(begin.timestamp().as_microsecond());
    }
    let zone = if text.ends_with('Z') { "" } else { "Z" };
    let time: Timestamp = format!("{text}{zone}").parse().ok()?;
    Some(time.as_microsecond())
}

/// Parses seconds since 1970 with a fraction. Digits beyond microseconds are cut off.
fn seconds(text: &str) -> Option<i64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let whole: i64 = whole.parse().ok()?;
    let fraction: String = fraction.chars().chain("000000".chars()).take(6).collect();
    let fraction: i64 = fraction.parse().ok()?;
    let sign = if text.starts_with('-') { -1 } else { 1 };
    whole.checked_mul(1_000_000)?.checked_add(sign * fraction)
}

#[cfg(test)]
#[path = "plan_tests.rs"]
mod tests;
