"""Records an exception on a span as programs do: `span.record_exception`. Argument: the endpoint."""

import sys

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

provider = TracerProvider(resource=Resource.create({"service.name": "billing"}))
provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=sys.argv[1] + "/v1/traces")))

with provider.get_tracer("billing").start_as_current_span("send invoice") as span:
    try:
        {}["iban"]
    except KeyError as error:
        span.record_exception(error)
provider.shutdown()
