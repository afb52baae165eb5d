//! The clock of a device: how far it is ahead or behind, and the times of its records by the server's clock.

use http::{HeaderMap, Uri};
use lakefront_otel::decode::{Request, UNREADABLE};
use opentelemetry_proto::tonic::{
    common::v1::{AnyValue, KeyValue, any_value::Value},
    metrics::v1::metric::Data,
    resource::v1::Resource,
};

/// The resource attribute of records whose times were shifted: milliseconds by which the clock was ahead. The time that
/// the device sent is the time of the record plus this value.
pub const SKEW_ATTRIBUTE: &str = "lakefront.clock_skew";

/// Name of the header and of the query parameter with the device's time of sending, in milliseconds since 1970. The
/// parameter is for requests that may set no header of their own.
const SENT: &str = "sent";

/// Smallest difference that is corrected. The time of a request on its way counts as a difference too.
const TOLERANCE_MICROS: i64 = 2 * 60 * 1_000_000;

/// 9999-12-31 in milliseconds. A later time of sending is ignored.
const LATEST_MILLIS: i64 = 253_402_300_799_999;

/// Returns the microseconds by which the sender's clock is ahead, or 0 if the difference is small or not known. Only
/// senders that say when they sent the request have a skew: others may send old records for good reasons.
pub fn skew_micros(headers: &HeaderMap, uri: &Uri, arrival_micros: i64) -> i64 {
    let header = || headers.get(SENT)?.to_str().ok();
    let parameter = || {
        uri.query()?
            .split('&')
            .find_map(|pair| pair.strip_prefix(SENT)?.strip_prefix('='))
    };
    let sent = header()
        .or_else(parameter)
        .and_then(|text| text.parse::<i64>().ok());
    let skew = sent
        .filter(|millis| (0..=LATEST_MILLIS).contains(millis))
        .map_or(0, |millis| (millis * 1000).saturating_sub(arrival_micros));
    if skew.abs() > TOLERANCE_MICROS { skew } else { 0 }
}

/// Shifts all times of a request by the skew of its sender's clock, and notes the skew at its resources.
pub fn shift(request: &mut Request, skew_micros: i64) {
    let Some(nanos) = skew_micros.checked_mul(1000).filter(|nanos| *nanos != 0) else {
        return;
    };
    let shift = |time: &mut u64| {
        if ![0, UNREADABLE].contains(time) {
            *time = shifted(*time, nanos);
        }
    };
    match request {
        Request::Logs(logs) => {
            for resource in &mut logs.resource_logs {
                note(&mut resource.resource, skew_micros);
                let scopes = resource.scope_logs.iter_mut();
                for record in scopes.flat_map(|scope| &mut scope.log_records) {
                    shift(&mut record.time_unix_nano);
                    shift(&mut record.observed_time_unix_nano);
                }
            }
        }
        Request::Traces(traces) => {
            for resource in &mut traces.resource_spans {
                note(&mut resource.resource, skew_micros);
                for span in resource.scope_spans.iter_mut().flat_map(|scope| &mut scope.spans) {
                    shift(&mut span.start_time_unix_nano);
                    shift(&mut span.end_time_unix_nano);
                    for event in &mut span.events {
                        shift(&mut event.time_unix_nano);
                    }
                }
            }
        }
        Request::Metrics(metrics) => {
            /// The points of the five kinds have the same fields.
            macro_rules! points {
                ($points:expr) => {
                    for point in &mut $points.data_points {
                        shift(&mut point.time_unix_nano);
                        shift(&mut point.start_time_unix_nano);
                    }
                };
            }
            for resource in &mut metrics.resource_metrics {
                note(&mut resource.resource, skew_micros);
                for metric in resource
                    .scope_metrics
                    .iter_mut()
                    .flat_map(|scope| &mut scope.metrics)
                {
                    match &mut metric.data {
                        Some(Data::Gauge(gauge)) => points!(gauge),
                        Some(Data::Sum(sum)) => points!(sum),
                        Some(Data::Histogram(histogram)) => points!(histogram),
                        Some(Data::ExponentialHistogram(histogram)) => points!(histogram),
                        Some(Data::Summary(summary)) => points!(summary),
                        None => {}
                    }
                }
            }
        }
    }
}

/// Returns a time of a clock that is `ahead_nanos` ahead by the right clock. A time that has none stays as sent, and
/// the check of the times rejects it.
fn shifted(time: u64, ahead_nanos: i64) -> u64 {
    let shifted = if ahead_nanos < 0 {
        time.checked_add(ahead_nanos.unsigned_abs())
    } else {
        time.checked_sub(ahead_nanos.unsigned_abs())
    };
    shifted
        .filter(|shifted| ![0, UNREADABLE].contains(shifted))
        .unwrap_or(time)
}

fn note(resource: &mut Option<Resource>, skew_micros: i64) {
    let attributes = &mut resource.get_or_insert_default().attributes;
    attributes.retain(|attribute| attribute.key != SKEW_ATTRIBUTE);
    attributes.push(KeyValue {
        key: SKEW_ATTRIBUTE.to_owned(),
        value: Some(AnyValue {
            value: Some(Value::IntValue(skew_micros / 1000)),
        }),
        ..KeyValue::default()
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    const ARRIVAL: i64 = 1_790_000_000_000_000;
    const DAY: i64 = 86_400_000_000;

    #[track_caller]
    fn check(header: Option<&str>, uri: &'static str, expected: i64) {
        let mut headers = HeaderMap::new();
        if let Some(header) = header {
            headers.insert(SENT, header.parse().expect("a value"));
        }
        let skew = skew_micros(&headers, &Uri::from_static(uri), ARRIVAL);
        assert_eq!(skew, expected, "{header:?} {uri}");
    }

    #[test]
    fn a_clock_is_wrong_if_it_differs_by_more_than_two_minutes() {
        let millis = |offset: i64| ((ARRIVAL + offset) / 1000).to_string();
        check(None, "/v1/logs", 0);
        check(Some(&millis(3 * DAY)), "/v1/logs", 3 * DAY);
        check(Some(&millis(-3 * DAY)), "/v1/logs", -3 * DAY);
        check(Some(&millis(TOLERANCE_MICROS)), "/v1/logs", 0);
        check(
            Some(&millis(TOLERANCE_MICROS + 1000)),
            "/v1/logs",
            TOLERANCE_MICROS + 1000,
        );
        check(None, "/v1/logs?batch=a&sent=1790086400000", DAY);
        check(None, "/v1/logs?batch=a&sentinel=1790086400000", 0);
        check(Some("0"), "/v1/logs", -ARRIVAL);
        for ignored in ["", "-1", "soon", "1.5", "253402300800000", "99999999999999999999"] {
            check(Some(ignored), "/v1/logs", 0);
        }
    }

    #[test]
    fn a_time_without_a_right_one_stays() {
        assert_eq!(shifted(10, 3), 7);
        assert_eq!(shifted(10, -3), 13);
        assert_eq!(shifted(10, 10), 10);
        assert_eq!(shifted(10, 11), 10);
        assert_eq!(shifted(u64::MAX - 1, -5), u64::MAX - 1);
    }
}
