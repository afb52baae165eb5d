//! The data of a chart, read from a reply.

use lakefront_api::{ChartKind, QueryInfo, QueryReply, Zone};

use crate::{heat::HeatFrame, marker::Marker, ranking::RankingFrame, time_frame::TimeFrame};

/// The data of a chart, ready to be drawn.
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
    /// Reads a reply in the way that the query's chart demands.
    ///
    /// Returns `None` for kinds of charts that are not drawn, for empty replies, and for replies without the chart's
    /// columns.
    pub fn new(info: &QueryInfo, reply: &QueryReply, zone: &Zone) -> Option<Self> {
        match info.chart.kind {
            ChartKind::Line => TimeFrame::new(info, reply, zone, false).map(Self::Time),
            ChartKind::Bar => TimeFrame::new(info, reply, zone, true).map(Self::Time),
            ChartKind::Ranking => RankingFrame::new(info, reply).map(Self::Ranking),
            ChartKind::Heatmap => HeatFrame::new(info, reply, zone).map(Self::Heat),
            _ => None,
        }
    }

    /// Returns a sentence for people who cannot see the drawing. The data itself is in a table beside it.
    pub fn summary(&self, title: &str) -> String {
        let mut summary = match self {
            Self::Time(frame) => frame.summary(title),
            Self::Ranking(frame) => frame.summary(title),
            Self::Heat(frame) => frame.summary(title),
        };
        let names: Vec<_> = self.markers().iter().map(Marker::label).take(8).collect();
        if !names.is_empty() {
            summary += &format!(" Marked: {}.", names.join(", "));
        }
        summary
    }

    /// Adds the reply of the period before, which has the same length. Only series over time are compared.
    pub fn compare(&mut self, info: &QueryInfo, before: &QueryReply, zone: &Zone) {
        if let Self::Time(frame) = self {
            frame.compare(info, before, zone);
        }
    }

    /// Removes the series with these names.
    pub fn hide(&mut self, off: &[String]) {
        if let Self::Time(frame) = self {
            frame.hide(off);
        }
    }
}
