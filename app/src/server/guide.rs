//! The guide for a lake without a row.

use maud::{Markup, html};

use crate::render::guide::copyable;

/// Renders what to send and where. `origin` is the dashboard's own, `endpoint` is the address for OTLP.
pub fn steps(origin: &str, endpoint: &str) -> Markup {
    html! {
        section.guide aria-labelledby="guide-title" {
            h2 #guide-title { "The lake is empty. Send it something." }
            p {
                "A website takes one line. Its visitors, page views, web vitals and errors show up here by themselves, "
                "without a cookie, and not those of visitors who ask not to be tracked."
            }
            (copyable("Any web page", &tag(origin)))
            p {
                "Anything else takes an OpenTelemetry SDK or a Collector: logs, spans and metrics over HTTP, protobuf or JSON. "
                "Every SDK reads this environment."
            }
            (copyable("Any SDK", &environment(endpoint)))
            (folded("Python", &python(endpoint)))
            (folded("Node.js", NODE))
            (folded("Java", JAVA))
            (folded("Rust", RUST))
            (folded("Collector", &collector(endpoint)))
            (folded("curl", &curl(endpoint)))
        }
    }
}

/// Renders a text with its copy button, folded.
fn folded(title: &str, text: &str) -> Markup {
    html! {
        details { summary { (title) } (copyable("", text)) }
    }
}

fn tag(origin: &str) -> String {
    format!(r#"<script async src="{origin}/otel.js" data-service="my-site"></script>"#)
}

fn environment(endpoint: &str) -> String {
    format!(
        "OTEL_SERVICE_NAME=my-service\nOTEL_EXPORTER_OTLP_ENDPOINT={endpoint}\nOTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf"
    )
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

const NODE: &str = "npm install @opentelemetry/api @opentelemetry/auto-instrumentations-node
node --require @opentelemetry/auto-instrumentations-node/register app.js";

const JAVA: &str = "java -javaagent:opentelemetry-javaagent.jar -jar app.jar";

const RUST: &str = r#"// cargo add opentelemetry_sdk; cargo add opentelemetry-otlp --features http-proto
let exporter = opentelemetry_otlp::SpanExporter::builder().with_http().build()?;
let provider = SdkTracerProvider::builder().with_batch_exporter(exporter).build();
opentelemetry::global::set_tracer_provider(provider);"#;

fn collector(endpoint: &str) -> String {
    format!(
        r#"exporters:
  otlphttp/lakefront:
    endpoint: {endpoint}
service:
  pipelines:
    logs: {{ receivers: [otlp], processors: [batch], exporters: [otlphttp/lakefront] }}
    traces: {{ receivers: [otlp], processors: [batch], exporters: [otlphttp/lakefront] }}
    metrics: {{ receivers: [otlp], processors: [batch], exporters: [otlphttp/lakefront] }}"#
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
