use jiff::{SignedDuration, Timestamp};
use lakefront_api::{Bucket, QueryInfo, QueryReply, Zone, instant};

use crate::{
    frame::{index, indices, joined, number, text, words},
    ink::{COLOURS, series_class},
    rank::ranked,
    unit::Unit,
};

/// Series over time.
#[derive(Debug, Clone, PartialEq)]
pub struct TimeFrame {
    /// The buckets that have rows, oldest first.
    pub buckets: Vec<Bar>,
    /// The series, largest first.
    pub series: Vec<Series>,
    /// How many further series a line chart leaves to the table.
    pub hidden: usize,
    /// The unit of the values.
    pub unit: Unit,
    /// Whether values are counts, whose axis has integer ticks.
    pub whole: bool,
    /// Stacked bars, or else lines.
    pub stacked: bool,
    /// What the axis covers.
    pub range: (Timestamp, Timestamp),
    /// Buckets that end later may still grow.
    pub complete_until: Option<Timestamp>,
}

/// The instants from which and up to which a bucket counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Bar {
    /// The first instant inside.
    pub start: Timestamp,
    /// The first instant after.
    pub end: Timestamp,
}

/// One line, or one layer of the bars.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// Its name for people.
    pub name: String,
    /// Its colour: an index of the style sheet's, or past them for "other".
    pub colour: usize,
    /// Which measure it is of its colour: later ones are dashed.
    pub measure: usize,
    /// A value for each bucket; none is a gap.
    pub values: Vec<Option<f64>>,
}

/// An entry of the legend.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// What it says.
    pub name: String,
    /// The CSS classes of its swatch.
    pub classes: String,
}

impl TimeFrame {
    /// Reads a reply; none when it is empty or has other columns than the chart names.
    pub fn new(info: &QueryInfo, reply: &QueryReply, zone: &Zone, stacked: bool) -> Option<Self> {
        let chart = &info.chart;
        let x = index(reply, &chart.x)?;
        let (keys, measures) = (indices(reply, &chart.series)?, indices(reply, &chart.y)?);

        // Sorted lists rather than maps: every kind of map is kilobytes in the browser.
        let mut cells = Vec::with_capacity(reply.rows.len());
        for (position, row) in reply.rows.iter().enumerate() {
            cells.push((
                joined(row, &keys),
                bucket(&text(row, x), info.bucket, zone)?,
                position,
            ));
        }
        let mut buckets: Vec<Bar> = cells.iter().map(|&(_, bar, _)| bar).collect();
        buckets.sort_unstable();
        buckets.dedup();
        let (first, last) = (buckets.first()?.start, buckets.last()?.end);

        cells.sort_unstable();
        let mut series: Vec<(String, Vec<Vec<Option<f64>>>)> = Vec::new();
        for (key, bar, position) in cells {
            if series.last().is_none_or(|(last, _)| *last != key) {
                series.push((key, vec![vec![None; buckets.len()]; measures.len()]));
            }
            let slot = buckets.partition_point(|other| *other < bar);
            if let Some((_, values)) = series.last_mut() {
                for (values, &measure) in values.iter_mut().zip(&measures) {
                    values[slot] = number(&reply.rows[position], measure);
                }
            }
        }
        let weigh = |values: &[Option<f64>]| -> f64 {
            let values = values.iter().flatten();
            if stacked {
                values.sum()
            } else {
                values.fold(0.0, |most: f64, value| most.max(*value))
            }
        };
        let weight = |values: &[Vec<Option<f64>>]| values.last().map_or(0.0, |values| weigh(values));
        let order = ranked(series.iter().map(|(_, values)| weight(values))).into_iter();
        let series = order.map(|at| std::mem::take(&mut series[at])).collect();

        let mut frame = Self {
            buckets,
            series: Vec::new(),
            hidden: 0,
            unit: Unit::parse(&chart.unit),
            whole: Unit::parse(&chart.unit) == Unit::Plain
                && reply.rows.iter().all(|row| {
                    measures
                        .iter()
                        .all(|&measure| number(row, measure).is_none_or(|value| value.fract() == 0.0))
                }),
            stacked,
            range: reply.range.map_or((first, last), |range| (range.from, range.to)),
            complete_until: reply.as_of,
        };
        let names: Vec<_> = chart.y.iter().map(|name| words(name)).collect();
        frame.fill(series, &names);
        Some(frame)
    }

    /// Gives series their colours and names: the largest keep their own, the others share one or are left out.
    fn fill(&mut self, keyed: Vec<(String, Vec<Vec<Option<f64>>>)>, names: &[String]) {
        let single = keyed.len() == 1;
        // A line chart of several measures has a colour for each key and a dash for each measure.
        let shown = if single {
            1
        } else if self.stacked {
            COLOURS - 1
        } else {
            COLOURS / names.len().max(1)
        };
        let shown = if keyed.len() == COLOURS && self.stacked {
            COLOURS
        } else {
            shown.max(1)
        };
        let mut rest: Option<Vec<Option<f64>>> = None;
        for (position, (key, measures)) in keyed.into_iter().enumerate() {
            if position >= shown && !self.stacked {
                self.hidden += 1;
                continue;
            }
            for (measure, values) in measures.into_iter().enumerate() {
                if position >= shown {
                    let sums = rest.get_or_insert_with(|| vec![None; values.len()]);
                    for (sum, value) in sums.iter_mut().zip(values) {
                        *sum = match (*sum, value) {
                            (Some(a), Some(b)) => Some(a + b),
                            (a, b) => a.or(b),
                        };
                    }
                    continue;
                }
                let several = names.len() > 1;
                let (name, colour, dashes) = match (key.is_empty(), several) {
                    (true, _) => (names[measure].clone(), measure, 0),
                    (false, false) => (key.clone(), position, 0),
                    (false, true) => (format!("{key} · {}", names[measure]), position, measure),
                };
                // With one key all colours are free for the measures.
                let (colour, dashes) = if single { (measure, 0) } else { (colour, dashes) };
                self.series.push(Series {
                    name,
                    colour,
                    measure: dashes,
                    values,
                });
            }
        }
        if let Some(values) = rest {
            self.series.push(Series {
                name: "other".into(),
                colour: COLOURS,
                measure: 0,
                values,
            });
        }
    }

    /// Whether a bucket may still grow.
    pub fn partial(&self, bucket: usize) -> bool {
        self.complete_until
            .is_some_and(|until| self.buckets[bucket].end > until)
    }

    /// Whether nothing is missing between a bucket and the one before it.
    pub fn follows(&self, bucket: usize) -> bool {
        let (before, this) = (self.buckets[bucket - 1], self.buckets[bucket]);
        before.end >= this.start || before.start == before.end
    }

    /// The legend's entries; none for a single series.
    pub fn keys(&self) -> Vec<Key> {
        if self.series.len() < 2 {
            return Vec::new();
        }
        let classes =
            |series: &Series| series_class(series.colour) + if series.measure > 0 { " dashed" } else { "" };
        self.series
            .iter()
            .map(|series| Key {
                name: series.name.clone(),
                classes: classes(series),
            })
            .collect()
    }

    /// One sentence for people who do not see the drawing.
    pub fn summary(&self, title: &str) -> String {
        let values = || {
            self.series
                .iter()
                .flat_map(|series| series.values.iter().flatten().copied())
        };
        let (low, high) = (
            values().fold(f64::INFINITY, f64::min),
            values().fold(f64::NEG_INFINITY, f64::max),
        );
        let names: Vec<_> = self
            .series
            .iter()
            .map(|series| series.name.as_str())
            .take(8)
            .collect();
        let kind = if self.stacked { "stacked bars" } else { "lines" };
        let span = if low <= high {
            format!(", from {} to {}", self.unit.full(low), self.unit.full(high))
        } else {
            String::new()
        };
        format!("{title}: {kind} over time{span}. Series: {}.", names.join(", "))
    }
}

/// The bucket that a cell of the horizontal axis names.
pub fn bucket(cell: &str, bucket: Bucket, zone: &Zone) -> Option<Bar> {
    if cell.len() == 10 {
        let day = instant::day(cell)?;
        let next = day.tomorrow().ok()?;
        return Some(Bar {
            start: zone.instant(day.at(0, 0, 0, 0))?,
            end: zone.instant(next.at(0, 0, 0, 0))?,
        });
    }
    let start = instant::time(cell)?;
    let length = match bucket {
        Bucket::Exact => SignedDuration::ZERO,
        Bucket::Hour => SignedDuration::from_hours(1),
        Bucket::Day => SignedDuration::from_hours(24),
    };
    Some(Bar {
        start,
        end: start.checked_add(length).ok()?,
    })
}
