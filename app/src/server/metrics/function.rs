//! The functions of each type of metric, such as a rate, and their values for each step and series.
//!
//! The queries do the arithmetic on single points: growth between two of them, restarts, gaps. `docs/design/metrics.md`
//! says how, and where that differs from Prometheus.

use lakefront_api::QueryReply;
use serde_json::Value;

use super::{
    super::explore::Columns,
    quantile::{Explicit, Exponential},
};

/// The type of a metric, which decides what can be shown of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A value that goes up and down.
    Gauge,
    /// A sum that only grows.
    Counter,
    /// A sum that may also fall.
    Sum,
    /// A histogram with explicit bounds.
    Histogram,
    /// An exponential histogram.
    Exponential,
    /// Quantiles that the sender computed.
    Summary,
}

/// A function of a metric. The chart shows its values.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Function {
    /// The mean of the points, or of a histogram's measurements.
    Average,
    /// The least point.
    Minimum,
    /// The greatest point.
    Maximum,
    /// The sum of the sources, or of a histogram's measurements.
    Total,
    /// The last point, added up over the sources.
    Last,
    /// The growth in a step.
    Increase,
    /// The growth in a second.
    Rate,
    /// The value at a share of the measurements, from 0 to 1.
    Quantile(f64),
}

/// The value of a series in a step. `None` if it is not known.
#[derive(Debug, Clone, PartialEq)]
pub struct Point {
    /// The beginning of the step, as the query gives it.
    pub time: String,
    /// The name of the series.
    pub series: String,
    /// The value.
    pub value: Option<f64>,
}

impl Kind {
    /// Parses the type as the query `metrics` gives it.
    pub fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "gauge" => Self::Gauge,
            "counter" => Self::Counter,
            "sum" => Self::Sum,
            "histogram" => Self::Histogram,
            "exponential histogram" => Self::Exponential,
            "summary" => Self::Summary,
            _ => return None,
        })
    }

    /// Returns the query for the points of this type.
    pub const fn query(self) -> &'static str {
        match self {
            Self::Gauge => "metric_gauge",
            Self::Counter | Self::Sum => "metric_sum",
            Self::Histogram => "metric_histogram",
            Self::Exponential => "metric_exponential_histogram",
            Self::Summary => "metric_summary",
        }
    }

    /// Returns what can be shown, the usual first. The quantiles of a summary are those of the answer.
    pub fn functions(self, temporality: &str, answer: &QueryReply) -> Vec<Function> {
        use Function::{Average, Increase, Last, Maximum, Minimum, Quantile, Rate, Total};

        let is_delta = temporality == "delta";
        match self {
            Self::Gauge => vec![Average, Minimum, Maximum, Total, Last],
            Self::Counter if is_delta => vec![Rate, Increase],
            Self::Counter => vec![Rate, Increase, Last],
            Self::Sum if is_delta => vec![Increase, Rate],
            Self::Sum => vec![Last, Increase, Rate],
            Self::Histogram | Self::Exponential => {
                let mut all: Vec<_> = [0.95, 0.5, 0.75, 0.9, 0.99].map(Quantile).into();
                all.extend([Average, Rate, Increase, Total]);
                all
            }
            Self::Summary => {
                let columns = Columns(answer);
                let quantiles = answer
                    .rows
                    .iter()
                    .filter_map(|row| number(&columns, row, "quantile"));
                let mut quantiles: Vec<_> = quantiles.filter(|at| (0.0..=1.0).contains(at)).collect();
                quantiles.sort_by(|a, b| b.total_cmp(a));
                quantiles.dedup();
                quantiles.into_iter().map(Quantile).collect()
            }
        }
    }
}

impl Function {
    /// Returns the name in the address.
    pub fn key(self) -> String {
        match self {
            Self::Average => "average".into(),
            Self::Minimum => "minimum".into(),
            Self::Maximum => "maximum".into(),
            Self::Total => "sum".into(),
            Self::Last => "last".into(),
            Self::Increase => "increase".into(),
            Self::Rate => "rate".into(),
            Self::Quantile(at) => format!("p{}", (at * 1e8).round() / 1e6),
        }
    }

    /// Returns the name for people.
    pub fn label(self, kind: Kind) -> String {
        let of_histogram = matches!(kind, Kind::Histogram | Kind::Exponential);
        let label = match self {
            Self::Average => "Average",
            Self::Minimum => "Minimum",
            Self::Maximum => "Maximum",
            Self::Total if of_histogram => "Sum of the measurements",
            Self::Total => "Sum over the sources",
            Self::Last if kind == Kind::Gauge => "Last value",
            Self::Last => "Value",
            Self::Increase if of_histogram => "Measurements",
            Self::Increase if kind == Kind::Sum => "Change",
            Self::Increase => "Increase",
            Self::Rate if of_histogram => "Measurements per second",
            Self::Rate if kind == Kind::Sum => "Change per second",
            Self::Rate => "Rate per second",
            Self::Quantile(_) => return self.key(),
        };
        label.into()
    }

    /// Returns true if the value grows with the length of the step, so that a step that is cut off has less of it.
    pub const fn is_growth(self, kind: Kind) -> bool {
        match self {
            Self::Increase | Self::Rate => true,
            Self::Total => matches!(kind, Kind::Histogram | Kind::Exponential),
            _ => false,
        }
    }

    /// Returns true if the value counts measurements, whatever their unit.
    pub const fn is_count(self, kind: Kind) -> bool {
        matches!(self, Self::Increase | Self::Rate) && matches!(kind, Kind::Histogram | Kind::Exponential)
    }

    /// Computes the points of an answer whose steps have a width in seconds.
    pub fn points(self, kind: Kind, answer: &QueryReply, width: u32) -> Vec<Point> {
        let columns = Columns(answer);
        let key = |row: &[Value]| {
            (
                columns.text(row, "time").to_owned(),
                columns.text(row, "series").to_owned(),
            )
        };
        // The queries order their rows by time and series.
        let groups = answer.rows.chunk_by(|a, b| key(a) == key(b));
        groups
            .map(|rows| {
                let (time, series) = key(&rows[0]);
                let value = self.value(kind, &columns, rows, f64::from(width));
                Point {
                    time,
                    series,
                    value: value.filter(|value| value.is_finite()),
                }
            })
            .collect()
    }

    /// Computes the value of the rows of one step and series. All types but histograms and summaries have one row.
    fn value(self, kind: Kind, columns: &Columns<'_>, rows: &[Vec<Value>], width: f64) -> Option<f64> {
        let first = |name: &str| number(columns, &rows[0], name);
        let sum = |name: &str| -> f64 { rows.iter().filter_map(|row| number(columns, row, name)).sum() };
        match (kind, self) {
            (Kind::Gauge, Self::Average) => first("average"),
            (Kind::Gauge, Self::Minimum) => first("minimum"),
            (Kind::Gauge, Self::Maximum) => first("maximum"),
            (Kind::Gauge, Self::Total) => first("total"),
            (Kind::Gauge | Kind::Counter | Kind::Sum, Self::Last) => first("last"),
            (Kind::Counter | Kind::Sum, Self::Increase) => first("increase"),
            (Kind::Counter | Kind::Sum, Self::Rate) => Some(first("increase")? / width),
            (Kind::Summary, Self::Quantile(at)) => {
                let same = |row: &&Vec<Value>| {
                    number(columns, row, "quantile").is_some_and(|of| (of - at).abs() < 1e-9)
                };
                number(columns, rows.iter().find(same)?, "value")
            }
            (Kind::Histogram | Kind::Exponential, Self::Average) => {
                let count = sum("measurements");
                (count > 0.0).then(|| sum("total") / count)
            }
            (Kind::Histogram | Kind::Exponential, Self::Total) => Some(sum("total")),
            (Kind::Histogram | Kind::Exponential, Self::Increase) => Some(sum("measurements")),
            (Kind::Histogram | Kind::Exponential, Self::Rate) => Some(sum("measurements") / width),
            (Kind::Histogram, Self::Quantile(at)) => {
                let histograms = rows.iter().map(|row| Explicit {
                    bounds: numbers(columns.value(row, "bounds")),
                    counts: numbers(columns.value(row, "buckets")),
                });
                histograms.reduce(|all, next| all.merged(&next))?.quantile(at)
            }
            (Kind::Exponential, Self::Quantile(at)) => {
                let row = &rows[0];
                let side = |name: &str| buckets(columns.value(row, name));
                let histogram = Exponential {
                    scale: first("scale")? as i32,
                    zeros: first("zeros")?,
                    positive: side("positive"),
                    negative: side("negative"),
                };
                histogram.quantile(at)
            }
            _ => None,
        }
    }
}

/// Returns a cell as a number. An engine writes a large integer as text.
fn number(columns: &Columns<'_>, row: &[Value], name: &str) -> Option<f64> {
    cell(columns.value(row, name)?)
}

fn cell(value: &Value) -> Option<f64> {
    match value {
        Value::String(text) => text.parse().ok(),
        value => value.as_f64(),
    }
}

fn numbers(value: Option<&Value>) -> Vec<f64> {
    let values = value.and_then(Value::as_array);
    values
        .into_iter()
        .flatten()
        .map(|value| cell(value).unwrap_or_default())
        .collect()
}

/// Returns index and measurements of the buckets on one side of zero, in ascending order of the index.
fn buckets(value: Option<&Value>) -> Vec<(i32, f64)> {
    let side = |at: usize| numbers(value.and_then(|value| value.get(at)));
    let mut buckets: Vec<_> = side(0)
        .into_iter()
        .map(|index| index as i32)
        .zip(side(1))
        .collect();
    buckets.sort_by_key(|(index, _)| *index);
    buckets
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn answer(columns: &[&str], rows: Value) -> QueryReply {
        let columns: Vec<_> = columns
            .iter()
            .map(|name| json!({"name": name, "type": ""}))
            .collect();
        serde_json::from_value(json!({
            "columns": columns, "rows": rows, "truncated": false, "backend": "chdb", "reason": "no-clickhouse",
            "asOf": null, "lagSeconds": null, "elapsedMs": 1.0, "backendMs": 1.0, "stats": {"rowsRead": 0, "bytesRead": 0}
        }))
        .unwrap()
    }

    fn values(function: Function, kind: Kind, answer: &QueryReply) -> Vec<Option<f64>> {
        let points = function.points(kind, answer, 60);
        points.into_iter().map(|point| point.value).collect()
    }

    #[test]
    fn a_rate_is_growth_by_second_and_an_unknown_one_is_a_gap() {
        let sum = answer(
            &["time", "series", "increase", "last"],
            json!([
                ["t1", "a", null, 40],
                ["t2", "a", 30, 70],
                ["t2", "b", "90", "90"]
            ]),
        );
        assert_eq!(
            values(Function::Increase, Kind::Counter, &sum),
            [None, Some(30.0), Some(90.0)]
        );
        assert_eq!(
            values(Function::Rate, Kind::Counter, &sum),
            [None, Some(0.5), Some(1.5)]
        );
        assert_eq!(
            values(Function::Last, Kind::Counter, &sum),
            [Some(40.0), Some(70.0), Some(90.0)]
        );
    }

    #[test]
    fn rows_with_other_bounds_are_one_point() {
        let histogram = answer(
            &["time", "series", "measurements", "total", "bounds", "buckets"],
            json!([
                ["t1", "", 4, 10.0, [1, 2], [0, 4, 0]],
                ["t1", "", 2, 2.0, [2, 4], [2, 0, 0]],
                ["t2", "", 0, 0.0, [1, 2], [0, 0, 0]],
                ["t3", "", 3, 9.0, [], []],
            ]),
        );
        assert_eq!(
            values(Function::Average, Kind::Histogram, &histogram),
            [Some(2.0), None, Some(3.0)]
        );
        assert_eq!(
            values(Function::Rate, Kind::Histogram, &histogram),
            [Some(0.1), Some(0.0), Some(0.05)]
        );
        assert_eq!(
            values(Function::Total, Kind::Histogram, &histogram),
            [Some(12.0), Some(0.0), Some(9.0)]
        );
        assert_eq!(
            values(Function::Quantile(0.5), Kind::Histogram, &histogram),
            [Some(1.0), None, None]
        );
    }

    #[test]
    fn exponential_buckets_may_come_in_any_order() {
        let histogram = answer(
            &[
                "time",
                "series",
                "measurements",
                "total",
                "scale",
                "zeros",
                "positive",
                "negative",
            ],
            json!([["t1", "", 4, 5.0, 0, 0, [[2, 0, 1], [1, 1, 2]], [[], []]]]),
        );
        assert_eq!(
            values(Function::Quantile(0.25), Kind::Exponential, &histogram),
            [Some(2.0)]
        );
        assert_eq!(
            values(Function::Quantile(1.0), Kind::Exponential, &histogram),
            [Some(8.0)]
        );
        assert_eq!(
            values(Function::Average, Kind::Exponential, &histogram),
            [Some(1.25)]
        );
    }

    #[test]
    fn a_summary_shows_the_quantiles_that_it_has() {
        let summary = answer(
            &["time", "series", "quantile", "value"],
            json!([["t1", "", 0.5, 1.0], ["t1", "", 0.999, 7.0], ["t2", "", 0.5, 2.0]]),
        );
        let functions = Kind::Summary.functions("", &summary);
        let keys: Vec<_> = functions.iter().map(|function| function.key()).collect();
        assert_eq!(keys, ["p99.9", "p50"]);
        assert_eq!(values(functions[0], Kind::Summary, &summary), [Some(7.0), None]);
    }

    #[test]
    fn a_delta_has_no_value_of_its_own() {
        let none = answer(&[], json!([]));
        assert!(!Kind::Counter.functions("delta", &none).contains(&Function::Last));
        assert!(
            Kind::Counter
                .functions("cumulative", &none)
                .contains(&Function::Last)
        );
        assert_eq!(Kind::Sum.functions("cumulative", &none)[0], Function::Last);
    }

    #[test]
    fn what_cannot_be_drawn_is_a_gap() {
        let gauge = answer(
            &["time", "series", "average"],
            json!([["t1", "", "inf"], ["t2", "", null], ["t3", "", "no"]]),
        );
        assert_eq!(values(Function::Average, Kind::Gauge, &gauge), [None, None, None]);
        assert_eq!(values(Function::Rate, Kind::Gauge, &gauge), [None, None, None]);
    }
}
