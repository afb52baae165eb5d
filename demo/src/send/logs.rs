//! The log records of a source, through the SDK's logger provider.

use std::sync::Arc;
use std::time::Duration;

use opentelemetry::InstrumentationScope;
use opentelemetry::logs::{LogRecord as _, Logger as _, LoggerProvider as _, Severity as Number};
use opentelemetry::trace::{SpanId, TraceFlags, TraceId};
use opentelemetry_otlp::LogExporter;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::logs::{
    LogBatch, LogExporter as _, LogProcessor, SdkLogRecord, SdkLogger, SdkLoggerProvider,
};

use super::batches::Batches;
use super::outbox::Outbox;
use super::tally::Signal;
use super::values::{any, system_time};
use lakefront_demo::{Log, Severity};

/// A log processor that passes full batches to the OTLP exporter.
#[derive(Debug)]
struct Processor {
    exporter: Arc<LogExporter>,
    batches: Batches<(SdkLogRecord, InstrumentationScope)>,
    outbox: Outbox,
}

impl Processor {
    fn export(&self, batch: Vec<(SdkLogRecord, InstrumentationScope)>) {
        let exporter = Arc::clone(&self.exporter);
        self.outbox.put(Signal::Logs, batch.len(), async move {
            let batch: Vec<_> = batch.iter().map(|(record, scope)| (record, scope)).collect();
            exporter.export(LogBatch::new(&batch)).await
        });
    }
}

impl LogProcessor for Processor {
    fn emit(&self, record: &mut SdkLogRecord, scope: &InstrumentationScope) {
        if let Some(batch) = self.batches.add((record.clone(), scope.clone())) {
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

/// The logger of one source.
pub(super) struct Logs {
    provider: SdkLoggerProvider,
    logger: SdkLogger,
}

impl Logs {
    pub(super) fn new(
        resource: Resource,
        scope: InstrumentationScope,
        exporter: LogExporter,
        outbox: Outbox,
    ) -> Self {
        let processor = Processor {
            exporter: Arc::new(exporter),
            batches: Batches::default(),
            outbox,
        };
        let provider = SdkLoggerProvider::builder()
            .with_resource(resource)
            .with_log_processor(processor)
            .build();
        Self {
            logger: provider.logger_with_scope(scope),
            provider,
        }
    }

    pub(super) fn emit(&self, time: i64, log: Log) {
        let mut record = self.logger.create_log_record();
        record.set_timestamp(system_time(time));
        record.set_observed_timestamp(system_time(time));
        let (number, text) = match log.severity {
            Severity::Info => (Number::Info, "INFO"),
            Severity::Warn => (Number::Warn, "WARN"),
            Severity::Error => (Number::Error, "ERROR"),
        };
        record.set_severity_number(number);
        record.set_severity_text(text);
        if let Some(name) = log.event_name {
            record.set_event_name(name);
        }
        if let Some(body) = log.body {
            record.set_body(body.into());
        }
        if let Some(span) = log.span {
            record.set_trace_context(
                TraceId::from(span.trace_id),
                SpanId::from(span.span_id),
                Some(TraceFlags::SAMPLED),
            );
        }
        record.add_attributes(log.attributes.into_iter().map(|(key, value)| (key, any(value))));
        self.logger.emit(record);
    }

    pub(super) fn flush(&self) -> OTelSdkResult {
        self.provider.force_flush()
    }
}
