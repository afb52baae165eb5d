//! Removes the records of a request that no table can hold.

use std::{
    collections::{BTreeMap, HashSet},
    fmt,
    ops::RangeInclusive,
};

use lakefront_otel::decode::{self, Request};
use opentelemetry_proto::tonic::{
    common::v1::{AnyValue, KeyValue, any_value::Value},
    metrics::v1::{Metric, metric::Data},
};
use prost::Message;

/// Earliest time of a record, 2000-01-01. An earlier time comes from a wrong unit or a clock that was never set.
const EARLIEST_NANOS: u64 = 946_684_800_000_000_000;

/// Longest time by which a sender's clock may be ahead. Without a bound, one request could create any number of day
/// partitions.
const AHEAD_NANOS: u64 = DAY_NANOS;

/// Most days that the records of a request may have. Each day is a file of its table, which takes a commit some 7 ms.
pub const MOST_DAYS: usize = 400;

const DAY_NANOS: u64 = 24 * 60 * 60 * 1_000_000_000;

/// Largest record, in bytes of protobuf.
const RECORD_BYTES: usize = 1 << 20;

/// Deepest nesting of a value, in levels.
const DEPTH: u32 = 16;

/// Returns the valid times of rows at the time `now_micros`. Both are in microseconds since 1970 UTC.
pub fn row_times(now_micros: i64) -> RangeInclusive<i64> {
    let (earliest, ahead) = (EARLIEST_NANOS / 1000, AHEAD_NANOS / 1000);
    earliest.cast_signed()..=now_micros.saturating_add(ahead.cast_signed())
}

/// The reasons for which a record is rejected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rejection {
    /// The time is before 2000 or more than a day ahead.
    Time,
    /// The records before this one have [`MOST_DAYS`] other days.
    Days,
    /// The record is larger than 1 MiB.
    Size,
    /// A value is nested more than 16 levels deep.
    Depth,
    /// A span has no valid trace id or span id.
    Id,
    /// A metric is of a kind that has no table.
    Kind,
    /// A time, a measurement or the structure of the record cannot be read.
    Unreadable,
}

impl Rejection {
    /// Returns the reason's label in metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::Time => "time",
            Self::Days => "days",
            Self::Size => "size",
            Self::Depth => "depth",
            Self::Id => "id",
            Self::Kind => "kind",
            Self::Unreadable => "unreadable",
        }
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Time => "a time before 2000-01-01 or more than a day ahead of the server's clock",
            Self::Days => "more than 400 different days in one request",
            Self::Size => "more than 1 MiB of content",
            Self::Depth => "a value nested more than 16 levels deep",
            Self::Id => "a trace id or span id that is not 16 or 8 bytes, or all zero",
            Self::Kind => "a metric that is no gauge, sum, histogram, exponential histogram or summary",
            Self::Unreadable => "a value that cannot be read",
        })
    }
}

/// Records that were removed for one reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejected {
    /// The reason.
    pub reason: Rejection,
    /// Number of records.
    pub count: u64,
    /// Places of the first such records in the request, at most `PLACES`.
    pub places: Vec<String>,
}

/// Number of records that are named for each reason.
const PLACES: usize = 3;

/// Result of [`check`].
pub struct Outcome {
    /// Number of records that are left.
    pub rows: u32,
    /// The removed records, by reason.
    pub rejected: Vec<Rejected>,
    /// True if every record has a time of its own.
    pub timed: bool,
}

/// Removes the records that no table can hold. `arrival_micros` is the time of arrival, in microseconds since 1970.
pub fn check(request: &mut Request, body_bytes: usize, arrival_micros: i64) -> Outcome {
    let mut check = Check {
        arrival_nanos: (arrival_micros.max(0) as u64).saturating_mul(1000),
        days: HashSet::new(),
        last_day: None,
        // A small request contains no record that is too large. Measuring its records would cost a pass over the
        // request.
        measure: body_bytes > RECORD_BYTES,
        rows: 0,
        rejected: BTreeMap::new(),
        timed: true,
    };
    match request {
        Request::Logs(logs) => {
            let resources = logs
                .resource_logs
                .iter_mut()
                .map(|resource| &mut resource.scope_logs);
            for (resource, scope, scope_logs) in numbered(resources) {
                let mut index = 0..;
                scope_logs.log_records.retain(|record| {
                    let index = index.next().unwrap_or(0);
                    let place = || format!("resourceLogs[{resource}].scopeLogs[{scope}].logRecords[{index}]");
                    let depth =
                        || record.body.as_ref().is_some_and(too_deep) || any_too_deep(&record.attributes);
                    let times = [record.time_unix_nano, record.observed_time_unix_nano];
                    check.keep(times, true, record, depth, place)
                });
            }
        }
        Request::Traces(traces) => {
            let resources = traces
                .resource_spans
                .iter_mut()
                .map(|resource| &mut resource.scope_spans);
            for (resource, scope, scope_spans) in numbered(resources) {
                let mut index = 0..;
                scope_spans.spans.retain(|span| {
                    let index = index.next().unwrap_or(0);
                    let place = || format!("resourceSpans[{resource}].scopeSpans[{scope}].spans[{index}]");
                    let depth = || {
                        any_too_deep(&span.attributes)
                            || span.events.iter().any(|event| any_too_deep(&event.attributes))
                            || span.links.iter().any(|link| any_too_deep(&link.attributes))
                    };
                    let ids = is_id(&span.trace_id, 16) && is_id(&span.span_id, 8);
                    check.keep([span.start_time_unix_nano, 0], ids, span, depth, place)
                });
            }
        }
        Request::Metrics(metrics) => {
            let resources = metrics
                .resource_metrics
                .iter_mut()
                .map(|resource| &mut resource.scope_metrics);
            for (resource, scope, scope_metrics) in numbered(resources) {
                let mut index = 0..;
                scope_metrics.metrics.retain_mut(|metric| {
                    let index = index.next().unwrap_or(0);
                    let place =
                        || format!("resourceMetrics[{resource}].scopeMetrics[{scope}].metrics[{index}]");
                    check.metric(metric, place)
                });
            }
        }
    }
    Outcome {
        rows: check.rows,
        rejected: check.rejected.into_values().collect(),
        timed: check.timed,
    }
}

/// Returns the scopes of a request with two numbers: of the resource, and of the scope within the resource.
fn numbered<'a, T: 'a>(
    resources: impl Iterator<Item = &'a mut Vec<T>>,
) -> impl Iterator<Item = (usize, usize, &'a mut T)> {
    resources.enumerate().flat_map(|(resource, scopes)| {
        let scopes = scopes.iter_mut().enumerate();
        scopes.map(move |(index, scope)| (resource, index, scope))
    })
}

struct Check {
    arrival_nanos: u64,
    /// The days of the records that stay, since 1970.
    days: HashSet<u64>,
    /// The day of the last record, which is mostly that of the next one.
    last_day: Option<u64>,
    measure: bool,
    rows: u32,
    rejected: BTreeMap<Rejection, Rejected>,
    timed: bool,
}

impl Check {
    /// Removes points of a metric. Returns false if the metric itself is rejected because it has no kind.
    fn metric(&mut self, metric: &mut Metric, place: impl Fn() -> String) -> bool {
        /// The points of the five kinds have the same fields.
        macro_rules! retain {
            ($points:expr, $name:literal) => {{
                let mut index = 0..;
                $points.data_points.retain(|point| {
                    let index = index.next().unwrap_or(0);
                    let depth = || any_too_deep(&point.attributes);
                    let place = || format!(concat!("{}.", $name, ".dataPoints[{}]"), place(), index);
                    self.keep([point.time_unix_nano, 0], true, point, depth, place)
                })
            }};
        }
        match &mut metric.data {
            Some(Data::Gauge(gauge)) => retain!(gauge, "gauge"),
            Some(Data::Sum(sum)) => retain!(sum, "sum"),
            Some(Data::Histogram(histogram)) => retain!(histogram, "histogram"),
            Some(Data::ExponentialHistogram(histogram)) => retain!(histogram, "exponentialHistogram"),
            Some(Data::Summary(summary)) => retain!(summary, "summary"),
            None => return self.reject(Rejection::Kind, place),
        }
        true
    }

    /// Returns true if a record stays. The time of its row is the first of `times` that is not 0, else the time of
    /// arrival.
    fn keep(
        &mut self,
        times: [u64; 2],
        ids: bool,
        record: &impl Message,
        too_deep: impl FnOnce() -> bool,
        place: impl FnOnce() -> String,
    ) -> bool {
        let time = times.into_iter().find(|time| *time != 0);
        self.timed &= time.is_some();
        let rejection = if times[0] == decode::UNREADABLE {
            Rejection::Unreadable
        } else if !ids {
            Rejection::Id
        } else if time.is_some_and(|time| {
            !(EARLIEST_NANOS..=self.arrival_nanos.saturating_add(AHEAD_NANOS)).contains(&time)
        }) {
            Rejection::Time
        } else if self.measure && record.encoded_len() > RECORD_BYTES {
            Rejection::Size
        } else if too_deep() {
            Rejection::Depth
        } else if !self.has_room_for(time.unwrap_or(self.arrival_nanos) / DAY_NANOS) {
            Rejection::Days
        } else {
            self.rows += 1;
            return true;
        };
        self.reject(rejection, place)
    }

    /// Returns true if a record of that day stays within the days of a request.
    fn has_room_for(&mut self, day: u64) -> bool {
        if self.last_day == Some(day) {
            return true;
        }
        let stays = self.days.len() < MOST_DAYS || self.days.contains(&day);
        if stays {
            self.days.insert(day);
            self.last_day = Some(day);
        }
        stays
    }

    /// Counts a rejected record. Returns false.
    fn reject(&mut self, reason: Rejection, place: impl FnOnce() -> String) -> bool {
        let rejected = self.rejected.entry(reason).or_insert_with(|| Rejected {
            reason,
            count: 0,
            places: Vec::new(),
        });
        rejected.count += 1;
        if rejected.places.len() < PLACES {
            rejected.places.push(place());
        }
        false
    }
}

/// Returns true if an id is valid: <https://opentelemetry.io/docs/specs/otel/trace/api/#spancontext>.
fn is_id(id: &[u8], length: usize) -> bool {
    id.len() == length && id.iter().any(|byte| *byte != 0)
}

fn any_too_deep(attributes: &[KeyValue]) -> bool {
    attributes
        .iter()
        .filter_map(|attribute| attribute.value.as_ref())
        .any(too_deep)
}

fn too_deep(value: &AnyValue) -> bool {
    deeper_than(DEPTH, value)
}

fn deeper_than(levels: u32, value: &AnyValue) -> bool {
    let Some(below) = levels.checked_sub(1) else {
        return true;
    };
    match &value.value {
        Some(Value::ArrayValue(array)) => array.values.iter().any(|value| deeper_than(below, value)),
        Some(Value::KvlistValue(list)) => {
            let mut values = list.values.iter().filter_map(|entry| entry.value.as_ref());
            values.any(|value| deeper_than(below, value))
        }
        _ => false,
    }
}
