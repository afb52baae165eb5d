use std::time::Duration;

use leptos::{leptos_dom::helpers::IntervalHandle, prelude::*};

use crate::{boot::Boot, components::copyable::Copyable, server::lake_is_empty};

/// How often an empty lake is looked at again.
const AGAIN: Duration = Duration::from_secs(3);

/// For a lake without a row: what to send, and where. It goes away when the first row arrives.
#[component]
pub fn Guide(
    /// Counted up when the lake got its first row.
    refresh: RwSignal<u32>,
) -> impl IntoView {
    let boot = expect_context::<ReadSignal<Boot>>();
    let empty = Resource::new(|| (), |()| lake_is_empty());
    wait_for_rows(empty, refresh);
    view! {
        <Transition fallback=|| ()>
            {move || Suspend::new(async move {
                // When the question fails, the panels say why.
                let empty = empty.await.unwrap_or(false);
                empty.then(|| boot.with(|boot| view! { <Steps endpoint=boot.otlp_endpoint.clone() /> }))
            })}
        </Transition>
    }
}

/// Looks again while the lake is empty.
fn wait_for_rows(empty: Resource<Result<bool, crate::Failure>>, refresh: RwSignal<u32>) {
    let timer = StoredValue::new(None::<IntervalHandle>);
    let was_empty = StoredValue::new(false);
    let stop = move || {
        if let Some(timer) = timer.try_update_value(Option::take).flatten() {
            timer.clear();
        }
    };
    Effect::new(move |_| match empty.get() {
        Some(Ok(true)) => {
            was_empty.set_value(true);
            if timer.with_value(Option::is_none) {
                timer.set_value(set_interval_with_handle(move || empty.refetch(), AGAIN).ok());
            }
        }
        Some(Ok(false)) if was_empty.get_value() => {
            was_empty.set_value(false);
            stop();
            refresh.update(|count| *count += 1);
        }
        _ => {}
    });
    on_cleanup(stop);
}

#[component]
fn Steps(endpoint: String) -> impl IntoView {
    view! {
        <section class="guide" aria-labelledby="guide-title">
            <h2 id="guide-title">"The lake is empty. Send it something."</h2>
            <p>
                "Lakefront takes OpenTelemetry over HTTP: logs, spans and metrics, protobuf or JSON. "
                "Point any SDK or Collector at this address; the first rows show up here by themselves."
            </p>
            <Copyable title="OTLP endpoint" text=format!("OTEL_EXPORTER_OTLP_ENDPOINT={endpoint}\nOTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf") />
            <Copyable title="Python" text=python(&endpoint) />
            <Copyable title="JavaScript, without an SDK" text=javascript(&endpoint) />
            <Copyable title="curl" text=curl(&endpoint) />
            <p class="waiting" role="status">"Waiting for the first row …"</p>
        </section>
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
