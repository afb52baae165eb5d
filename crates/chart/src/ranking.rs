//! Rankings: horizontal bars by category, with the values beside them.

use lakefront_api::{QueryInfo, QueryReply};
use plotters::{coord::Shift, drawing::DrawingArea, element::Rectangle, style::Color};

use crate::{
    cells::{indices, joined, number, words},
    plot::{DrawResult, label, px},
    style_class::{Mark, StyleClass},
    svg::Svg,
    text,
    unit::Unit,
};
use plotters_backend::text_anchor::HPos;

/// The height of a row, the height of the headings, and the space beside a text, in pixels.
const ROW: f64 = 30.0;
const HEADING: f64 = 22.0;
const PAD: f64 = 8.0;

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
    /// The category's name.
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

    /// Returns the height of the drawing in pixels.
    pub fn height(&self) -> u32 {
        (HEADING + ROW * self.rows.len() as f64) as u32
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

    pub(crate) fn paint(&self, root: &DrawingArea<Svg<'_>, Shift>, width: f64) -> DrawResult {
        let cell = |measure: usize, row: &RankingRow| {
            row.values[measure].map_or_else(|| "–".into(), |value| self.measures[measure].unit.full(value))
        };
        // The columns of values are placed from the right, each as wide as its widest text.
        let mut right = width;
        let mut columns = Vec::new();
        for (index, measure) in self.measures.iter().enumerate().rev() {
            let widest = self
                .rows
                .iter()
                .map(|row| text::width(&cell(index, row)))
                .fold(text::width(&measure.name), f64::max);
            columns.push((index, right));
            right -= widest + 2.0 * PAD;
        }
        let room = right.max(width / 4.0);
        // The full length of a bar is 1 for shares, and the largest value for other units.
        let whole = if self.measures[0].unit == Unit::Share {
            1.0
        } else {
            0.0
        };
        let most = self
            .rows
            .iter()
            .filter_map(|row| row.values[0])
            .fold(whole, f64::max);

        label(
            root,
            &self.heading,
            StyleClass::Label,
            HPos::Left,
            (PAD, HEADING / 2.0 - 2.0),
        )?;
        for &(index, x) in &columns {
            label(
                root,
                &self.measures[index].name,
                StyleClass::Label,
                HPos::Right,
                (x, HEADING / 2.0 - 2.0),
            )?;
        }
        for (number, row) in self.rows.iter().enumerate() {
            let top = HEADING + ROW * number as f64;
            let share = row.values[0].map_or(0.0, |value| (value / most).clamp(0.0, 1.0));
            let share = if share.is_nan() { 0.0 } else { share };
            let bar = |to: f64, class: StyleClass| {
                let corners = [(px(0.0), px(top + 2.0)), (px(to), px(top + ROW - 2.0))];
                Rectangle::new(corners, class.colour().filled())
            };
            root.draw(&bar(room, StyleClass::Track))?;
            root.draw(&bar(
                (room * share).max(2.0),
                StyleClass::Series(Mark {
                    faint: true,
                    ..Mark::new(0, 0)
                }),
            ))?;
            let middle = top + ROW / 2.0;
            label(
                root,
                &text::fit(&row.label, room - 2.0 * PAD),
                StyleClass::Text,
                HPos::Left,
                (PAD, middle),
            )?;
            for &(index, x) in &columns {
                label(
                    root,
                    &cell(index, row),
                    StyleClass::Text,
                    HPos::Right,
                    (x, middle),
                )?;
            }
        }
        Ok(())
    }
}
