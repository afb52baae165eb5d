use lakefront_api::{ChartKind, QueryInfo, QueryReply, Zone};
use serde_json::Value;

use crate::{heat::HeatFrame, ranking::RankingFrame, time_frame::TimeFrame};

/// What is drawn of a reply.
#[derive(Debug, Clone, PartialEq)]
pub enum Frame {
    /// Lines or stacked bars over time.
    Time(TimeFrame),
    /// Horizontal bars by category.
    Ranking(RankingFrame),
    /// Shades by time and band.
    Heat(HeatFrame),
}

impl Frame {
    /// Reads a reply as its query's chart says. None for what is no drawing, for empty replies and for replies without
    /// the columns that the chart names.
    pub fn new(info: &QueryInfo, reply: &QueryReply, zone: &Zone) -> Option<Self> {
        match info.chart.kind {
            ChartKind::Line => TimeFrame::new(info, reply, zone, false).map(Self::Time),
            ChartKind::Bar => TimeFrame::new(info, reply, zone, true).map(Self::Time),
            ChartKind::Ranking => RankingFrame::new(info, reply).map(Self::Ranking),
            ChartKind::Heatmap => HeatFrame::new(info, reply, zone).map(Self::Heat),
            _ => None,
        }
    }

    /// One sentence for people who do not see the drawing. The data itself is in a table beside it.
    pub fn summary(&self, title: &str) -> String {
        match self {
            Self::Time(frame) => frame.summary(title),
            Self::Ranking(frame) => frame.summary(title),
            Self::Heat(frame) => frame.summary(title),
        }
    }

    /// Without some series, by their names.
    pub fn hide(&mut self, off: &[String]) {
        if let Self::Time(frame) = self {
            frame.series.retain(|series| !off.contains(&series.name));
        }
    }
}

/// Where a column is in the rows of a reply.
pub fn index(reply: &QueryReply, column: &str) -> Option<usize> {
    reply.columns.iter().position(|c| c.name == column)
}

/// Where each of some columns is; none when one is missing.
pub fn indices(reply: &QueryReply, columns: &[String]) -> Option<Vec<usize>> {
    columns.iter().map(|column| index(reply, column)).collect()
}

/// A cell as a number; what is not finite is a gap.
pub fn number(row: &[Value], index: usize) -> Option<f64> {
    row.get(index)?.as_f64().filter(|value| value.is_finite())
}

/// A cell as text.
pub fn text(row: &[Value], index: usize) -> String {
    match row.get(index) {
        Some(Value::String(text)) => text.clone(),
        None | Some(Value::Null) => String::new(),
        Some(value) => value.to_string(),
    }
}

/// Several cells as one name, empty ones left out.
pub fn joined(row: &[Value], indices: &[usize]) -> String {
    let texts: Vec<_> = indices.iter().map(|&index| text(row, index)).collect();
    named(&texts, "")
}

/// Texts as one name, with something in place of empty ones.
pub fn named(texts: &[String], empty: &str) -> String {
    let parts = texts
        .iter()
        .map(|text| if text.is_empty() { empty } else { text });
    let parts: Vec<_> = parts.filter(|part| !part.is_empty()).collect();
    parts.join(" · ")
}

/// A column's name for people: `p99_ms` is "p99", `first_seen` is "first seen".
pub fn words(column: &str) -> String {
    column.strip_suffix("_ms").unwrap_or(column).replace('_', " ")
}
