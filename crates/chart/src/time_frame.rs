//! Series over time, for lines and stacked bars.

use jiff::{SignedDuration, Timestamp};
use lakefront_api::{Bucket, QueryInfo, QueryReply, Zone, instant};

use crate::{
    cells::{index, indices, named, number, text, words},
    marker::Marker,
    rank::ranked,
    style_class::{COLOURS, series_class},
    unit::Unit,
};

/// The name of the series that combines small ones. Either the statement or this chart combines them.
const OTHER: &str = "other";

/// The data of a chart of series over time.
#[derive(Debug, Clone, PartialEq)]
pub struct TimeFrame {
    /// The buckets that have rows, oldest first.
    pub buckets: Vec<Bar>,
    /// The series, largest first.
    pub series: Vec<Series>,
    /// The number of further series that a line chart does not draw. The table beside it has them.
    pub hidden: usize,
    /// The unit of the values.
    pub unit: Unit,
    /// True if the values are counts, whose axis has integer ticks.
    pub whole: bool,
    /// True for stacked bars, false for lines.
    pub stacked: bool,
    /// The range of the time axis.
    pub range: (Timestamp, Timestamp),
    /// The time up to which the data is complete. Values of buckets that end later may still grow.
    pub complete_until: Option<Timestamp>,
    /// The values of the period before, as if they were of this one.
    pub before: Option<Box<TimeFrame>>,
    /// The moments that are marked.
    pub markers: Vec<Marker>,
}

/// The range of a bucket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Bar {
    /// The first instant inside the bucket.
    pub start: Timestamp,
    /// The first instant after the bucket.
    pub end: Timestamp,
}

/// One line, or one layer of the stacked bars.
#[derive(Debug, Clone, PartialEq)]
pub struct Series {
    /// The series' name, for people.
    pub name: String,
    /// The index of the colour in the style sheet. A larger index is the colour of "other".
    pub colour: usize,
    /// The index of the measure among the series of this colour. The first is solid, the others are dashed.
    pub measure: usize,
    /// The value of each bucket. `None` is a gap.
    pub values: Vec<Option<f64>>,
}

/// An entry of the legend.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// The text of the entry.
    pub name: String,
    /// The CSS classes of the entry's colour swatch.
    pub classes: String,
}

impl TimeFrame {
    /// Reads a reply. Returns `None` if it is empty or lacks a column that the chart names.
    pub fn new(info: &QueryInfo, reply: &QueryReply, zone: &Zone, stacked: bool) -> Option<Self> {
        let chart = &info.chart;
        let x = index(reply, &chart.x)?;
        let (keys, measures) = (indices(reply, &chart.series)?, indices(reply, &chart.y)?);
        let names: Vec<_> = chart.y.iter().map(|name| words(name)).collect();
        let grain = reply.range.map_or(info.bucket, |range| info.grain(range));
        // Sorted lists are used instead of maps: each kind of map adds kilobytes to the browser's bundle.
        let mut cells = Vec::with_capacity(reply.rows.len());
        for (position, row) in reply.rows.iter().enumerate() {
            let key: Vec<_> = keys.iter().map(|&index| text(row, index)).collect();
            let mut bar = bucket(&text(row, x), grain, zone)?;
            if let Some(seconds) = chart.step_seconds {
                bar.end = bar
                    .start
                    .checked_add(SignedDuration::from_secs(seconds.into()))
                    .ok()?;
            }
            cells.push((key, bar, position));
        }
        let mut buckets: Vec<Bar> = cells.iter().map(|&(_, bar, _)| bar).collect();
        buckets.sort_unstable();
        buckets.dedup();
        let (first, last) = (buckets.first()?.start, buckets.last()?.end);

        cells.sort_unstable();
        let groups: Vec<_> = cells.chunk_by(|(a, ..), (b, ..)| a == b).collect();
        let weight = |cells: &[(Vec<String>, Bar, usize)]| -> f64 {
            let measured = |position: usize| number(&reply.rows[position], *measures.last()?);
            let values = cells.iter().filter_map(|&(_, _, position)| measured(position));
            // The series that the statement combined comes after the others.
            if named(&cells[0].0, "") == OTHER {
                f64::NEG_INFINITY
            } else if stacked {
                values.sum()
            } else {
                values.fold(0.0, f64::max)
            }
        };
        let order = ranked(groups.iter().map(|cells| weight(cells)));
        // Values are collected for drawn series only. Senders choose the names, so there may be many series.
        let shown = shown(order.len(), names.len(), stacked);
        let mut series = Vec::new();
        let mut rest: Option<Vec<Option<f64>>> = None;
        for (place, &at) in order.iter().enumerate() {
            let key = &groups[at][0].0;
            let own = place < shown && !(stacked && named(key, "") == OTHER);
            if !own && !stacked {
                continue;
            }
            let mut values = vec![vec![None; buckets.len()]; if own { measures.len() } else { 0 }];
            for &(_, bar, position) in groups[at] {
                let slot = buckets.partition_point(|other| *other < bar);
                let measured = measures
                    .iter()
                    .map(|&measure| number(&reply.rows[position], measure));
                for (measure, value) in measured.enumerate() {
                    if own {
                        values[measure][slot] = value;
                    } else if let Some(value) = value {
                        let sums = rest.get_or_insert_with(|| vec![None; buckets.len()]);
                        sums[slot] = Some(sums[slot].unwrap_or(0.0) + value);
                    }
                }
            }
            if own {
                series.push((key.clone(), values));
            }
        }
        let hidden = if stacked { 0 } else { order.len() - series.len() };

        let mut frame = Self {
            buckets,
            series: Vec::new(),
            hidden,
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
            before: None,
            markers: Vec::new(),
        };
        frame.fill(series, rest, &names);
        Some(frame)
    }

    /// Adds the reply of the period before. Its series have the colours of the series of the same names. Lines without one
    /// are left out.
    pub fn compare(&mut self, info: &QueryInfo, reply: &QueryReply, zone: &Zone) {
        let length = self.range.1.duration_since(self.range.0);
        let later = |time: Timestamp| time.checked_add(length).unwrap_or(time);
        let Some(mut before) = Self::new(info, reply, zone, self.stacked) else {
            return;
        };
        before.buckets = before
            .buckets
            .iter()
            .map(|bar| Bar {
                start: later(bar.start),
                end: later(bar.end),
            })
            .collect();
        before.complete_until = None;
        before.series.retain_mut(|series| {
            let same = self.series.iter().find(|other| other.name == series.name);
            if let Some(same) = same {
                (series.colour, series.measure) = (same.colour, same.measure);
            }
            same.is_some() || self.stacked
        });
        self.before = Some(Box::new(before));
    }

    /// Removes the series with these names.
    pub fn hide(&mut self, off: &[String]) {
        self.series.retain(|series| !off.contains(&series.name));
        if let Some(before) = &mut self.before {
            before.hide(off);
        }
    }

    /// Returns the value of a series of the same name at a time in the period before.
    pub fn value_before(&self, name: &str, time: Timestamp) -> Option<f64> {
        let before = self.before.as_ref()?;
        let series = before.series.iter().find(|series| series.name == name)?;
        let at = before
            .buckets
            .partition_point(|bar| bar.start <= time)
            .checked_sub(1)?;
        let bar = before.buckets[at];
        (time < bar.end || time == bar.start)
            .then_some(series.values[at])
            .flatten()
    }

    /// Adds the series with their colours and names. The remaining ones are combined to one series.
    fn fill(&mut self, keyed: Vec<Keyed>, rest: Option<Vec<Option<f64>>>, names: &[String]) {
        let single = keyed.len() == 1 && rest.is_none() && self.hidden == 0;
        let several = names.len() > 1;
        let plain: Vec<_> = keyed.iter().map(|(key, _)| named(key, "")).collect();
        for (position, (key, measures)) in keyed.into_iter().enumerate() {
            // Keys may differ only in which part is empty. Their names then show the empty part.
            let is_taken = plain.iter().filter(|name| **name == plain[position]).count() > 1;
            let key = named(&key, if is_taken { "(none)" } else { "" });
            for (measure, values) in measures.into_iter().enumerate() {
                let (name, colour, dashes) = match (key.is_empty(), several) {
                    (true, _) => (names[measure].clone(), measure, 0),
                    (false, false) => (key.clone(), position, 0),
                    (false, true) => (format!("{key} · {}", names[measure]), position, measure),
                };
                // A single key leaves all colours to the measures.
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
                name: OTHER.into(),
                colour: COLOURS,
                measure: 0,
                values,
            });
        }
    }

    /// Returns true if the values of a bucket may still grow.
    pub fn partial(&self, bucket: usize) -> bool {
        self.complete_until
            .is_some_and(|until| self.buckets[bucket].end > until)
    }

    /// Returns true if a bucket follows the one before it without a gap. Instants never have a gap.
    pub fn follows(&self, bucket: usize) -> bool {
        let (before, this) = (self.buckets[bucket - 1], self.buckets[bucket]);
        before.end >= this.start || before.start == before.end
    }

    /// Returns the entries of the legend. A single series has no legend.
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

    /// Returns a sentence for people who cannot see the drawing.
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

/// The key of a series, with a value for each measure and bucket.
type Keyed = (Vec<String>, Vec<Vec<Option<f64>>>);

/// Returns the number of keys that get a colour of their own.
fn shown(keys: usize, measures: usize, stacked: bool) -> usize {
    match keys {
        1 => 1,
        COLOURS if stacked => COLOURS,
        _ if stacked => COLOURS - 1,
        // In a line chart of several measures, a key is a colour and a measure is a dash pattern.
        _ => (COLOURS / measures.max(1)).max(1),
    }
}

/// Parses a cell of the horizontal axis, which is a day or the start of a bucket.
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
        Bucket::Day => {
            let next = zone.civil(start).date().tomorrow().ok()?;
            let end = zone.instant(next.at(0, 0, 0, 0))?;
            return Some(Bar { start, end });
        }
        Bucket::Exact => SignedDuration::ZERO,
        Bucket::Quarter => SignedDuration::from_mins(15),
        Bucket::Hour => SignedDuration::from_hours(1),
    };
    Some(Bar {
        start,
        end: start.checked_add(length).ok()?,
    })
}
