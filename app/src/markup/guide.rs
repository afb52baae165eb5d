use maud::{Markup, html};

/// For a lake without a row: what to send, and where.
pub fn steps(endpoint: &str) -> Markup {
    let environment =
        format!("OTEL_EXPORTER_OTLP_ENDPOINT={endpoint}\nOTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf");
    html! {
        section.guide aria-labelledby="guide-title" {
            h2 #guide-title { "The lake is empty. Send it something." }
            p {
                "Lakefront takes OpenTelemetry over HTTP: logs, spans and metrics, protobuf or JSON. "
                "Point any SDK or Collector at this address; the first rows show up here by themselves."
            }
            (copyable("OTLP endpoint", &environment))
            (copyable("Python", &python(endpoint)))
            (copyable("JavaScript, without an SDK", &javascript(endpoint)))
            (copyable("curl", &curl(endpoint)))
            p.waiting role="status" { "Waiting for the first row …" }
        }
    }
}

/// Text to be taken along, with a button that does it.
fn copyable(title: &str, text: &str) -> Markup {
    html! {
        figure.copyable {
            figcaption { (title) button type="button" data-copy { "Copy" } }
            pre tabindex="0" { code { (text) } }
        }
    }
}

fn python(endpoint: &str) -> String {
    format!(
        r#"# pip install opentelemetry-sdk opentelemetry-exporter-otlp-proto-http
import logging
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.sdk._logs import LoggerProvider, LoggingHandler
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.resources import Resource

provider = LoggerProvider(resource=Resource.create({{"service.name": "hello"}}))
provider.add_log_record_processor(BatchLogRecordProcessor(OTLPLogExporter("{endpoint}/v1/logs")))
logging.getLogger().addHandler(LoggingHandler(logger_provider=provider))

try:
    1 / 0
except ZeroDivisionError:
    logging.exception("it happened")
provider.shutdown()"#
    )
}

fn javascript(endpoint: &str) -> String {
    format!(
        r#"await fetch("{endpoint}/v1/logs", {{
  method: "POST",
  headers: {{ "content-type": "application/json" }},
  body: JSON.stringify({{ resourceLogs: [{{
    resource: {{ attributes: [{{ key: "service.name", value: {{ stringValue: "hello" }} }}] }},
    scopeLogs: [{{ logRecords: [{{
      timeUnixNano: Date.now() + "000000", severityNumber: 17, body: {{ stringValue: "it happened" }},
      attributes: [{{ key: "exception.type", value: {{ stringValue: "TypeError" }} }}],
    }}] }}],
  }}] }}),
}});"#
    )
}

fn curl(endpoint: &str) -> String {
    format!(
        r#"curl {endpoint}/v1/logs -H 'content-type: application/json' -d '{{"resourceLogs":[{{
  "resource":{{"attributes":[{{"key":"service.name","value":{{"stringValue":"hello"}}}}]}},
  "scopeLogs":[{{"logRecords":[{{"timeUnixNano":"'$(date +%s)'000000000","severityNumber":17,
    "body":{{"stringValue":"it happened"}}}}]}}]}}]}}'"#
    )
}
