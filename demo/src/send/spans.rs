//! The spans of a source, through the SDK's tracer provider.

use std::cell::Cell;
use std::sync::Arc;
use std::time::Duration;

use opentelemetry::trace::{
    Event as SdkEvent, Link, Span as _, SpanContext as SdkContext, SpanId, SpanKind, Status,
    TraceContextExt as _, TraceFlags, TraceId, TraceState, Tracer as _, TracerProvider as _,
};
use opentelemetry::{Context, InstrumentationScope};
use opentelemetry_otlp::SpanExporter;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{
    IdGenerator, Sampler, SdkTracer, SdkTracerProvider, Span as SdkSpan, SpanData, SpanExporter as _,
    SpanProcessor,
};

use super::batches::Batches;
use super::outbox::Outbox;
use super::tally::Signal;
use super::values::{key_values, system_time};
use lakefront_demo::{Kind, Span, SpanContext};

/// A span processor that passes full batches of ended spans to the OTLP exporter.
#[derive(Debug)]
struct Processor {
    exporter: Arc<SpanExporter>,
    batches: Batches<SpanData>,
    outbox: Outbox,
}

impl Processor {
    fn export(&self, batch: Vec<SpanData>) {
        let exporter = Arc::clone(&self.exporter);
        self.outbox.put(Signal::Traces, batch.len(), async move {
            exporter.export(batch).await
        });
    }
}

impl SpanProcessor for Processor {
    fn on_start(&self, _: &mut SdkSpan, _: &Context) {}

    fn on_end(&self, span: SpanData) {
        if let Some(batch) = self.batches.add(span) {
            self.export(batch);
        }
    }

    fn force_flush(&self) -> OTelSdkResult {
        if let Some(batch) = self.batches.rest() {
            self.export(batch);
        }
        Ok(())
    }

    fn shutdown_with_timeout(&self, _: Duration) -> OTelSdkResult {
        self.force_flush()
    }

    fn set_resource(&mut self, resource: &Resource) {
        // The SDK calls this once, before any batch shares the exporter.
        if let Some(exporter) = Arc::get_mut(&mut self.exporter) {
            exporter.set_resource(resource);
        }
    }
}

thread_local! {
    /// The ids of the span that this thread is creating.
    static NEXT: Cell<SpanContext> = const { Cell::new(SpanContext { trace_id: 0, span_id: 0 }) };
}

/// An id generator that returns the ids from the shop instead of random ones, so that a run can be repeated.
#[derive(Debug)]
struct Given;

impl IdGenerator for Given {
    fn new_trace_id(&self) -> TraceId {
        TraceId::from(NEXT.get().trace_id)
    }

    fn new_span_id(&self) -> SpanId {
        SpanId::from(NEXT.get().span_id)
    }
}

/// The tracer of one source.
pub(super) struct Spans {
    provider: SdkTracerProvider,
    tracer: SdkTracer,
}

impl Spans {
    pub(super) fn new(
        resource: Resource,
        scope: InstrumentationScope,
        exporter: SpanExporter,
        outbox: Outbox,
    ) -> Self {
        let processor = Processor {
            exporter: Arc::new(exporter),
            batches: Batches::default(),
            outbox,
        };
        let provider = SdkTracerProvider::builder()
            .with_resource(resource)
            .with_sampler(Sampler::AlwaysOn)
            .with_id_generator(Given)
            .with_span_processor(processor)
            .build();
        Self {
            tracer: provider.tracer_with_scope(scope),
            provider,
        }
    }

    pub(super) fn emit(&self, time: i64, span: Span) {
        let parent = span.parent.map_or_else(Context::new, |span_id| {
            let parent = SpanContext {
                trace_id: span.context.trace_id,
                span_id,
            };
            Context::new().with_remote_span_context(sdk_context(parent, span.parent_is_remote))
        });
        let builder = self
            .tracer
            .span_builder(span.name)
            .with_kind(match span.kind {
                Kind::Internal => SpanKind::Internal,
                Kind::Server => SpanKind::Server,
                Kind::Client => SpanKind::Client,
                Kind::Consumer => SpanKind::Consumer,
            })
            .with_start_time(system_time(time))
            .with_attributes(key_values(span.attributes))
            .with_links(
                span.links
                    .into_iter()
                    .map(|to| Link::with_context(sdk_context(to, true)))
                    .collect(),
            )
            .with_events(
                span.events
                    .into_iter()
                    .map(|event| {
                        SdkEvent::new(
                            event.name,
                            system_time(event.time),
                            key_values(event.attributes),
                            0,
                        )
                    })
                    .collect(),
            );
        NEXT.set(span.context);
        let mut building = self.tracer.build_with_context(builder, &parent);
        if let Some(description) = span.error {
            building.set_status(Status::error(description));
        }
        building.end_with_timestamp(system_time(time + span.duration));
    }

    pub(super) fn flush(&self) -> OTelSdkResult {
        self.provider.force_flush()
    }
}

fn sdk_context(of: SpanContext, remote: bool) -> SdkContext {
    SdkContext::new(
        TraceId::from(of.trace_id),
        SpanId::from(of.span_id),
        TraceFlags::SAMPLED,
        remote,
        TraceState::NONE,
    )
}
