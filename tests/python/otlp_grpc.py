"""Sends a log record, a span and a number with the OpenTelemetry SDK for Python, by its exporters for gRPC without
arguments: the environment alone sets the endpoint."""

import logging

from opentelemetry.exporter.otlp.proto.grpc._log_exporter import OTLPLogExporter
from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
from opentelemetry.instrumentation.logging.handler import LoggingHandler
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

spans = TracerProvider()
spans.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
records = LoggerProvider()
records.add_log_record_processor(BatchLogRecordProcessor(OTLPLogExporter()))
logger = logging.getLogger("shop")
logger.addHandler(LoggingHandler(logger_provider=records))
logger.setLevel(logging.INFO)
numbers = MeterProvider(metric_readers=[PeriodicExportingMetricReader(OTLPMetricExporter())])

with spans.get_tracer("shop").start_as_current_span("pay"):
    logger.info("paid")
numbers.get_meter("shop").create_counter("orders").add(3, {"kind": "card"})
for provider in (spans, records, numbers):
    provider.shutdown()
