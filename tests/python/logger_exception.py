"""Logs an exception as programs do: `logger.exception`, with OpenTelemetry's logging handler. Argument: the endpoint."""

import logging
import sys

from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.instrumentation.logging.handler import LoggingHandler
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.resources import Resource

provider = LoggerProvider(resource=Resource.create({"service.name": "billing"}))
provider.add_log_record_processor(BatchLogRecordProcessor(OTLPLogExporter(endpoint=sys.argv[1] + "/v1/logs")))
logging.getLogger().addHandler(LoggingHandler(logger_provider=provider))

try:
    1 / 0
except ZeroDivisionError:
    logging.getLogger("billing").exception("the invoice can't be split")
provider.shutdown()
