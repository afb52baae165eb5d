//! Bodies of real SDKs become the rows in the files beside them: `fixtures/<sdk>/<signal>-<n>.rows`.
#![cfg(feature = "arrow")]

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf, absolute};

use arrow_array::RecordBatch;
use arrow_cast::display::{ArrayFormatter, FormatOptions};
use expect_test::expect_file;
use lakefront_otel::arrow::{LogsBuilder, MetricsBuilder, TracesBuilder};
use lakefront_otel::decode::{self, Encoding};
use lakefront_otel::map::{Pseudonym, RequestContext};

/// Folder of the fixtures, relative to the package, where cargo starts its tests.
const FIXTURES: &str = "fixtures";

/// A row by column, as text.
type Row = BTreeMap<String, String>;

#[test]
fn bodies_of_sdks_become_these_rows() {
    let mut bodies = 0;
    for folder in folders() {
        for body in bodies_of(&folder) {
            let rows: String = batches(&body)
                .iter()
                .map(|(table, batch)| render(table, batch))
                .collect();
            expect_file![body.with_extension(format!("{}.rows", extension(&body)))].assert_eq(&rows);
            bodies += 1;
        }
    }
    assert!(bodies >= 20, "only {bodies} bodies below {FIXTURES}");
}

/// Bodies of the official browser SDK with its processors for sessions and documents.
#[test]
fn every_error_and_vital_of_the_browser_has_its_page() {
    let rows = rows("browser", "otel_logs");
    let of = |column: &str| {
        rows.iter()
            .filter(|row| !row[column].is_empty())
            .collect::<Vec<_>>()
    };
    let (errors, vitals) = (of("ErrorType"), of("VitalName"));
    let mut types: Vec<&str> = errors.iter().map(|row| row["ErrorType"].as_str()).collect();
    types.sort_unstable();
    assert_eq!(types, ["RangeError", "TypeError", "untyped"]);
    let mut names: Vec<&str> = vitals.iter().map(|row| row["VitalName"].as_str()).collect();
    names.sort_unstable();
    assert_eq!(names, ["cls", "fcp", "inp", "lcp", "ttfb"]);
    for row in errors {
        assert_eq!(
            (row["PagePath"].as_str(), row["PageRoute"].as_str()),
            ("/products/42", "/products/:id"),
            "{row:?}"
        );
    }
    for row in vitals {
        assert!(
            matches!(row["PageRoute"].as_str(), "/" | "/products/:id"),
            "{row:?}"
        );
        assert!(
            row["VitalValue"].parse::<f64>().is_ok_and(|value| value >= 0.0),
            "{row:?}"
        );
    }
    for row in &rows {
        assert_eq!(row["SessionId"].len(), 32, "{row:?}");
        assert_eq!(row["VisitorId"].len(), 16, "{row:?}");
        assert_eq!(
            (row["Browser"].as_str(), row["Os"].as_str()),
            ("HeadlessChrome", "Linux"),
            "{row:?}"
        );
    }
}

/// Bodies of the same SDK without its processors. Errors and vitals count, but only page views have the URL of their
/// page.
#[test]
fn the_plain_browser_tells_pages_of_page_views_only() {
    let rows = rows("browser-plain", "otel_logs");
    let count = |column: &str| rows.iter().filter(|row| !row[column].is_empty()).count();
    assert_eq!(
        (count("ErrorType"), count("VitalName"), count("SessionId")),
        (3, 5, 0)
    );
    for row in &rows {
        assert_eq!(
            row["PagePath"].is_empty(),
            row["IsPageView"] == "false",
            "{row:?}"
        );
        assert_eq!(row["VisitorId"].len(), 16, "{row:?}");
    }
}

/// A navigation that changes only the hash is no page view. The first page view has the campaign.
#[test]
fn page_views_of_the_browser() {
    let views: Vec<Row> = rows("browser", "otel_logs")
        .into_iter()
        .filter(|row| row["IsPageView"] == "true")
        .collect();
    let routes: Vec<&str> = views.iter().map(|row| row["PageRoute"].as_str()).collect();
    assert_eq!(routes, ["/", "/products/:id"]);
    let utm = ["UtmSource", "UtmMedium", "UtmCampaign"];
    assert_eq!(
        utm.map(|column| views[0][column].as_str()),
        ["news", "mail", "spring"]
    );
    assert_eq!(utm.map(|column| views[1][column].as_str()), ["", "", ""]);
}

/// `logger.exception` and `span.record_exception` of Python, raised in the same place, are the same error.
#[test]
fn python_reports_one_error_two_ways() {
    let column = |table: &str, column: &str| -> Vec<String> {
        let rows = rows("python-protobuf", table);
        rows.into_iter()
            .filter(|row| row["ErrorType"] == "ValueError")
            .map(|row| row[column].clone())
            .collect()
    };
    assert_eq!(
        column("otel_logs", "ErrorMessage"),
        ["card of order 4712 was declined"]
    );
    assert_eq!(
        column("otel_traces", "ErrorMessage"),
        ["card of order 4711 was declined"]
    );
    assert!(column("otel_logs", "ErrorGroup")[0].starts_with("v2:"));
}

/// JSON and protobuf of one SDK give equal rows, except for ids, times and columns derived from them.
#[test]
fn encodings_agree() {
    const VARIES: &[&str] = &["Timestamp", "Time", "TraceId", "SpanId", "Duration", "Start"];
    for (json, protobuf) in [("node-json", "node-protobuf"), ("rust-json", "rust-protobuf")] {
        for table in lakefront_otel::tables() {
            let stable = |sdk| -> Vec<Row> {
                let mut rows = rows(sdk, table.name);
                rows.iter_mut()
                    .for_each(|row| row.retain(|name, _| !VARIES.iter().any(|part| name.contains(part))));
                rows
            };
            assert_eq!(stable(json), stable(protobuf), "{} of {json}", table.name);
        }
    }
}

fn folders() -> Vec<PathBuf> {
    let entries = fs::read_dir(absolute(FIXTURES).expect("a working folder"))
        .expect("fixtures are part of the checkout");
    let mut folders: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    folders.retain(|path| path.is_dir() && !path.ends_with("make"));
    folders.sort();
    folders
}

fn bodies_of(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder of fixtures");
    let mut bodies: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    bodies.retain(|path| matches!(extension(path), "pb" | "json"));
    bodies.sort();
    bodies
}

fn extension(path: &Path) -> &str {
    path.extension()
        .and_then(|extension| extension.to_str())
        .unwrap_or_default()
}

/// Returns the record batches of a body, by table.
fn batches(body: &Path) -> Vec<(&'static str, RecordBatch)> {
    let bytes = fs::read(body).expect("a body");
    let user_agent = fs::read_to_string(body.with_file_name("user-agent.txt")).expect("a User-Agent");
    let context = RequestContext {
        sender: Some(Pseudonym::from_bytes([7; 16])),
        user_agent: user_agent.trim_end(),
        country: "NL",
        arrival: 1_774_353_600_000_000,
    };
    let encoding = if extension(body) == "json" {
        Encoding::Json
    } else {
        Encoding::Protobuf
    };
    let name = body
        .file_name()
        .and_then(|name| name.to_str())
        .unwrap_or_default();
    match name.split('-').next() {
        Some("logs") => {
            let mut builder = LogsBuilder::new();
            builder
                .append(&decode::logs(encoding, &bytes).expect(name), &context, 1)
                .expect(name);
            vec![("otel_logs", builder.finish())]
        }
        Some("traces") => {
            let mut builder = TracesBuilder::new();
            let appended = builder
                .append(&decode::traces(encoding, &bytes).expect(name), &context, 1)
                .expect(name);
            assert_eq!(appended.rejected, 0, "{name}");
            vec![("otel_traces", builder.finish())]
        }
        _ => {
            let mut builder = MetricsBuilder::new();
            let appended = builder
                .append(&decode::metrics(encoding, &bytes).expect(name), &context, 1)
                .expect(name);
            assert_eq!(appended.rejected, 0, "{name}");
            builder.finish()
        }
    }
}

/// Returns the rows of a table from all bodies of an SDK.
fn rows(sdk: &str, table: &str) -> Vec<Row> {
    let bodies = bodies_of(&absolute(FIXTURES).expect("a working folder").join(sdk));
    assert!(!bodies.is_empty(), "no bodies of {sdk}");
    let batches = bodies.iter().flat_map(|body| batches(body));
    batches
        .filter(|(name, _)| *name == table)
        .flat_map(|(_, batch)| rows_of(&batch))
        .collect()
}

fn rows_of(batch: &RecordBatch) -> Vec<Row> {
    let schema = batch.schema();
    let options = FormatOptions::default();
    (0..batch.num_rows())
        .map(|row| {
            let columns = schema.fields().iter().zip(batch.columns());
            let value = |column| {
                ArrayFormatter::try_new(column, &options)
                    .expect("a type of ours")
                    .value(row)
                    .to_string()
            };
            columns
                .map(|(field, column)| (field.name().clone(), value(column)))
                .collect()
        })
        .collect()
}

/// Renders rows as text, without empty columns.
fn render(table: &str, batch: &RecordBatch) -> String {
    let schema = batch.schema();
    let mut text = String::new();
    for row in rows_of(batch) {
        writeln!(text, "{table}").expect("a String takes everything");
        for field in schema.fields() {
            let value = &row[field.name()];
            if !matches!(value.as_str(), "" | "{}" | "[]" | "0" | "false") {
                writeln!(text, "  {}: {value}", field.name()).expect("a String takes everything");
            }
        }
    }
    text
}
