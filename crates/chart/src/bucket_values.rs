//! The values of a chart at one time, for the pointer and the keyboard.

use jiff::{SignedDuration, Timestamp};
use lakefront_api::Zone;

use crate::{
    frame::Frame,
    number::count,
    rank::ranked,
    style_class::series_class,
    time_frame::Bar,
    time_ticks::{local_minute, short_day},
};

/// The largest number of values of a moment, and of marked moments beside them.
const LISTED: usize = 8;

/// The share of the time axis, as a divisor, within which a marked moment counts as being at a time between buckets. A name
/// is 12 px high, and plots are 300 px wide at least.
const NEARBY: i64 = 100;

/// The name of a value in the period before, which follows that of its series.
const BEFORE: &str = "before";

/// A value with its colour class and name, and the class and text of the value before.
type Row = (f64, String, String, String, Option<(String, String)>);

/// The values of a chart at one time.
#[derive(Debug, Clone, PartialEq)]
pub struct BucketValues {
    /// The position on the time axis, from 0 to 1.
    pub at: f64,
    /// The time, as a text for people.
    pub name: String,
    /// The colour class, name and value: of the marked moments, and of each drawn mark, largest first. The value of the
    /// period before follows it.
    pub rows: Vec<(String, String, String)>,
}

impl Frame {
    /// Returns the ends of the time axis, or `None` for a chart without one.
    pub fn span(&self) -> Option<(Timestamp, Timestamp)> {
        match self {
            Self::Time(frame) => Some(frame.range),
            Self::Heat(frame) => Some(frame.range),
            Self::Ranking(_) => None,
        }
    }

    fn buckets(&self) -> &[Bar] {
        match self {
            Self::Time(frame) => &frame.buckets,
            Self::Heat(frame) => &frame.buckets,
            Self::Ranking(_) => &[],
        }
    }

    /// Returns the values at a time without those of the hidden series `off`. Between buckets, which is where a chart has
    /// nothing to count, only the marked moments nearby are returned, and `None` if there are none.
    pub fn values_at(&self, time: Timestamp, off: &[String], zone: &Zone) -> Option<BucketValues> {
        let (from, to) = self.span()?;
        let at = self.bucket_at(time);
        let nearby = SignedDuration::from_secs((to.as_second() - from.as_second()) / NEARBY);
        let (bar, name) = match at {
            Some(at) => {
                let bar = self.buckets()[at];
                (bar, name(bar, zone))
            }
            None => {
                let start = time.checked_sub(nearby).ok()?;
                let end = time.checked_add(nearby).ok()?;
                (Bar { start, end }, moment(time, zone))
            }
        };
        let middle = (bar.start.as_microsecond() + bar.end.as_microsecond()) as f64 / 2.0;
        let (from, to) = (from.as_microsecond() as f64, to.as_microsecond() as f64);
        let half = Timestamp::from_microsecond(middle as i64).ok();
        let rows: Vec<Row> = match (self, at) {
            (Self::Time(frame), Some(at)) => frame
                .series
                .iter()
                .filter(|series| !off.contains(&series.name))
                .filter_map(|series| {
                    let value = series.values[at]?;
                    let class = series_class(series.colour);
                    let before = half.and_then(|half| frame.value_before(&series.name, half));
                    let before = before.map(|before| (format!("{class} before"), frame.unit.full(before)));
                    Some((value, class, series.name.clone(), frame.unit.full(value), before))
                })
                .collect(),
            (Self::Heat(frame), Some(at)) => frame
                .cells
                .iter()
                .filter(|cell| cell.0 == at)
                .map(|&(_, band, value)| {
                    let name = format!("from {}", frame.unit.short(frame.bands[band]));
                    (value, "heat".into(), name, count(value), None)
                })
                .collect(),
            _ => Vec::new(),
        };
        let mut listed: Vec<(String, String, String)> = Vec::new();
        for marker in self.markers() {
            if bar.start <= marker.time && marker.time < bar.end && listed.len() < LISTED {
                let shown = local_minute(marker.time, zone);
                let clock = shown.get(11..16).unwrap_or_default().to_owned();
                listed.push(("marker".into(), marker.label(), clock));
            }
        }
        if at.is_none() && listed.is_empty() {
            return None;
        }
        // The bars of a bucket stand on each other.
        if let Self::Time(frame) = self
            && frame.stacked
            && rows.len() > 1
        {
            let total = rows.iter().map(|row| row.0).sum();
            listed.push(("total".into(), "total".into(), frame.unit.full(total)));
        }
        for at in ranked(rows.iter().map(|row| row.0)).into_iter().take(LISTED) {
            let (_, class, name, value, before) = rows[at].clone();
            listed.push((class, name, value));
            if let Some((class, value)) = before {
                listed.push((class, BEFORE.into(), value));
            }
        }
        Some(BucketValues {
            at: ((middle - from) / (to - from).max(1.0)).clamp(0.0, 1.0),
            name,
            rows: listed,
        })
    }

    /// Returns the first instant inside and the first after the bucket that contains a time. `None` between buckets.
    pub fn bucket(&self, time: Timestamp) -> Option<(Timestamp, Timestamp)> {
        let bar = self.buckets()[self.bucket_at(time)?];
        Some((bar.start, bar.end))
    }

    /// Returns the bucket that contains a time. For instants, which have no length, the nearest one is returned.
    fn bucket_at(&self, time: Timestamp) -> Option<usize> {
        let buckets = self.buckets();
        let after = buckets.partition_point(|bar| bar.start <= time);
        let before = after.checked_sub(1);
        let inside = before.filter(|&at| time < buckets[at].end);
        let distance = |at: &usize| buckets[*at].start.duration_since(time).abs();
        let instants = || {
            let near = before.into_iter().chain((after < buckets.len()).then_some(after));
            near.filter(|&at| buckets[at].start == buckets[at].end)
                .min_by_key(distance)
        };
        inside.or_else(instants)
    }

    /// Returns the middle of the bucket that is `by` buckets after that of `time`, limited to the first and the last
    /// bucket. Without a time, the first or (backwards) the last bucket is returned.
    pub fn moved(&self, time: Option<Timestamp>, by: isize) -> Option<Timestamp> {
        let buckets = self.buckets();
        let last = buckets.len().checked_sub(1)?;
        let now = time.map(|time| buckets.partition_point(|bar| bar.start <= time).saturating_sub(1));
        let at = match now {
            Some(at) => at.saturating_add_signed(by).min(last),
            None if by < 0 => last,
            None => 0,
        };
        let bar = buckets[at];
        Timestamp::from_microsecond((bar.start.as_microsecond() + bar.end.as_microsecond()) / 2).ok()
    }
}

/// Returns a bucket's name for people: its day, or its start if it is shorter than a day.
fn name(bar: Bar, zone: &Zone) -> String {
    let long = bar.end.duration_since(bar.start).as_hours() >= 23;
    match long {
        true => short_day(zone.civil(bar.start).date()),
        false => moment(bar.start, zone),
    }
}

/// Returns a time's day and minute for people.
fn moment(time: Timestamp, zone: &Zone) -> String {
    let day = short_day(zone.civil(time).date());
    let shown = local_minute(time, zone);
    format!("{day}, {}", shown.get(11..).unwrap_or_default())
}
