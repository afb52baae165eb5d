//! A metric of the type summary, as the Collector's Prometheus receiver would send it.

use opentelemetry_proto::tonic::common::v1::any_value::Value as AnyValue;
use opentelemetry_proto::tonic::common::v1::{AnyValue as Any, InstrumentationScope, KeyValue};
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::summary_data_point::ValueAtQuantile;
use opentelemetry_proto::tonic::metrics::v1::{
    Metric, ResourceMetrics, ScopeMetrics, Summary, SummaryDataPoint,
};
use opentelemetry_proto::tonic::resource::v1::Resource;

use super::metrics::{Window, nanos};
use lakefront_demo::{Event, Kind, Record, Source};

/// A Prometheus summary of the duration of settlements.
///
/// No OpenTelemetry SDK produces summaries. They come from Prometheus clients, which the Collector's Prometheus
/// receiver scrapes. The format is that of the receiver (receiver/prometheusreceiver, v0.161).
pub(super) struct Settlements {
    source: Source,
    since: i64,
    count: u64,
    sum: f64,
    /// The durations since the last scrape, in seconds. A Prometheus client has a sliding window too.
    recent: Vec<f64>,
}

impl Settlements {
    pub(super) const fn new(source: Source, since: i64) -> Self {
        Self {
            source,
            since,
            count: 0,
            sum: 0.0,
            recent: Vec::new(),
        }
    }

    pub(super) fn observe(&mut self, event: &Event) {
        if let Record::Span(span) = &event.record
            && span.kind == Kind::Consumer
        {
            let seconds = span.duration as f64 / 1e6;
            self.count += 1;
            self.sum += seconds;
            self.recent.push(seconds);
        }
    }

    /// Returns the scrape at a time, in microseconds since 1970.
    pub(super) fn collect(&mut self, at: i64) -> ResourceMetrics {
        let window = Window {
            since: self.since,
            at,
        };
        self.recent.sort_by(f64::total_cmp);
        let quantile_values = [0.5, 0.9, 0.99]
            .into_iter()
            .map(|quantile| ValueAtQuantile {
                quantile,
                // A Prometheus client reports NaN if its window is empty.
                value: match self.recent.len() {
                    0 => f64::NAN,
                    seen => self.recent[(quantile * (seen - 1) as f64) as usize],
                },
            })
            .collect();
        self.recent.clear();
        let point = SummaryDataPoint {
            attributes: vec![text("bank", "Sparkasse Köln")],
            start_time_unix_nano: nanos(window.since),
            time_unix_nano: nanos(window.at),
            count: self.count,
            sum: self.sum,
            quantile_values,
            flags: 0,
        };
        ResourceMetrics {
            resource: Some(Resource {
                attributes: vec![
                    text("service.name", self.source.service.name()),
                    text("service.instance.id", "10.0.0.12:9090"),
                    text("server.address", "10.0.0.12"),
                    text("server.port", "9090"),
                    text("url.scheme", "http"),
                    text("deployment.environment.name", self.source.environment.name()),
                ],
                ..Resource::default()
            }),
            scope_metrics: vec![ScopeMetrics {
                scope: Some(InstrumentationScope {
                    name: "github.com/open-telemetry/opentelemetry-collector-contrib/receiver/prometheusreceiver"
                        .into(),
                    version: "0.161.0".into(),
                    ..InstrumentationScope::default()
                }),
                metrics: vec![Metric {
                    name: "settlement_duration_seconds".into(),
                    description: "How long a settlement with the bank takes.".into(),
                    unit: String::new(),
                    data: Some(Data::Summary(Summary { data_points: vec![point] })),
                    ..Metric::default()
                }],
                ..ScopeMetrics::default()
            }],
            ..ResourceMetrics::default()
        }
    }
}

fn text(key: &str, value: &str) -> KeyValue {
    KeyValue {
        key: key.into(),
        value: Some(Any {
            value: Some(AnyValue::StringValue(value.into())),
        }),
        ..KeyValue::default()
    }
}
