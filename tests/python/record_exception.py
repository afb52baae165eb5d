"""Raises an exception through three spans, each of which records it: it is one error. Argument: the endpoint."""

import sys

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor

provider = TracerProvider(resource=Resource.create({"service.name": "billing"}))
provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=sys.argv[1] + "/v1/traces")))

tracer = provider.get_tracer("billing")


@tracer.start_as_current_span("look up account")
def account():
    return {}["iban"]


@tracer.start_as_current_span("send invoice")
def invoice():
    account()


try:
    with tracer.start_as_current_span("bill") as span:
        invoice()
except KeyError:
    pass
provider.shutdown()
