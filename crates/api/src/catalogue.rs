//! The entries of `GET /queries`: parameters, columns, charts and panels of the named queries.

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Page, PanelPlace, Range, Signal};

/// A named query as `GET /queries` describes it. The source is `queries/<name>/query.toml`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct QueryInfo {
    /// The query's name, which is the name of its folder.
    pub name: String,
    /// The title of the query's panel.
    pub title: String,
    /// One sentence that says what is counted, and how.
    pub description: String,
    /// The unit to which the ends of a range move outward.
    pub bucket: Bucket,
    /// The query's parameters besides the range, with `service` and `environment` among them.
    pub params: Vec<ParamInfo>,
    /// The columns of the answer, in order.
    pub columns: Vec<ColumnInfo>,
    /// The order of the rows, as a text for people such as `views ↓, page`.
    pub order: String,
    /// The chart that the dashboard draws from the answer.
    pub chart: ChartSpec,
    /// The places on the dashboard's pages. An empty list means that no page shows the query.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub panels: Vec<PanelPlace>,
    /// The pages that list the records which the query counts, each with its search, as in `logs?q=error:*`. The range and the
    /// parameters of a request narrow them further. An empty list means that no search finds these records.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rows: Vec<String>,
    /// The number of whole UTC days that the query's view keeps. Absent if the query has no view.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retention_days: Option<u32>,
}

impl QueryInfo {
    /// Returns the signals and texts of the searches that find the counted records.
    pub fn row_searches(&self) -> impl Iterator<Item = (Signal, &str)> {
        self.rows.iter().filter_map(|rows| row_search(rows))
    }
}

/// Parses an entry of [`QueryInfo::rows`] to its signal and the text of its search, which may be empty.
pub fn row_search(rows: &str) -> Option<(Signal, &str)> {
    let (page, search) = rows.split_once("?q=")?;
    Some((Page::of_slug(page)?.signal()?, search))
}

/// The longest range whose rows are hours: 31 days, and the hours that widening adds.
const LONGEST_BY_HOUR: SignedDuration = SignedDuration::from_hours(31 * 24 + 2);

impl QueryInfo {
    /// Returns the bucket of each row for a range. Hours on a time axis become days in a long range, so that the number
    /// of rows stays bounded.
    pub fn grain(&self, range: Range) -> Bucket {
        let is_long = range.to.duration_since(range.from) > LONGEST_BY_HOUR;
        if self.bucket == Bucket::Hour && is_long && self.chart.has_time_axis(&self.columns) {
            Bucket::Day
        } else {
            self.bucket
        }
    }
}

impl ChartSpec {
    /// Returns true if the horizontal axis is a time that the statement divides into buckets.
    pub fn has_time_axis(&self, columns: &[ColumnInfo]) -> bool {
        let axis = columns.iter().find(|column| column.name == self.x);
        axis.is_some_and(|column| column.data_type.starts_with("DateTime("))
    }
}

/// The unit to which a range is widened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Bucket {
    /// The range is not widened.
    Exact,
    /// Whole quarters of an hour, counted from 1970 in UTC, which is the grain of the views.
    Quarter,
    /// Whole hours of the request's zone.
    Hour,
    /// Whole days of the request's zone.
    Day,
}

/// A parameter of a named query.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ParamInfo {
    /// The name in the request and in the statement.
    pub name: String,
    /// The type of the values.
    pub kind: ParamKind,
    /// The value of a parameter that is left out. A parameter without a default is required.
    pub default: Option<Value>,
    /// The largest value of an integer, or the longest text or list of steps in bytes.
    #[serde(default)]
    pub max: u64,
    /// The permitted values of a text, or those that are suggested for steps. An empty list permits any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<String>,
    /// The number of hexadecimal digits, if the parameter is an id. Other forms of the id are converted to this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hex_digits: Option<usize>,
    /// One sentence that describes the parameter.
    pub description: String,
    /// The query whose column of the parameter's name lists suggested values.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suggest: Option<String>,
}

impl ParamInfo {
    /// Returns true if a request must give the parameter.
    pub fn required(&self) -> bool {
        self.default.is_none()
    }

    /// Returns true if the parameter is a filter, such as `service` or `page`, which has the same meaning in every
    /// query. Other parameters, such as `limit`, belong to one query.
    pub fn is_filter(&self) -> bool {
        let everywhere = ["service", "environment"].contains(&self.name.as_str());
        self.kind == ParamKind::Text
            && self.values.is_empty()
            && (everywhere || self.required() || self.suggest.is_some())
    }
}

/// The type of a parameter's values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ParamKind {
    /// A text. In a filter the empty text means "all".
    Text,
    /// A positive integer.
    Integer,
    /// The steps of a funnel, as [`funnel_steps`](crate::funnel_steps) reads them. `values` are the funnels of the deployment, which are suggested,
    /// and the first of them is the default.
    Steps,
}

/// A column of a named query.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ColumnInfo {
    /// The column's name.
    pub name: String,
    /// The column's ClickHouse type.
    #[serde(rename = "type")]
    pub data_type: String,
    /// The unit: `ms` for milliseconds, `1` for a share from 0 to 1, empty for counts and text.
    #[serde(default)]
    pub unit: String,
    /// The direction in which the value is good news, if there is a clear one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub better: Option<Better>,
    /// One sentence that describes the column.
    pub description: String,
}

/// The direction in which a value is good news.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Better {
    /// More is better, as with visitors.
    More,
    /// Less is better, as with errors.
    Less,
}

/// The chart of a named query. All names are those of the query's columns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ChartSpec {
    /// The kind of chart.
    pub kind: ChartKind,
    /// The column of the horizontal axis: a time, a day or a category.
    #[serde(default)]
    pub x: String,
    /// The measured columns, each of which is a series.
    #[serde(default)]
    pub y: Vec<String>,
    /// The columns whose distinct values split a measure into series.
    #[serde(default)]
    pub series: Vec<String>,
    /// The unit of the vertical axis.
    #[serde(default)]
    pub unit: String,
    /// The width of a bucket in seconds, if it is not the query's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step_seconds: Option<u32>,
}

/// The kinds of charts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ChartKind {
    /// Lines over time.
    Line,
    /// Stacked bars over time.
    Bar,
    /// Horizontal bars by category.
    Ranking,
    /// A table of rows and columns.
    Table,
    /// Shades by time and band. `series` is the column of a band's lower end, `y` that of the count in the band.
    Heatmap,
    /// The steps of a funnel, each with the loss before it. `x` is the column of the step, `series` that of its number, `y`
    /// that of the count, summed over days.
    Funnel,
    /// Percentiles (`y`) of web vitals (`series`) by page (`x`), rated by Google's thresholds.
    Vitals,
    /// The columns `y` of a single row, each beside its value in the period before.
    Totals,
    /// Moments that every chart over time marks, such as releases. `x` is the time of a moment, `series` its name. No panel
    /// shows the query.
    Markers,
    /// A drawing of the calls between services. `x` is the column of the caller and `series` that of the callee. `y` has
    /// three columns: calls a minute, the share of failed calls, and the duration in milliseconds.
    Map,
    /// Rows one at a time, the first one first, with links to the row before and after. `x` is the column that counts
    /// as their time.
    Record,
    /// The spans of a trace. `x` is the start of a span, `y` its duration in milliseconds, and `series` its name.
    Waterfall,
}
