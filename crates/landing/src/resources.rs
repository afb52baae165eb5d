//! The streams, sinks and pipelines that fill the landing tables, as calls of Cloudflare's API.
//!
//! <https://developers.cloudflare.com/api/resources/pipelines/>

use serde::Serialize;
use serde_json::{Value, json};

use crate::form::{Form, LandingTable, NAMESPACE, VERSION, key, landing_tables};

/// The seconds after which a sink writes what it has. Rows reach `otel` after this time and the keeper's interval.
const ROLL_SECONDS: u32 = 60;

/// The bytes at which a sink writes a file earlier.
const ROLL_BYTES: u64 = 64 << 20;

/// The kind of a resource. Cloudflare calls it a pipeline when it speaks of all three.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Takes events.
    Stream,
    /// Writes a landing table.
    Sink,
    /// The SQL between a stream and a sink.
    Pipeline,
}

impl Kind {
    /// Every kind, in an order in which each finds what it names.
    pub const ALL: [Self; 3] = [Self::Stream, Self::Sink, Self::Pipeline];

    /// Returns the name of the list of such resources, the last part of the API's path.
    pub fn list(self) -> &'static str {
        match self {
            Self::Stream => "streams",
            Self::Sink => "sinks",
            Self::Pipeline => "pipelines",
        }
    }
}

/// A call of Cloudflare's API that makes a resource. `$ACCOUNT_ID`, `$BUCKET` and `$CATALOG_TOKEN` stand for what an
/// operator fills in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Call {
    /// Kind of the resource.
    #[serde(skip)]
    pub kind: Kind,
    /// Name of the table whose rows land by the resource.
    #[serde(skip)]
    pub of: &'static str,
    /// `POST`
    pub method: &'static str,
    /// The path after `https://api.cloudflare.com/client/v4`.
    pub path: String,
    /// The body.
    pub body: Value,
}

/// Returns the calls that make all streams, sinks and pipelines, in an order in which each finds what it names.
pub fn calls() -> Vec<Call> {
    let of_kind = |call: fn(&LandingTable) -> Call| landing_tables().iter().map(call);
    of_kind(stream)
        .chain(of_kind(sink))
        .chain(of_kind(pipeline))
        .collect()
}

fn call(table: &LandingTable, kind: Kind, body: Value) -> Call {
    Call {
        kind,
        of: table.of,
        method: "POST",
        path: format!("/accounts/$ACCOUNT_ID/pipelines/v1/{}", kind.list()),
        body,
    }
}

/// A stream without a schema. One with a schema drops rows silently, and cannot be changed.
fn stream(table: &LandingTable) -> Call {
    let body = json!({
        "name": table.stream,
        "format": { "type": "json", "unstructured": true },
        "http": { "enabled": true, "authentication": true },
        "worker_binding": { "enabled": false },
    });
    call(table, Kind::Stream, body)
}

fn sink(table: &LandingTable) -> Call {
    let body = json!({
        "name": sink_name(table),
        "type": "r2_data_catalog",
        "format": { "type": "parquet", "compression": "zstd" },
        "config": {
            "account_id": "$ACCOUNT_ID",
            "bucket": "$BUCKET",
            "namespace": NAMESPACE,
            "table_name": table.name,
            "token": "$CATALOG_TOKEN",
            "rolling_policy": { "interval_seconds": ROLL_SECONDS, "file_size_bytes": ROLL_BYTES },
        },
    });
    call(table, Kind::Sink, body)
}

fn pipeline(table: &LandingTable) -> Call {
    let body = json!({ "name": format!("{}_pipeline", table.stream), "sql": pipeline_sql(table) });
    call(table, Kind::Pipeline, body)
}

fn sink_name(table: &LandingTable) -> String {
    format!("{}_sink", table.stream)
}

/// Returns the SQL of the pipeline: the columns of the landing table, and the condition on events.
///
/// `json_get_int` returns 0 for a missing key, so that an optional number is read only if its key is there.
pub fn pipeline_sql(table: &LandingTable) -> String {
    let columns = table.columns.iter().map(|column| {
        let name = column.name;
        let value = match column.form {
            Form::Text => format!("json_get_str(value, '{name}')"),
            Form::Integer => format!("json_get_int(value, '{name}')"),
            Form::Boolean => format!("json_get_bool(value, '{name}')"),
            Form::Json => format!("json_get_json(value, '{name}')"),
        };
        let value = match column.form == Form::Integer && !column.required {
            true => format!("CASE WHEN json_contains(value, '{name}') THEN {value} END"),
            false => value,
        };
        format!("  {value} AS {name}")
    });
    let mut conditions = vec![format!("json_get_int(value, '{}') = {VERSION}", key::VERSION)];
    let required = table.columns.iter().filter(|column| column.required);
    conditions.extend(required.map(|column| format!("json_contains(value, '{}')", column.name)));
    format!(
        "INSERT INTO {}\nSELECT\n{}\nFROM {}\nWHERE {}\n",
        sink_name(table),
        columns.collect::<Vec<_>>().join(",\n"),
        table.stream,
        conditions.join("\n  AND ")
    )
}

impl Call {
    /// Returns the name of the resource.
    pub fn name(&self) -> &str {
        self.body["name"].as_str().unwrap_or_default()
    }

    /// Returns the call with the operator's values.
    #[must_use]
    pub fn filled(mut self, account: &str, bucket: &str, catalog_token: &str) -> Self {
        let values = [
            ("$ACCOUNT_ID", account),
            ("$BUCKET", bucket),
            ("$CATALOG_TOKEN", catalog_token),
        ];
        self.path = self.path.replace("$ACCOUNT_ID", account);
        fill(&mut self.body, &values);
        self
    }
}

/// Replaces the texts that stand for a value.
fn fill(json: &mut Value, values: &[(&str, &str)]) {
    match json {
        Value::String(text) => {
            if let Some((_, value)) = values.iter().find(|(name, _)| text == name) {
                (*value).clone_into(text);
            }
        }
        Value::Object(fields) => fields.values_mut().for_each(|field| fill(field, values)),
        Value::Array(items) => items.iter_mut().for_each(|item| fill(item, values)),
        _ => {}
    }
}
