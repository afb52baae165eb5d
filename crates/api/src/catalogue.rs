use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{PanelPlace, Range};

/// `GET /queries`: what a caller can know of a named query. Its source is `queries/<name>/query.toml`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct QueryInfo {
    /// The folder's name.
    pub name: String,
    /// The panel's title.
    pub title: String,
    /// One sentence: what is counted, and how.
    pub description: String,
    /// To what the ends of a range move outward.
    pub bucket: Bucket,
    /// What it takes besides the range; `service` and `environment` included.
    pub params: Vec<ParamInfo>,
    /// What it returns, in order.
    pub columns: Vec<ColumnInfo>,
    /// How rows are ordered, for people: `views ↓, page`.
    pub order: String,
    /// How the dashboard draws it.
    pub chart: ChartSpec,
    /// Where the dashboard shows it; an empty list means nowhere.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub panels: Vec<PanelPlace>,
    /// Whole UTC days its view keeps; absent where it has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retention_days: Option<u32>,
}

/// The longest range whose rows are cut by the hour: 31 days, and what widening adds.
const LONGEST_BY_HOUR: SignedDuration = SignedDuration::from_hours(31 * 24 + 2);

impl QueryInfo {
    /// Returns the bucket of a row of a range. Hours on a time axis become days when the range is long, so that the number
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
    /// Returns true if the horizontal axis is a time that the statement cuts into buckets.
    pub fn has_time_axis(&self, columns: &[ColumnInfo]) -> bool {
        let axis = columns.iter().find(|column| column.name == self.x);
        axis.is_some_and(|column| column.data_type.starts_with("DateTime("))
    }
}

/// The grain to which a range is widened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Bucket {
    /// Not widened.
    Exact,
    /// To whole quarters of an hour, counted from 1970 in UTC: what views hold.
    Quarter,
    /// To whole hours of the request's zone.
    Hour,
    /// To whole days of the request's zone.
    Day,
}

/// A parameter of a named query.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ParamInfo {
    /// Its name in the request and in the statement.
    pub name: String,
    /// What values it takes.
    pub kind: ParamKind,
    /// The value when left out; none means it is required.
    pub default: Option<Value>,
    /// The largest value (integers) or length in bytes (text).
    #[serde(default)]
    pub max: u64,
    /// The only values a text takes; empty means any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<String>,
    /// The number of hexadecimal digits of an id. Other forms of the id are brought into that one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hex_digits: Option<usize>,
    /// One sentence.
    pub description: String,
    /// The query whose column of this name lists values to suggest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub suggest: Option<String>,
}

impl ParamInfo {
    /// Whether it must be given.
    pub fn required(&self) -> bool {
        self.default.is_none()
    }

    /// Whether it is a filter: the same thing in every query that takes it, such as `service` or `page`. Other
    /// parameters, such as `limit`, are a query's own.
    pub fn is_filter(&self) -> bool {
        let everywhere = ["service", "environment"].contains(&self.name.as_str());
        self.kind == ParamKind::Text
            && self.values.is_empty()
            && (everywhere || self.required() || self.suggest.is_some())
    }
}

/// What values a parameter takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ParamKind {
    /// Text; an empty string as a filter means "all".
    Text,
    /// A positive integer.
    Integer,
}

/// A column of a named query.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ColumnInfo {
    /// Its name.
    pub name: String,
    /// Its ClickHouse type.
    #[serde(rename = "type")]
    pub data_type: String,
    /// `ms`, `1` for a share from 0 to 1, empty for counts and text.
    #[serde(default)]
    pub unit: String,
    /// Whether people want more or less of it, where that is plain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub better: Option<Better>,
    /// One sentence.
    pub description: String,
}

/// The direction in which a number is good news.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Better {
    /// Visitors.
    More,
    /// Errors.
    Less,
}

/// How the dashboard draws a named query: names are of its columns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ChartSpec {
    /// The kind of drawing.
    pub kind: ChartKind,
    /// The horizontal axis (a time, a day or a category).
    #[serde(default)]
    pub x: String,
    /// What is measured; each is a series.
    #[serde(default)]
    pub y: Vec<String>,
    /// Columns whose distinct values split a measure into series.
    #[serde(default)]
    pub series: Vec<String>,
    /// The unit of the vertical axis.
    #[serde(default)]
    pub unit: String,
}

/// The kinds of drawings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ChartKind {
    /// Lines over time.
    Line,
    /// Stacked bars over time.
    Bar,
    /// Horizontal bars by category.
    Ranking,
    /// Rows and columns.
    Table,
    /// Shades by time and band: `series` names the lower end of a band, `y` what is counted in it.
    Heatmap,
    /// Steps, each with what is lost before it: `x` names the step, `y` what is counted; days are added up.
    Funnel,
    /// Percentiles (`y`) of web vitals (`series`) by page (`x`), rated by Google's thresholds.
    Vitals,
    /// The columns `y` of a single row, each beside its value in the period before.
    Totals,
    /// Spans of a trace: `x` is when one begins, `y` how long it takes in milliseconds, `series` what it is called.
    Waterfall,
}
