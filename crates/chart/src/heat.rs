//! Heat maps: counts by time and band of values.

use jiff::Timestamp;
use lakefront_api::{QueryInfo, QueryReply, Zone};

use crate::{
    cells::{index, number, text, words},
    columns::columns,
    marker::Marker,
    plot::{AxisScale, DrawResult, Plot},
    style_class::{SHADES, StyleClass},
    text::FONT_SIZE,
    time_frame::{Bar, bucket},
    unit::Unit,
};

/// The data of a heat map: counts by time and band, drawn as shades.
#[derive(Debug, Clone, PartialEq)]
pub struct HeatFrame {
    /// The buckets that have rows, oldest first.
    pub buckets: Vec<Bar>,
    /// The lower ends of the bands, lowest first.
    pub bands: Vec<f64>,
    /// The cells that have a count: index of the bucket, index of the band, count.
    pub cells: Vec<(usize, usize, f64)>,
    /// The unit of the bands.
    pub unit: Unit,
    /// The name of the counted column, for people.
    pub counted: String,
    /// The range of the time axis.
    pub range: (Timestamp, Timestamp),
    /// The moments that are marked.
    pub markers: Vec<Marker>,
}

impl HeatFrame {
    /// Reads a reply. Returns `None` if it is empty or lacks a column that the chart names.
    pub fn new(info: &QueryInfo, reply: &QueryReply, zone: &Zone) -> Option<Self> {
        let chart = &info.chart;
        let (x, band, count) = (
            index(reply, &chart.x)?,
            index(reply, chart.series.first()?)?,
            index(reply, chart.y.first()?)?,
        );
        let grain = reply.range.map_or(info.bucket, |range| info.grain(range));
        let mut found = Vec::with_capacity(reply.rows.len());
        for row in &reply.rows {
            let bar = bucket(&text(row, x), grain, zone)?;
            if let (Some(band), Some(count)) = (number(row, band), number(row, count)) {
                found.push((bar, band, count));
            }
        }
        let mut buckets: Vec<Bar> = found.iter().map(|&(bar, ..)| bar).collect();
        buckets.sort_unstable();
        buckets.dedup();
        let mut bands: Vec<f64> = found.iter().map(|&(_, band, _)| band).collect();
        bands.sort_unstable_by(f64::total_cmp);
        bands.dedup();
        let ends = (buckets.first()?.start, buckets.last()?.end);
        let cells = found.iter().map(|(bar, band, count)| {
            (
                buckets.partition_point(|other| other < bar),
                bands.partition_point(|other| other < band),
                *count,
            )
        });
        Some(Self {
            cells: cells.collect(),
            unit: Unit::parse(&chart.unit),
            counted: words(chart.y.first()?),
            range: reply.range.map_or(ends, |range| (range.from, range.to)),
            buckets,
            bands,
            markers: Vec::new(),
        })
    }

    /// Returns the largest count of a cell.
    pub fn most(&self) -> f64 {
        self.cells.iter().map(|cell| cell.2).fold(0.0, f64::max)
    }

    /// Returns a sentence for people who cannot see the drawing.
    pub fn summary(&self, title: &str) -> String {
        let (low, high) = (self.bands.first(), self.bands.last());
        let name = |band: Option<&f64>| self.unit.full(band.copied().unwrap_or_default());
        format!(
            "{title}: {} over time, in bands from {} to {} and above.",
            self.counted,
            name(low),
            name(high)
        )
    }

    /// Returns the vertical axis. All bands have the same height, and as many are labelled with their lower ends as
    /// fit.
    pub(crate) fn scale(&self, room: f64) -> AxisScale {
        let height = room / self.bands.len() as f64;
        let every = ((FONT_SIZE + 4.0) / height).ceil().max(1.0) as usize;
        let marks = self.bands.iter().enumerate().step_by(every);
        AxisScale {
            range: (0.0, self.bands.len() as f64),
            marks: marks
                .map(|(at, &band)| (at as f64, self.unit.short(band)))
                .collect(),
        }
    }

    /// Draws a bar for each cell that counts something. Equal cells beside each other are one bar. Buckets that share a
    /// column have the largest of their counts.
    pub(crate) fn paint(&self, plot: &Plot<'_>) -> DrawResult {
        let most = self.most();
        // The shade of a count c is ln(1 + c) / ln(1 + largest count), in SHADES steps: most cells have small counts
        // beside a few large ones.
        let shade = |count: f64| {
            let share = count.ln_1p() / most.ln_1p();
            ((share * f64::from(SHADES)).ceil() as u8).clamp(1, SHADES)
        };
        let columns = columns(plot, &self.buckets);
        let mut bars: Vec<(u8, i32, i32, i32, i32)> = Vec::new();
        for band in 0..self.bands.len() {
            let (bottom, top) = (plot.y(band as f64), plot.y(band as f64 + 1.0));
            let mut last = None;
            for column in &columns {
                let inside = self.cells.iter().filter(|&&(bucket, of, _)| {
                    of == band && (column.buckets.0..column.buckets.1).contains(&bucket)
                });
                let count = inside.map(|cell| cell.2).fold(0.0, f64::max);
                let (left, right) = (column.left, column.right.max(column.left + 6));
                let drawn = (count > 0.0).then(|| shade(count));
                match (drawn, last, bars.last_mut()) {
                    (Some(shade), Some((before, end)), Some(bar)) if shade == before && left <= end => {
                        bar.2 = right;
                    }
                    (Some(shade), ..) => bars.push((shade, left, right, bottom, top)),
                    (None, ..) => {}
                }
                last = drawn.map(|shade| (shade, right));
            }
        }
        bars.sort_by_key(|&(shade, .., bottom, top)| (shade, bottom - top));
        for (shade, left, right, bottom, top) in bars {
            let middle = i32::midpoint(bottom, top);
            plot.bar(
                StyleClass::Heat(shade),
                bottom - top,
                (left, middle),
                (right, middle),
            )?;
        }
        Ok(())
    }
}
