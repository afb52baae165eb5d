//! Proptest strategies that generate any request.

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{
    AnyValue, ArrayValue, InstrumentationScope, KeyValue, KeyValueList,
};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};
use opentelemetry_proto::tonic::metrics::v1::{
    Exemplar, ExponentialHistogram, ExponentialHistogramDataPoint, Gauge, Histogram, HistogramDataPoint,
    Metric, NumberDataPoint, ResourceMetrics, ScopeMetrics, Sum, Summary, SummaryDataPoint, exemplar,
    exponential_histogram_data_point::Buckets, metric::Data, number_data_point,
    summary_data_point::ValueAtQuantile,
};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::span::{Event, Link};
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, Status};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

/// Generates a finite number, as JSON requires, with few enough digits that every parser rounds it alike.
fn number() -> impl Strategy<Value = f64> {
    (any::<i32>(), 0..4).prop_map(|(value, scale)| f64::from(value) / f64::from(1 << scale))
}

fn id(length: usize) -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![Just(Vec::new()), vec(any::<u8>(), length)]
}

/// Generates keys that the mapping reads, and others.
fn key() -> impl Strategy<Value = String> {
    let known = [
        "service.name",
        "exception.type",
        "exception.message",
        "exception.stacktrace",
        "error.type",
        "url.full",
        "url.path",
        "browser.document.url.full",
        "browser.web_vital.value",
        "name",
        "value",
        "http.request.method",
        "http.route",
        "http.response.status_code",
        "session.id",
        "user.id",
        "user_agent.original",
        "client.address",
    ];
    prop_oneof![
        prop::sample::select(known.to_vec()).prop_map(str::to_owned),
        "\\PC{0,8}"
    ]
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "\\PC{0,12}",
        "https?://[a-z]{1,5}\\.example/[a-z0-9/]{0,12}(\\?utm_source=[a-z%+]{0,4})?",
        "[0-9]{1,4}"
    ]
}

fn any_value() -> impl Strategy<Value = AnyValue> {
    let leaf = prop_oneof![
        Just(None),
        text().prop_map(|text| Some(Value::StringValue(text))),
        any::<bool>().prop_map(|value| Some(Value::BoolValue(value))),
        any::<i64>().prop_map(|value| Some(Value::IntValue(value))),
        number().prop_map(|value| Some(Value::DoubleValue(value))),
        vec(any::<u8>(), 0..6).prop_map(|bytes| Some(Value::BytesValue(bytes))),
    ];
    leaf.prop_map(|value| AnyValue { value })
        .prop_recursive(3, 12, 3, |inner| {
            let array = vec(inner.clone(), 0..3).prop_map(|values| Value::ArrayValue(ArrayValue { values }));
            let entry = (key(), option::of(inner)).prop_map(|(key, value)| KeyValue {
                key,
                value,
                ..KeyValue::default()
            });
            let map = vec(entry, 0..3).prop_map(|values| Value::KvlistValue(KeyValueList { values }));
            prop_oneof![array, map].prop_map(|value| AnyValue { value: Some(value) })
        })
}

fn attributes() -> impl Strategy<Value = Vec<KeyValue>> {
    let attribute = (key(), option::of(any_value())).prop_map(|(key, value)| KeyValue {
        key,
        value,
        ..KeyValue::default()
    });
    vec(attribute, 0..5)
}

fn resource() -> impl Strategy<Value = Option<Resource>> {
    let resource = (attributes(), any::<u32>()).prop_map(|(attributes, dropped_attributes_count)| Resource {
        attributes,
        dropped_attributes_count,
        ..Resource::default()
    });
    option::of(resource)
}

fn scope() -> impl Strategy<Value = Option<InstrumentationScope>> {
    let scope =
        (text(), text(), attributes(), any::<u32>()).prop_map(|(name, version, attributes, dropped)| {
            InstrumentationScope {
                name,
                version,
                attributes,
                dropped_attributes_count: dropped,
            }
        });
    option::of(scope)
}

fn event_name() -> impl Strategy<Value = String> {
    let known = [
        "",
        "exception",
        "browser.navigation",
        "browser.web_vital",
        "http.server.request",
    ];
    prop_oneof![
        prop::sample::select(known.to_vec()).prop_map(str::to_owned),
        text()
    ]
}

pub fn logs() -> impl Strategy<Value = ExportLogsServiceRequest> {
    let times = (any::<u64>(), any::<u64>());
    let rest = (
        0..25_i32,
        text(),
        option::of(any_value()),
        attributes(),
        any::<u32>(),
        id(16),
        id(8),
        event_name(),
    );
    let record = (times, rest).prop_map(
        |((time, observed), (number, text, body, attributes, flags, trace, span, event))| LogRecord {
            time_unix_nano: time,
            observed_time_unix_nano: observed,
            severity_number: number,
            severity_text: text,
            body,
            attributes,
            dropped_attributes_count: flags / 2,
            flags,
            trace_id: trace,
            span_id: span,
            event_name: event,
        },
    );
    let scope_logs =
        (scope(), vec(record, 0..4), text()).prop_map(|(scope, log_records, schema_url)| ScopeLogs {
            scope,
            log_records,
            schema_url,
        });
    let resource_logs =
        (resource(), vec(scope_logs, 0..3), text()).prop_map(|(resource, scope_logs, schema_url)| {
            ResourceLogs {
                resource,
                scope_logs,
                schema_url,
            }
        });
    vec(resource_logs, 0..3).prop_map(|resource_logs| ExportLogsServiceRequest { resource_logs })
}

pub fn traces() -> impl Strategy<Value = ExportTraceServiceRequest> {
    let event = (any::<u64>(), event_name(), attributes(), any::<u32>()).prop_map(
        |(time, name, attributes, dropped)| Event {
            time_unix_nano: time,
            name,
            attributes,
            dropped_attributes_count: dropped,
        },
    );
    let link = (id(16), id(8), text(), attributes(), any::<u32>()).prop_map(
        |(trace, span, state, attributes, flags)| Link {
            trace_id: trace,
            span_id: span,
            trace_state: state,
            attributes,
            dropped_attributes_count: flags / 2,
            flags,
        },
    );
    let status = option::of((text(), 0..3_i32).prop_map(|(message, code)| Status { message, code }));
    let ids = (id(16), id(8), id(8), text(), any::<u32>());
    let rest = (
        text(),
        0..6_i32,
        any::<u64>(),
        any::<u64>(),
        attributes(),
        vec(event, 0..3),
        vec(link, 0..3),
        status,
    );
    let span = (ids, rest).prop_map(
        |(
            (trace_id, span_id, parent, state, flags),
            (name, kind, start, end, attributes, events, links, status),
        )| Span {
            trace_id,
            span_id,
            trace_state: state,
            parent_span_id: parent,
            flags,
            name,
            kind,
            start_time_unix_nano: start,
            end_time_unix_nano: end,
            attributes,
            dropped_attributes_count: flags / 2,
            events,
            dropped_events_count: flags / 3,
            links,
            dropped_links_count: flags / 5,
            status,
        },
    );
    let scope_spans = (scope(), vec(span, 0..4), text()).prop_map(|(scope, spans, schema_url)| ScopeSpans {
        scope,
        spans,
        schema_url,
    });
    let resource_spans =
        (resource(), vec(scope_spans, 0..3), text()).prop_map(|(resource, scope_spans, schema_url)| {
            ResourceSpans {
                resource,
                scope_spans,
                schema_url,
            }
        });
    vec(resource_spans, 0..3).prop_map(|resource_spans| ExportTraceServiceRequest { resource_spans })
}

fn exemplars() -> impl Strategy<Value = Vec<Exemplar>> {
    let value = option::of(prop_oneof![
        number().prop_map(exemplar::Value::AsDouble),
        any::<i64>().prop_map(exemplar::Value::AsInt)
    ]);
    let exemplar = (attributes(), any::<u64>(), id(8), id(16), value).prop_map(
        |(attributes, time, span, trace, value)| Exemplar {
            filtered_attributes: attributes,
            time_unix_nano: time,
            span_id: span,
            trace_id: trace,
            value,
        },
    );
    vec(exemplar, 0..3)
}

fn number_points() -> impl Strategy<Value = Vec<NumberDataPoint>> {
    let value = option::of(prop_oneof![
        number().prop_map(number_data_point::Value::AsDouble),
        any::<i64>().prop_map(number_data_point::Value::AsInt)
    ]);
    let point = (
        attributes(),
        any::<u64>(),
        any::<u64>(),
        exemplars(),
        any::<u32>(),
        value,
    )
        .prop_map(
            |(attributes, start, time, exemplars, flags, value)| NumberDataPoint {
                attributes,
                start_time_unix_nano: start,
                time_unix_nano: time,
                exemplars,
                flags,
                value,
            },
        );
    vec(point, 0..4)
}

fn histogram_points() -> impl Strategy<Value = Vec<HistogramDataPoint>> {
    let extremes = (option::of(number()), option::of(number()), option::of(number()));
    let point = (
        attributes(),
        any::<u64>(),
        any::<u64>(),
        extremes,
        vec(any::<u64>(), 0..4),
        vec(number(), 0..4),
        exemplars(),
    )
        .prop_map(
            |(attributes, time, count, (sum, min, max), bucket_counts, explicit_bounds, exemplars)| {
                HistogramDataPoint {
                    attributes,
                    start_time_unix_nano: time / 2,
                    time_unix_nano: time,
                    count,
                    sum,
                    bucket_counts,
                    explicit_bounds,
                    exemplars,
                    flags: 0,
                    min,
                    max,
                }
            },
        );
    vec(point, 0..4)
}

fn exponential_points() -> impl Strategy<Value = Vec<ExponentialHistogramDataPoint>> {
    let buckets = || {
        let buckets = (any::<i32>(), vec(any::<u64>(), 0..4));
        option::of(buckets.prop_map(|(offset, bucket_counts)| Buckets {
            offset,
            bucket_counts,
        }))
    };
    let extremes = (option::of(number()), option::of(number()), option::of(number()));
    let point = (
        attributes(),
        any::<u64>(),
        any::<i32>(),
        extremes,
        buckets(),
        buckets(),
        exemplars(),
        number(),
    )
        .prop_map(
            |(attributes, time, scale, (sum, min, max), positive, negative, exemplars, zero_threshold)| {
                ExponentialHistogramDataPoint {
                    attributes,
                    start_time_unix_nano: time / 2,
                    time_unix_nano: time,
                    count: time / 3,
                    sum,
                    scale,
                    zero_count: time / 5,
                    positive,
                    negative,
                    flags: 1,
                    exemplars,
                    min,
                    max,
                    zero_threshold,
                }
            },
        );
    vec(point, 0..4)
}

fn summary_points() -> impl Strategy<Value = Vec<SummaryDataPoint>> {
    let quantile = (number(), number()).prop_map(|(quantile, value)| ValueAtQuantile { quantile, value });
    let point = (
        attributes(),
        any::<u64>(),
        any::<u64>(),
        number(),
        vec(quantile, 0..3),
    )
        .prop_map(
            |(attributes, time, count, sum, quantile_values)| SummaryDataPoint {
                attributes,
                start_time_unix_nano: 0,
                time_unix_nano: time,
                count,
                sum,
                quantile_values,
                flags: 0,
            },
        );
    vec(point, 0..4)
}

/// Generates a request of metrics, with the number of its data points.
pub fn metrics() -> impl Strategy<Value = (ExportMetricsServiceRequest, usize)> {
    let data = prop_oneof![
        number_points().prop_map(|data_points| (data_points.len(), Data::Gauge(Gauge { data_points }))),
        (number_points(), 0..3_i32, any::<bool>()).prop_map(
            |(data_points, aggregation_temporality, is_monotonic)| {
                (
                    data_points.len(),
                    Data::Sum(Sum {
                        data_points,
                        aggregation_temporality,
                        is_monotonic,
                    }),
                )
            }
        ),
        (histogram_points(), 0..3_i32).prop_map(|(data_points, aggregation_temporality)| {
            (
                data_points.len(),
                Data::Histogram(Histogram {
                    data_points,
                    aggregation_temporality,
                }),
            )
        }),
        (exponential_points(), 0..3_i32).prop_map(|(data_points, aggregation_temporality)| {
            let histogram = ExponentialHistogram {
                data_points,
                aggregation_temporality,
            };
            (histogram.data_points.len(), Data::ExponentialHistogram(histogram))
        }),
        summary_points().prop_map(|data_points| (data_points.len(), Data::Summary(Summary { data_points }))),
    ];
    let metric = (text(), text(), text(), attributes(), data).prop_map(
        |(name, description, unit, metadata, (points, data))| {
            (
                points,
                Metric {
                    name,
                    description,
                    unit,
                    metadata,
                    data: Some(data),
                },
            )
        },
    );
    (resource(), scope(), vec(metric, 0..5), text()).prop_map(|(resource, scope, metrics, schema_url)| {
        let points = metrics.iter().map(|(points, _)| points).sum();
        let metrics = metrics.into_iter().map(|(_, metric)| metric).collect();
        let scope_metrics = vec![ScopeMetrics {
            scope,
            metrics,
            schema_url: schema_url.clone(),
        }];
        (
            ExportMetricsServiceRequest {
                resource_metrics: vec![ResourceMetrics {
                    resource,
                    scope_metrics,
                    schema_url,
                }],
            },
            points,
        )
    })
}
