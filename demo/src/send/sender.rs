//! The entry point of `send`: passes each event to the providers of its source.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::{Context, Result};
use http::Request;
use opentelemetry::{InstrumentationScope, KeyValue};
use opentelemetry_http::{Bytes, HttpClient};
use opentelemetry_otlp::{
    LogExporter, Protocol, RetryPolicy, SpanExporter, WithExportConfig as _, WithHttpConfig as _,
};
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::metrics::v1::ResourceMetrics;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkError;
use prost::Message as _;
use tokio::runtime::Handle;

use super::logs::Logs;
use super::metrics::{Meters, points};
use super::outbox::Outbox;
use super::spans::Spans;
use super::summary::Settlements;
use super::tally::{Signal, Tally};
use super::wire::Wire;
use lakefront_demo::{Event, Record, Service, Source};

/// The number of metric collections in one request.
const COLLECTIONS: usize = 48;

/// Passes events to the OpenTelemetry SDK. Each source has its own providers, as a process of its own would have.
pub struct Sender {
    endpoint: String,
    wire: Arc<Wire>,
    outbox: Outbox,
    tally: Arc<Tally>,
    /// When the first source started, in microseconds since 1970.
    since: i64,
    sources: BTreeMap<Source, Telemetry>,
    collected: Vec<ResourceMetrics>,
}

/// The SDK's providers of one source.
struct Telemetry {
    logs: Logs,
    spans: Spans,
    /// The metrics. `None` for browsers, which have none.
    meters: Option<Meters>,
    settlements: Option<Settlements>,
    /// True if the source reported since the last collection. A release that no longer runs must not report metrics.
    alive: bool,
}

impl Sender {
    /// Creates a sender to an OTLP/HTTP endpoint, `http://host:port`. The first source started at `since`, in
    /// microseconds since 1970.
    pub fn new(runtime: Handle, endpoint: &str, wire: Wire, tally: Arc<Tally>, since: i64) -> Self {
        Self {
            endpoint: endpoint.trim_end_matches('/').to_owned(),
            wire: Arc::new(wire),
            outbox: Outbox::new(runtime, Arc::clone(&tally)),
            tally,
            since,
            sources: BTreeMap::new(),
            collected: Vec::new(),
        }
    }

    /// Sends an event, at the latest with the next [`Self::flush`].
    ///
    /// # Errors
    /// Returns an error if the SDK rejects the endpoint.
    pub fn send(&mut self, event: Event) -> Result<()> {
        if !self.sources.contains_key(&event.source) {
            let since = if self.sources.is_empty() {
                self.since
            } else {
                event.time
            };
            let telemetry = self.start(event.source, since)?;
            self.sources.insert(event.source, telemetry);
        }
        let Some(telemetry) = self.sources.get_mut(&event.source) else {
            return Ok(());
        };
        telemetry.alive = true;
        if let Some(meters) = &telemetry.meters {
            meters.observe(&event);
        }
        if let Some(settlements) = &mut telemetry.settlements {
            settlements.observe(&event);
        }
        match event.record {
            Record::Log(log) => telemetry.logs.emit(event.time, log),
            Record::Span(span) => telemetry.spans.emit(event.time, span),
        }
        Ok(())
    }

    /// Collects the metrics of every source that reported since the last collection, with the time `at`.
    ///
    /// # Errors
    /// Returns an error if the SDK cannot collect.
    pub fn collect(&mut self, at: i64) -> Result<()> {
        for telemetry in self.sources.values_mut().filter(|telemetry| telemetry.alive) {
            telemetry.alive = false;
            if let Some(meters) = &telemetry.meters {
                self.collected.extend(meters.collect(at)?);
            }
            if let Some(settlements) = &mut telemetry.settlements {
                self.collected.push(settlements.collect(at));
            }
        }
        if self.collected.len() >= COLLECTIONS {
            self.post_metrics();
        }
        Ok(())
    }

    /// Sends the incomplete batches, and waits until every batch was delivered or has failed.
    ///
    /// # Errors
    /// Returns an error if the SDK cannot flush.
    pub fn flush(&mut self) -> Result<()> {
        for telemetry in self.sources.values() {
            telemetry.logs.flush()?;
            telemetry.spans.flush()?;
        }
        self.post_metrics();
        self.outbox.wait();
        Ok(())
    }

    /// Returns the counts of delivered and failed items.
    pub fn tally(&self) -> &Tally {
        &self.tally
    }

    fn start(&self, source: Source, since: i64) -> Result<Telemetry> {
        let scope = || {
            InstrumentationScope::builder("shop")
                .with_version(source.version)
                .build()
        };
        let logs = LogExporter::builder()
            .with_http()
            .with_shared_http_client(self.client())
            .with_endpoint(self.url(Signal::Logs))
            .with_protocol(Protocol::HttpBinary)
            .with_retry_policy(RetryPolicy::disabled())
            .build()
            .with_context(|| format!("{} is no OTLP/HTTP endpoint", self.endpoint))?;
        let spans = SpanExporter::builder()
            .with_http()
            .with_shared_http_client(self.client())
            .with_endpoint(self.url(Signal::Traces))
            .with_protocol(Protocol::HttpBinary)
            .with_retry_policy(RetryPolicy::disabled())
            .build()
            .with_context(|| format!("{} is no OTLP/HTTP endpoint", self.endpoint))?;
        Ok(Telemetry {
            logs: Logs::new(resource(source), scope(), logs, self.outbox.clone()),
            spans: Spans::new(resource(source), scope(), spans, self.outbox.clone()),
            meters: (source.service != Service::Storefront)
                .then(|| Meters::new(resource(source), scope(), since)),
            settlements: (source.service == Service::Payments).then(|| Settlements::new(source, since)),
            alive: true,
        })
    }

    fn client(&self) -> Arc<dyn HttpClient> {
        Arc::<Wire>::clone(&self.wire)
    }

    fn url(&self, signal: Signal) -> String {
        format!("{}{}", self.endpoint, signal.path())
    }

    fn post_metrics(&mut self) {
        if self.collected.is_empty() {
            return;
        }
        let resource_metrics = std::mem::take(&mut self.collected);
        let items = resource_metrics.iter().map(points).sum();
        let body = ExportMetricsServiceRequest { resource_metrics }.encode_to_vec();
        let (wire, url) = (Arc::clone(&self.wire), self.url(Signal::Metrics));
        self.outbox.put(Signal::Metrics, items, async move {
            let request = Request::post(url)
                .header(http::header::CONTENT_TYPE, "application/x-protobuf")
                .body(Bytes::from(body))
                .map_err(|error| OTelSdkError::InternalFailure(error.to_string()))?;
            let reply = wire
                .send_bytes(request)
                .await
                .map_err(|error| OTelSdkError::InternalFailure(error.to_string()))?;
            match reply.status() {
                status if status.is_success() => Ok(()),
                status => Err(OTelSdkError::InternalFailure(format!(
                    "the endpoint answered {status}"
                ))),
            }
        });
    }
}

/// Returns the resource of a source, with the attributes that its SDK would set.
fn resource(source: Source) -> Resource {
    let language = if source.service == Service::Storefront {
        "webjs"
    } else {
        "rust"
    };
    Resource::builder_empty()
        .with_attributes([
            KeyValue::new("service.name", source.service.name()),
            KeyValue::new("service.namespace", "shop"),
            KeyValue::new("service.version", source.version),
            KeyValue::new("deployment.environment.name", source.environment.name()),
            KeyValue::new("telemetry.sdk.name", "opentelemetry"),
            KeyValue::new("telemetry.sdk.language", language),
        ])
        .build()
}
