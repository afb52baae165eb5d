//! Rankings: categories with their values, in order.

use lakefront_api::{QueryInfo, QueryReply};

use crate::{
    cells::{indices, joined, number, text, words},
    unit::Unit,
};

/// The data of a ranking. The first measure is the length of the bars, and all measures are written beside them.
#[derive(Debug, Clone, PartialEq)]
pub struct RankingFrame {
    /// The name of the ranked column, for people.
    pub heading: String,
    /// The measures, in the order of the chart's `y`.
    pub measures: Vec<Measure>,
    /// The categories, in the reply's order.
    pub rows: Vec<RankingRow>,
}

/// A measure of a ranking.
#[derive(Debug, Clone, PartialEq)]
pub struct Measure {
    /// The measure's name, for people.
    pub name: String,
    /// The unit, which decides how the values are written.
    pub unit: Unit,
}

/// A category of a ranking.
#[derive(Debug, Clone, PartialEq)]
pub struct RankingRow {
    /// The value of the ranked column.
    pub value: String,
    /// The category's name: the value with those of the chart's `series`, or `(none)`.
    pub label: String,
    /// The value of each measure.
    pub values: Vec<Option<f64>>,
}

impl RankingFrame {
    /// Reads a reply. Returns `None` if it is empty or lacks a column that the chart names.
    pub fn new(info: &QueryInfo, reply: &QueryReply) -> Option<Self> {
        let chart = &info.chart;
        let labels = indices(reply, &[vec![chart.x.clone()], chart.series.clone()].concat())?;
        let values = indices(reply, &chart.y)?;
        if reply.rows.is_empty() || values.is_empty() {
            return None;
        }
        let rows = reply.rows.iter().map(|row| RankingRow {
            value: text(row, labels[0]),
            label: Some(joined(row, &labels))
                .filter(|label| !label.is_empty())
                .unwrap_or_else(|| "(none)".into()),
            values: values.iter().map(|&index| number(row, index)).collect(),
        });
        let measures = chart.y.iter().map(|name| {
            let column = info.columns.iter().find(|column| column.name == *name);
            Measure {
                name: words(name),
                unit: Unit::parse(column.map_or("", |column| &column.unit)),
            }
        });
        Some(Self {
            heading: words(&chart.x),
            measures: measures.collect(),
            rows: rows.collect(),
        })
    }

    /// Returns a sentence for people who cannot see the drawing.
    pub fn summary(&self, title: &str) -> String {
        let first = self
            .rows
            .first()
            .map(|row| format!("; first is {}", self.sentence(row)))
            .unwrap_or_default();
        format!(
            "{title}: {} ranked by {}{first}.",
            self.rows.len(),
            self.measures[0].name
        )
    }

    fn sentence(&self, row: &RankingRow) -> String {
        let value = row.values.first().copied().flatten();
        format!(
            "{} with {}",
            row.label,
            value.map_or("no value".into(), |value| self.measures[0].unit.full(value))
        )
    }

    /// Returns the length of a row's bar, from 0 to 1. The full length is 1 for shares, and the largest value for other
    /// units.
    pub fn share(&self, row: &RankingRow) -> f64 {
        let whole = if self.measures[0].unit == Unit::Share {
            1.0
        } else {
            0.0
        };
        let values = self.rows.iter().filter_map(|row| row.values[0]);
        let share = row.values[0].unwrap_or(0.0) / values.fold(whole, f64::max);
        if share.is_nan() {
            0.0
        } else {
            share.clamp(0.0, 1.0)
        }
    }
}
