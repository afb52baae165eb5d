//! The cases of the named queries, `queries/<name>/cases/*.toml`. Each test writes rows to a lake and to ClickHouse,
//! and compares the answers of both. `queries/README.md` describes the format.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, Result, ensure};
use arrow_array::RecordBatch;
use arrow_json::ReaderBuilder;
use jiff::Timestamp;
use jiff::civil::{Date, date};
use lakefront_api::{QueryInfo, QueryRequest};
use lakefront_clickhouse_http::Answer;
use lakefront_lake::{Lake, LakeConfig};
use lakefront_otel::arrow::arrow_schema;
use lakefront_otel::{
    ColumnType, EXPONENTIAL_HISTOGRAM, GAUGE, HISTOGRAM, LOGS, SUM, SUMMARY, TRACES, Table, table,
};
use lakefront_query::{Definition, catalogue};
use lakefront_tests::{Engine, Hot, TestLake};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use tokio::task::JoinSet;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    #[serde(default)]
    otel_logs: Vec<toml::Table>,
    #[serde(default)]
    otel_traces: Vec<toml::Table>,
    #[serde(default)]
    otel_metrics_gauge: Vec<toml::Table>,
    #[serde(default)]
    otel_metrics_sum: Vec<toml::Table>,
    #[serde(default)]
    otel_metrics_histogram: Vec<toml::Table>,
    #[serde(default)]
    otel_metrics_exponential_histogram: Vec<toml::Table>,
    #[serde(default)]
    otel_metrics_summary: Vec<toml::Table>,
    /// Columns whose values may differ by 1 %.
    #[serde(default)]
    within_1_percent: Vec<String>,
    requests: Vec<Request>,
}

#[derive(Deserialize)]
struct Request {
    name: String,
    /// Time of the request. Both tiers hold all data before it.
    now: Option<toml::value::Datetime>,
    /// The expected rows; `nan` means null.
    rows: toml::Value,
    /// The fields of `POST /query` except `query`.
    #[serde(flatten)]
    request: toml::Table,
}

/// The time of requests without `now`. The retention of every view counts back from this time, so that it includes all
/// rows of the cases.
const NOW: Timestamp = Timestamp::UNIX_EPOCH;
/// The first day that ClickHouse's coverage includes.
const FIRST_DAY: Date = date(2025, 1, 1);
/// Cases that run beside each other.
const BESIDE: usize = 3;

#[tokio::test(flavor = "multi_thread")]
async fn named_queries_answer_their_cases() -> Result<()> {
    let mut failures = Vec::new();
    let mut running = JoinSet::new();
    // While a query is being written, the variable limits the test to some queries.
    let only = std::env::var("LAKEFRONT_TEST_QUERIES").unwrap_or_default();
    let wanted = |name: &str| only.is_empty() || only.split(',').any(|one| one == name);
    for query in catalogue().iter().filter(|query| wanted(&query.info.name)) {
        let files = cases(&query.info.name)?;
        ensure!(!files.is_empty(), "queries/{}/cases/ is empty", query.info.name);
        for file in files {
            // Each case starts engines of its own and mostly waits for them.
            if running.len() == BESIDE
                && let Some(ended) = running.join_next().await
            {
                failures.extend(ended??);
            }
            running.spawn(async move {
                let failed = run(query, &file).await;
                failed.with_context(|| format!("{}", file.display()))
            });
        }
    }
    while let Some(ended) = running.join_next().await {
        failures.extend(ended??);
    }
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
    Ok(())
}

/// Sends the requests of a file to both tiers, and returns a text for each wrong answer.
async fn run(query: &Definition, file: &Path) -> Result<Vec<String>> {
    let case: Case = toml::from_str(&fs::read_to_string(file)?)?;
    let lake = TestLake::start().await?;
    fill(&Lake::open(LakeConfig::at(lake.at().place()?)).await?, &case).await?;
    let (chdb, hot) = (Engine::start(lake.at()).await?, Hot::start(lake.at()).await?);
    hot.cover(FIRST_DAY).await?;
    let mut failures = Vec::new();
    for request in &case.requests {
        let asked = request.asked(&query.info.name)?;
        let now = match request.now {
            Some(now) => now.to_string().parse()?,
            None => NOW,
        };
        let answers = [
            ("chDB", chdb.query(&asked, now).await),
            ("ClickHouse", hot.answer(Hot::plan(&asked, FIRST_DAY, now)?).await),
        ];
        for (tier, answer) in answers {
            let checked =
                answer.and_then(|answer| check(&query.info, request, &case.within_1_percent, &answer));
            if let Err(failure) = checked {
                failures.push(format!(
                    "{}: {tier}: {}: {failure:#}",
                    file.display(),
                    request.name
                ));
            }
        }
    }
    Ok(failures)
}

/// Returns the case files of a query, sorted by name.
fn cases(query: &str) -> Result<Vec<PathBuf>> {
    let folder = lakefront_tests::checkout()?
        .join("queries")
        .join(query)
        .join("cases");
    let entries = fs::read_dir(&folder).with_context(|| format!("{}", folder.display()))?;
    let mut files: Vec<_> = entries
        .map(|entry| entry.map(|entry| entry.path()))
        .collect::<Result<_, _>>()?;
    files.sort();
    Ok(files)
}

/// Writes the rows of a case, each as a separate commit.
async fn fill(lake: &Lake, case: &Case) -> Result<()> {
    let tables = [
        (LOGS, &case.otel_logs),
        (TRACES, &case.otel_traces),
        (GAUGE, &case.otel_metrics_gauge),
        (SUM, &case.otel_metrics_sum),
        (HISTOGRAM, &case.otel_metrics_histogram),
        (EXPONENTIAL_HISTOGRAM, &case.otel_metrics_exponential_histogram),
        (SUMMARY, &case.otel_metrics_summary),
    ];
    for (name, rows) in tables {
        let definition = table(name).context("no such table")?;
        for (position, row) in rows.iter().enumerate() {
            let batch = batch(definition, position, row).with_context(|| format!("{name}[{position}]"))?;
            let files = lake.write(name, batch).await?;
            lake.append(name, &files, None).await?;
        }
    }
    Ok(())
}

/// Returns a row of a table. Columns that the case does not name are null, or empty if required.
fn batch(definition: &Table, position: usize, row: &toml::Table) -> Result<RecordBatch> {
    for name in row.keys() {
        ensure!(
            definition.column(name).is_some(),
            "{name} is no column of {}",
            definition.name
        );
    }
    let cells = definition.columns.iter().map(|column| {
        let value = match (row.get(column.name), column.r#type) {
            (Some(given), _) => json_of(given),
            (None, ColumnType::Long) if column.name == "RowId" => json!(position),
            (None, _) if !column.required => Value::Null,
            (None, ColumnType::String) => json!(""),
            (None, ColumnType::Boolean) => json!(false),
            (None, ColumnType::Int | ColumnType::Long | ColumnType::Double) => json!(0),
            (None, ColumnType::Timestamp) => row.get(definition.time_column).map(json_of).unwrap_or_default(),
            (None, ColumnType::StringMap) => json!({}),
            (None, ColumnType::List(_)) => json!([]),
        };
        (column.name.to_owned(), value)
    });
    let row: Map<String, Value> = cells.collect();
    let mut decoder = ReaderBuilder::new(Arc::clone(&arrow_schema(definition))).build_decoder()?;
    decoder.serialize(&[row])?;
    decoder.flush()?.context("no row")
}

/// Converts a value to JSON: times to RFC 3339, NaN to null.
fn json_of(value: &toml::Value) -> Value {
    match value {
        toml::Value::Datetime(time) => json!(time.to_string()),
        toml::Value::Array(values) => values.iter().map(json_of).collect(),
        toml::Value::Table(values) => values
            .iter()
            .map(|(name, value)| (name.clone(), json_of(value)))
            .collect(),
        other => json!(other),
    }
}

impl Request {
    fn asked(&self, query: &str) -> Result<QueryRequest> {
        let given = self.request.iter();
        let mut asked: Map<String, Value> = given
            .map(|(name, value)| (name.clone(), json_of(value)))
            .collect();
        asked.insert("query".into(), json!(query));
        Ok(serde_json::from_value(asked.into())?)
    }
}

fn check(info: &QueryInfo, request: &Request, within_1_percent: &[String], answer: &Answer) -> Result<()> {
    let declared = info
        .columns
        .iter()
        .map(|column| (&column.name, &column.data_type));
    let returned = answer
        .columns
        .iter()
        .map(|column| (&column.name, &column.data_type));
    let (declared, returned): (Vec<_>, Vec<_>) = (declared.collect(), returned.collect());
    ensure!(
        returned == declared,
        "columns are {returned:?}, but query.toml declares {declared:?}"
    );

    let expected: Vec<Vec<Value>> = serde_json::from_value(json_of(&request.rows))?;
    let same_cell = |(column, (found, expected)): (usize, (&Value, &Value))| {
        within_1_percent.contains(returned[column].0) && near(found, expected) || same(found, expected)
    };
    let same_row = |(found, expected): (&Vec<Value>, &Vec<Value>)| {
        found.len() == expected.len() && found.iter().zip(expected).enumerate().all(same_cell)
    };
    let same = answer.rows.len() == expected.len() && answer.rows.iter().zip(&expected).all(same_row);
    ensure!(
        same,
        "\nexpected {}\nfound    {}",
        lines(&expected),
        lines(&answer.rows)
    );
    Ok(())
}

/// Compares two values. 1 equals 1.0, and times may have trailing zeros.
fn same(found: &Value, expected: &Value) -> bool {
    let time = |value: &Value| value.as_str()?.parse::<Timestamp>().ok();
    match (found.as_f64(), expected.as_f64(), time(found), time(expected)) {
        // Integers beyond the exact range of doubles are compared as integers.
        (Some(a), Some(b), ..) if !(found.is_i64() && expected.is_i64()) => a == b,
        (.., Some(a), Some(b)) => a == b,
        _ => found == expected,
    }
}

fn near(found: &Value, expected: &Value) -> bool {
    match (found.as_f64(), expected.as_f64()) {
        (Some(found), Some(expected)) => (found - expected).abs() <= 0.01 * expected.abs() + 1e-9,
        _ => false,
    }
}

fn lines(rows: &[Vec<Value>]) -> String {
    let lines: Vec<String> = rows.iter().map(|row| json!(row).to_string()).collect();
    lines.join("\n         ")
}
