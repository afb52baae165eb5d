//! Resolves a search: checks the request, and makes a definition of it that is planned as a named query is.

use std::borrow::Cow;
use std::sync::LazyLock;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use lakefront_api::{
    BackendChoice, Bucket, Cursor, Language, Problem, ProblemType, QueryReply, Range, SearchReply,
    SearchRequest, TimeRange, Wanted, instant,
};
use lakefront_search::{Condition, Fields, MAX_BYTES, Search};
use serde_json::Value;

use crate::plan::engine_time;
use crate::time_travel::AsOf;
use crate::{Definition, Resolved, range};

/// The largest number of rows of one answer.
const MOST_ROWS: u32 = 1_000;
/// The largest number of whole rows of one answer.
const MOST_RECORDS: u32 = 50_000;
/// The longest value of a column that the caller chose, in characters. The engine returns one character more of longer ones.
const LONGEST_VALUE: u32 = 200;
/// The line of a statement that stands for the columns that the caller chose.
const COLUMNS: &str = "    {columns:Array(String)} AS columns,\n";
/// The largest number of bars of a histogram.
const MOST_BARS: i64 = 60;
/// The largest number of steps of a heat map, whose cells are links.
const MOST_COLUMNS: i64 = 30;
/// The widths of bars, in seconds: 1 s to a day, and weeks for the longest ranges.
const BARS: [u32; 16] = [
    1, 2, 5, 10, 15, 30, 60, 120, 300, 900, 1_800, 3_600, 10_800, 21_600, 86_400, 604_800,
];
/// At least so many rows are read for the values of fields, if there are as many: less than twice as many of those that fit,
/// and of the others.
const SAMPLE: u32 = 5_000;
/// The shortest slice of a range that a statement reads.
const SHORTEST_SLICE: SignedDuration = SignedDuration::from_mins(15);
/// A slice is this many times as long as the slice after it in time.
const GROWTH: i32 = 8;
/// One microsecond, the unit of stored times.
const MICROSECOND: SignedDuration = SignedDuration::from_micros(1);

static DEFINITIONS: LazyLock<Vec<Definition>> = LazyLock::new(|| {
    serde_json::from_str(include_str!(concat!(env!("OUT_DIR"), "/search.json")))
        .expect("the build script wrote it from the same types")
});

/// A checked search, as statements that are planned one after the other.
#[derive(Debug, Clone, PartialEq)]
pub struct Slices {
    /// The whole range of the search.
    pub range: Range,
    /// The largest number of rows, for an answer of rows.
    pub limit: Option<usize>,
    /// The width of a bar in seconds, for histograms and heat maps.
    pub bar_seconds: Option<u32>,
    /// True if the condition is a text of the caller's in SQL.
    pub is_sql: bool,
    /// The slices, the newest first. Together they are the range. Once a slice fills the limit, no older one is needed.
    pub slices: Vec<Resolved>,
}

impl Slices {
    /// Adds the answer of the next slice to those of the newer ones. Returns true if no older slice is needed.
    ///
    /// The reply says how its oldest rows were found, and its data is as old as that of the slice that lags most.
    pub fn add(&self, found: &mut Option<QueryReply>, mut older: QueryReply) -> bool {
        if let Some(newer) = found.take() {
            let mut rows = newer.rows;
            rows.append(&mut older.rows);
            older.rows = rows;
            older.truncated |= newer.truncated;
            older.as_of = older.as_of.min(newer.as_of);
            older.lag_seconds = older.lag_seconds.max(newer.lag_seconds);
            older.backend_ms += newer.backend_ms;
            older.waking_ms = newer.waking_ms.or(older.waking_ms);
            older.stats.rows_read += newer.stats.rows_read;
            older.stats.bytes_read += newer.stats.bytes_read;
            older.stats.store_requests = match (older.stats.store_requests, newer.stats.store_requests) {
                (None, None) => None,
                (one, other) => Some(one.unwrap_or_default() + other.unwrap_or_default()),
            };
        }
        let is_full = self.limit.is_some_and(|limit| older.rows.len() >= limit);
        if let Some(limit) = self.limit {
            older.rows.truncate(limit);
            older.range = Some(self.range);
        }
        *found = Some(older);
        is_full
    }

    /// Returns the search as one statement over its whole range.
    pub fn whole(&self) -> Option<Resolved> {
        let mut whole = self.slices.last()?.clone();
        whole.range = self.range;
        Some(whole)
    }

    /// Returns the reply of the search. It has a cursor if there may be more rows.
    pub fn reply(&self, found: QueryReply) -> SearchReply {
        let is_full = self.limit.is_some_and(|limit| found.rows.len() >= limit);
        SearchReply {
            next: if is_full { last(&found) } else { None },
            bar_seconds: self.bar_seconds,
            reply: found,
        }
    }
}

/// Returns the place of the last row.
fn last(reply: &QueryReply) -> Option<Cursor> {
    let row = reply.rows.last()?;
    // Whole rows have the names of the table.
    let value = |names: [&str; 2]| {
        let mut columns = reply.columns.iter();
        row.get(columns.position(|column| names.contains(&column.name.as_str()))?)
    };
    Some(Cursor {
        time: instant::time(value(["time", "Timestamp"])?.as_str()?)?,
        // Numbers that doubles would round are texts.
        row_id: match value(["row_id", "RowId"])? {
            Value::String(text) => text.parse().ok()?,
            number => number.as_i64()?,
        },
    })
}

/// Checks a search and divides its range into slices.
///
/// # Errors
/// [`ProblemType::BadRequest`] with the name of the field, and for `query` with the place of the fault.
pub fn resolve_search(request: &SearchRequest, now: Timestamp) -> Result<Slices, Problem> {
    let bad = |detail: String| Problem::new(ProblemType::BadRequest, detail);
    let condition = condition(request)?;
    let columns =
        Fields::parse(request.signal, &request.columns).map_err(|error| bad(format!("columns: {error}")))?;
    let columns = (!columns.is_empty()).then(|| columns.values(LONGEST_VALUE));
    let most = if request.wanted == Wanted::Records {
        MOST_RECORDS
    } else {
        MOST_ROWS
    };
    if !(1..=most).contains(&request.limit) {
        return Err(bad(format!("limit: expected a whole number from 1 to {most}")));
    }
    let is_sql = request.language == Language::Sql;
    if is_sql && request.backend == BackendChoice::Clickhouse {
        return Err(bad("backend: a condition in SQL is answered by chdb alone".into()));
    }
    let at: Option<AsOf> = request.at.as_deref().map(str::parse).transpose()?;
    let now = at.map_or(now, |at| at.end(now));
    let mut whole = range::range(request.time_range, Bucket::Exact, &TimeZone::UTC, now)?;
    let of = |params: Vec<(String, String)>, whole: Range, range: Range| {
        Ok::<_, Problem>(Resolved {
            query: Cow::Owned(definition(request, &condition, columns.as_ref())?),
            range,
            tz: "UTC".into(),
            params,
            backend: request.backend,
            max_lag: request.max_lag_seconds,
            at,
            whole: Some(whole),
        })
    };
    let mut params = condition.params.clone();
    if let Some(columns) = columns.as_ref().filter(|_| request.wanted == Wanted::Rows) {
        params.extend(columns.params.iter().cloned());
    }
    let mut push = |name: &str, value: String| params.push((name.to_owned(), value));
    let mut bar_seconds = None;
    let slices = match request.wanted {
        Wanted::Rows | Wanted::Records => {
            let before = request.before.unwrap_or(Cursor {
                time: whole.to,
                row_id: i64::MIN,
            });
            push("before_time", engine_time(before.time));
            push("before_row", before.row_id.to_string());
            push("limit", request.limit.to_string());
            let end = before
                .time
                .checked_add(MICROSECOND)
                .map_err(|error| bad(format!("before: {error}")))?;
            whole.to = whole.to.min(end);
            whole.from = whole.from.min(whole.to);
            let slices = match request.wanted {
                Wanted::Records => vec![whole],
                _ => slices(whole),
            };
            slices
                .into_iter()
                .map(|range| of(params.clone(), whole, range))
                .collect::<Result<_, _>>()?
        }
        Wanted::Histogram | Wanted::Durations => {
            let most = if request.wanted == Wanted::Histogram {
                MOST_BARS
            } else {
                MOST_COLUMNS
            };
            let seconds = bar_width(whole, most);
            push("seconds", seconds.to_string());
            bar_seconds = Some(seconds);
            vec![of(params, whole, whole)?]
        }
        Wanted::Patterns => {
            push("limit", request.limit.to_string());
            vec![of(params, whole, whole)?]
        }
        Wanted::Fields => {
            push("sample", SAMPLE.to_string());
            vec![of(params, whole, whole)?]
        }
        Wanted::Row => {
            let Some(cursor) = request.before else {
                return Err(bad(
                    "before: required with wanted \"row\"; give the cursor of the row".into(),
                ));
            };
            let end = cursor.time.checked_add(MICROSECOND);
            let to = end.map_err(|error| bad(format!("before: {error}")))?;
            let time_range = TimeRange::Absolute {
                from: cursor.time,
                to,
            };
            whole = range::range(time_range, Bucket::Exact, &TimeZone::UTC, now)?;
            vec![of(vec![("row".into(), cursor.row_id.to_string())], whole, whole)?]
        }
    };
    Ok(Slices {
        range: whole,
        limit: matches!(request.wanted, Wanted::Rows | Wanted::Records).then_some(request.limit as usize),
        bar_seconds,
        is_sql,
        slices,
    })
}

/// Returns the condition of a search.
fn condition(request: &SearchRequest) -> Result<Condition, Problem> {
    let bad = |detail: String| Problem::new(ProblemType::BadRequest, detail);
    match request.language {
        Language::Search => Search::parse(request.signal, &request.query)
            .map(|search| search.condition())
            .map_err(|error| bad(format!("query: {error}")).at(error.position)),
        Language::Sql if request.query.len() > MAX_BYTES => {
            Err(bad(format!("query: expected at most {MAX_BYTES} bytes")))
        }
        Language::Sql => Ok(Condition {
            sql: match request.query.trim() {
                "" => "true".into(),
                // The line's end closes a comment.
                text => format!("({text}\n)"),
            },
            params: Vec::new(),
        }),
    }
}

/// Returns the definition of a search: the statement of its answer with the search's condition.
///
/// A condition in SQL goes to chDB alone, whose gate judges the whole statement as one of `POST /sql`.
fn definition(
    request: &SearchRequest,
    condition: &Condition,
    columns: Option<&Condition>,
) -> Result<Definition, Problem> {
    let (signal, wanted) = (request.signal.name(), request.wanted.name());
    let name = format!("{signal}_{wanted}");
    let mut found = DEFINITIONS.iter();
    let Some(definition) = found.find(|definition| definition.info.name == name) else {
        return Err(Problem::new(
            ProblemType::BadRequest,
            format!("wanted: {signal} have no {wanted}"),
        ));
    };
    let chosen = columns.map_or_else(String::new, |columns| {
        COLUMNS.replace("{columns:Array(String)}", &columns.sql)
    });
    // The condition comes last, so that nothing in a text of the caller's is replaced.
    let with = |sql: &str| {
        sql.replace(COLUMNS, &chosen)
            .replace("{condition:Bool}", &condition.sql)
    };
    let mut definition = definition.clone();
    definition.lake_sql = with(&definition.lake_sql);
    definition.hot.take_if(|_| request.language == Language::Sql);
    if let Some(hot) = &mut definition.hot {
        hot.sql = with(&hot.sql);
    }
    Ok(definition)
}

/// Divides a range into slices, the newest first, each [`GROWTH`] times as long as the one before.
///
/// Most searches find enough rows in the newest slice. A search that finds none reads each row once, in three or four
/// statements.
fn slices(range: Range) -> Vec<Range> {
    let mut slices = Vec::new();
    let mut to = range.to;
    let mut length = (range.to.duration_since(range.from) / (GROWTH * GROWTH)).max(SHORTEST_SLICE);
    while let Ok(from) = to.checked_sub(length)
        && from > range.from
    {
        slices.push(Range { from, to });
        to = from;
        length = length.saturating_mul(GROWTH);
    }
    slices.push(Range { from: range.from, to });
    slices
}

/// Returns the smallest width of bars in seconds with which a range has at most `most`.
fn bar_width(range: Range, most: i64) -> u32 {
    let seconds = range.to.duration_since(range.from).as_secs();
    let fits = |width: &u32| seconds <= i64::from(*width) * most;
    BARS.into_iter().find(fits).unwrap_or(BARS[BARS.len() - 1])
}
