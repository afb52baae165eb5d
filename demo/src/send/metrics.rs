//! The metrics of a source, through the SDK's meter provider, with the times of the shop.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use opentelemetry::metrics::{Counter, Gauge, Histogram, MeterProvider as _, UpDownCounter};
use opentelemetry::{InstrumentationScope, KeyValue};
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::metrics::v1::ResourceMetrics as OtlpMetrics;
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::{OTelSdkError, OTelSdkResult};
use opentelemetry_sdk::metrics::data::ResourceMetrics;
use opentelemetry_sdk::metrics::exporter::PushMetricExporter;
use opentelemetry_sdk::metrics::{
    Aggregation, Instrument, PeriodicReader, SdkMeterProvider, Stream, Temporality,
};

use lakefront_demo::{Event, HOUR, Kind, Record, Service};

/// The time span of a collection, in microseconds since 1970.
#[derive(Debug, Clone, Copy)]
pub(super) struct Window {
    /// When the source started, from which cumulative values count.
    pub(super) since: i64,
    /// The time of the collection.
    pub(super) at: i64,
}

/// An exporter that keeps the SDK's last collection and replaces its times with those of the shop.
///
/// The SDK stamps each data point with its own clock at the collection. Measurements of last week would get the current
/// time. The only place to change that is here, between the SDK and the request.
#[derive(Debug, Clone, Default)]
struct Shifted {
    window: Arc<Mutex<Option<Window>>>,
    collected: Arc<Mutex<Option<OtlpMetrics>>>,
}

impl PushMetricExporter for Shifted {
    async fn export(&self, metrics: &ResourceMetrics) -> OTelSdkResult {
        // `None` means that the reader collects on its own, unasked.
        let Some(window) = *lock(&self.window) else {
            return Ok(());
        };
        let mut request = ExportMetricsServiceRequest::from(metrics);
        for metric in request
            .resource_metrics
            .iter_mut()
            .flat_map(|resource| &mut resource.scope_metrics)
            .flat_map(|scope| &mut scope.metrics)
        {
            shift(metric.data.as_mut(), window);
        }
        *lock(&self.collected) = request.resource_metrics.pop();
        Ok(())
    }

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _: Duration) -> OTelSdkResult {
        Ok(())
    }

    fn temporality(&self) -> Temporality {
        Temporality::Cumulative
    }
}

fn shift(data: Option<&mut Data>, window: Window) {
    let since = nanos(window.since);
    let at = nanos(window.at);
    match data {
        Some(Data::Gauge(gauge)) => gauge.data_points.iter_mut().for_each(|point| {
            point.start_time_unix_nano = 0;
            point.time_unix_nano = at;
        }),
        Some(Data::Sum(sum)) => sum.data_points.iter_mut().for_each(|point| {
            point.start_time_unix_nano = since;
            point.time_unix_nano = at;
        }),
        Some(Data::Histogram(histogram)) => histogram.data_points.iter_mut().for_each(|point| {
            point.start_time_unix_nano = since;
            point.time_unix_nano = at;
        }),
        Some(Data::ExponentialHistogram(histogram)) => histogram.data_points.iter_mut().for_each(|point| {
            point.start_time_unix_nano = since;
            point.time_unix_nano = at;
        }),
        Some(Data::Summary(_)) | None => {}
    }
}

/// Converts microseconds to nanoseconds. Negative times become 0.
pub(super) fn nanos(micros: i64) -> u64 {
    micros.max(0).unsigned_abs() * 1_000
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The instruments of one source.
pub(super) struct Meters {
    provider: SdkMeterProvider,
    shifted: Shifted,
    since: i64,
    /// A histogram with explicit buckets.
    requests: Histogram<f64>,
    /// A histogram that a view makes exponential.
    queries: Histogram<f64>,
    orders: Counter<u64>,
    /// A sum that can also fall.
    carts: UpDownCounter<i64>,
    memory: Gauge<u64>,
}

impl Meters {
    pub(super) fn new(resource: Resource, scope: InstrumentationScope, since: i64) -> Self {
        let shifted = Shifted::default();
        // Collections happen on demand only. The interval of a day is longer than any time between two of them.
        let reader = PeriodicReader::builder(shifted.clone())
            .with_interval(Duration::from_secs(86_400))
            .build();
        let provider = SdkMeterProvider::builder()
            .with_resource(resource)
            .with_reader(reader)
            .with_view(|instrument: &Instrument| {
                (instrument.name() == "db.client.operation.duration")
                    .then(|| {
                        Stream::builder()
                            .with_aggregation(Aggregation::Base2ExponentialHistogram {
                                max_size: 160,
                                max_scale: 20,
                                record_min_max: true,
                            })
                            .build()
                            .ok()
                    })
                    .flatten()
            })
            .build();
        let meter = provider.meter_with_scope(scope);
        Self {
            requests: meter
                .f64_histogram("http.server.request.duration")
                .with_unit("s")
                .with_description("Duration of HTTP server requests.")
                .with_boundaries(vec![
                    0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0,
                ])
                .build(),
            queries: meter
                .f64_histogram("db.client.operation.duration")
                .with_unit("s")
                .with_description("Duration of database client operations.")
                .build(),
            orders: meter
                .u64_counter("shop.orders")
                .with_unit("{order}")
                .with_description("Orders placed.")
                .build(),
            carts: meter
                .i64_up_down_counter("shop.carts.open")
                .with_unit("{cart}")
                .with_description("Carts that are neither ordered nor given up.")
                .build(),
            memory: meter
                .u64_gauge("process.memory.usage")
                .with_unit("By")
                .with_description("The amount of physical memory in use.")
                .build(),
            provider,
            shifted,
            since,
        }
    }

    /// Records the measurements of an event.
    pub(super) fn observe(&self, event: &Event) {
        if let Some(request) = &event.facts.request {
            self.requests.record(
                request.duration as f64 / 1e6,
                &[
                    KeyValue::new("http.request.method", request.method),
                    KeyValue::new("http.route", request.route),
                    KeyValue::new("http.response.status_code", i64::from(request.status)),
                ],
            );
            match (request.route, request.status) {
                ("/api/cart", 200) => self.carts.add(1, &[]),
                ("/api/orders", 200) => {
                    self.orders
                        .add(1, &[KeyValue::new("shop.payment.method", "card")]);
                    self.carts.add(-1, &[]);
                }
                _ => {}
            }
        }
        if let Record::Span(span) = &event.record
            && span.kind == Kind::Client
            && event.source.service == Service::ShopApi
        {
            self.queries.record(
                span.duration as f64 / 1e6,
                &[
                    KeyValue::new("db.system.name", "postgresql"),
                    KeyValue::new("db.query.summary", span.name.clone()),
                ],
            );
        }
    }

    /// Returns everything measured so far, with the time `at`.
    pub(super) fn collect(&self, at: i64) -> Result<Option<OtlpMetrics>, OTelSdkError> {
        // Memory use grows until midnight, when the process restarts.
        let hours = at.rem_euclid(24 * HOUR) as f64 / HOUR as f64;
        self.memory.record((180e6 + 4e6 * hours) as u64, &[]);
        *lock(&self.shifted.window) = Some(Window {
            since: self.since,
            at,
        });
        self.provider.force_flush()?;
        *lock(&self.shifted.window) = None;
        Ok(lock(&self.shifted.collected).take())
    }
}

/// Returns the number of data points.
pub(super) fn points(metrics: &OtlpMetrics) -> usize {
    metrics
        .scope_metrics
        .iter()
        .flat_map(|scope| &scope.metrics)
        .map(|metric| match &metric.data {
            Some(Data::Gauge(gauge)) => gauge.data_points.len(),
            Some(Data::Sum(sum)) => sum.data_points.len(),
            Some(Data::Histogram(histogram)) => histogram.data_points.len(),
            Some(Data::ExponentialHistogram(histogram)) => histogram.data_points.len(),
            Some(Data::Summary(summary)) => summary.data_points.len(),
            None => 0,
        })
        .sum()
}
