//! Tests that no byte of one answer gets into another, over the lake and with tables of the container's own.

mod common;

use std::sync::Arc;
use std::time::Duration;

use common::{Container, NOVEMBER, commit_logs, lake};
use tempfile::TempDir;

/// Every output format that callers can request.
const FORMATS: [&str; 60] = [
    "TabSeparated",
    "TabSeparatedRaw",
    "TabSeparatedWithNames",
    "TabSeparatedWithNamesAndTypes",
    "TabSeparatedRawWithNames",
    "TabSeparatedRawWithNamesAndTypes",
    "CSV",
    "CSVWithNames",
    "CSVWithNamesAndTypes",
    "Values",
    "JSON",
    "JSONStrings",
    "JSONColumns",
    "JSONColumnsWithMetadata",
    "JSONCompact",
    "JSONCompactStrings",
    "JSONCompactColumns",
    "JSONEachRow",
    "PrettyJSONEachRow",
    "JSONEachRowWithProgress",
    "JSONStringsEachRow",
    "JSONStringsEachRowWithProgress",
    "JSONCompactEachRow",
    "JSONCompactEachRowWithNames",
    "JSONCompactEachRowWithNamesAndTypes",
    "JSONCompactStringsEachRow",
    "JSONCompactStringsEachRowWithNames",
    "JSONCompactStringsEachRowWithNamesAndTypes",
    "JSONObjectEachRow",
    "BSONEachRow",
    "TSKV",
    "Pretty",
    "PrettyNoEscapes",
    "PrettyMonoBlock",
    "PrettyNoEscapesMonoBlock",
    "PrettyCompact",
    "PrettyCompactNoEscapes",
    "PrettyCompactMonoBlock",
    "PrettyCompactNoEscapesMonoBlock",
    "PrettySpace",
    "PrettySpaceNoEscapes",
    "PrettySpaceMonoBlock",
    "PrettySpaceNoEscapesMonoBlock",
    "Prometheus",
    "Avro",
    "Parquet",
    "Arrow",
    "ArrowStream",
    "ORC",
    "Npy",
    "RowBinary",
    "RowBinaryWithNames",
    "RowBinaryWithNamesAndTypes",
    "Native",
    "Null",
    "XML",
    "RawBLOB",
    "MsgPack",
    "Markdown",
    "Vertical",
];

/// A container, with the pairs of the address that its callers send with each statement.
struct Mode {
    container: Container,
    reader: &'static [(&'static str, &'static str)],
    writer: &'static [(&'static str, &'static str)],
    _folder: TempDir,
}

async fn over_the_lake() -> Mode {
    let folder = TempDir::new().expect("a folder");
    commit_logs(&lake(folder.path()).await, NOVEMBER, 0, 10).await;
    Mode {
        container: Container::start(folder.path(), &["--queue-wait", "60"]),
        reader: &[],
        writer: &[],
        _folder: folder,
    }
}

fn with_tables_of_its_own() -> Mode {
    let folder = TempDir::new().expect("a folder");
    let path = folder.path().to_str().expect("text");
    Mode {
        container: Container::run(&["--data-dir", path, "--queue-wait", "60"]),
        reader: &[("user", "router")],
        writer: &[("user", "sync")],
        _folder: folder,
    }
}

/// Returns the status and bytes of a statement's answer.
async fn answer(container: &Container, sql: &str, pairs: &[(&str, &str)]) -> (u16, Vec<u8>) {
    let response = container.statement(sql, pairs).send().await.expect("an answer");
    let status = response.status().as_u16();
    (status, response.bytes().await.expect("a body").to_vec())
}

/// Returns an answer without its times and counts, which differ between answers.
fn steady(format: &str, answer: &[u8]) -> Vec<u8> {
    if format.ends_with("WithProgress") {
        let lines = answer.split_inclusive(|byte| *byte == b'\n');
        let rows = lines.filter(|line| line.starts_with(b"{\"row\""));
        return rows.flatten().copied().collect();
    }
    // In Avro a random marker ends each block.
    if format == "Avro" {
        return [&answer[..16], &answer.len().to_le_bytes()].concat();
    }
    let end = answer.windows(10).position(|window| window == b"statistics");
    answer[..end.unwrap_or(answer.len())].to_vec()
}

/// Returns the columns of a SELECT: only one for formats that hold no more.
fn columns(format: &str, value: &str) -> String {
    match format {
        "Npy" | "RawBLOB" => format!("{value} AS value"),
        _ => format!("'leaked' AS name, {value} AS value"),
    }
}

async fn each_format_after_a_failure(mode: Mode) {
    let limits = |more: &'static [(&'static str, &'static str)]| [mode.reader, more].concat();
    for format in FORMATS {
        let good = columns(format, "17").replace("leaked", "mark");
        let good = format!("SELECT {good} FORMAT {format}");
        for (value, source, pairs, code) in [
            // Fails between its rows.
            ("throwIf(number = 150000)", "numbers(200000)", limits(&[]), "395"),
            // Fails before its first row.
            (
                "length(groupArray(number))",
                "numbers(100000000)",
                limits(&[("max_memory_usage", "30000000")]),
                "241",
            ),
        ] {
            let bad = format!("SELECT {} FROM {source} FORMAT {format}", columns(format, value));
            let (status, expected) = answer(&mode.container, &good, &pairs).await;
            assert_eq!(status, 200, "{good}: {}", String::from_utf8_lossy(&expected));
            let response = mode
                .container
                .statement(&bad, &pairs)
                .send()
                .await
                .expect("an answer");
            assert_eq!(
                common::header(&response, "x-clickhouse-exception-code").as_deref(),
                Some(code),
                "{bad}"
            );
            let (status, after) = answer(&mode.container, &good, &pairs).await;
            assert_eq!(status, 200, "{format}");
            assert!(
                steady(format, &expected) == steady(format, &after),
                "{format} after {value}: {} bytes, not {}: {:?}",
                after.len(),
                expected.len(),
                String::from_utf8_lossy(&after[..after.len().min(200)])
            );
        }
    }
    // The statement exceeds its time limit between its rows.
    let pairs = limits(&[("max_execution_time", "0.5"), ("max_block_size", "10")]);
    for format in ["JSONCompact", "TabSeparatedWithNames", "Native"] {
        let bad = format!("SELECT 'leaked' AS name, sleepEachRow(0.01) FROM numbers(10000) FORMAT {format}");
        let (status, _) = answer(&mode.container, &bad, &pairs).await;
        assert_eq!(status, 408, "{format}");
        let good = format!("SELECT 'mark' AS name FORMAT {format}");
        let (_, after) = answer(&mode.container, &good, &pairs).await;
        let after = String::from_utf8_lossy(&after);
        assert!(
            after.contains("mark") && !after.contains("leaked"),
            "{format}: {after}"
        );
    }
}

#[tokio::test]
async fn a_failed_statement_leaves_nothing_to_the_next_over_the_lake() {
    each_format_after_a_failure(over_the_lake().await).await;
}

#[tokio::test]
async fn a_failed_statement_leaves_nothing_to_the_next_in_tables_of_its_own() {
    each_format_after_a_failure(with_tables_of_its_own()).await;
}

const ROUNDS: usize = 12;
const ROWS: usize = 3_000;

/// Acts as one of many callers: some statements fail, some are abandoned. Every answer received must be the caller's
/// own.
async fn caller(mode: Arc<Mode>, number: usize) {
    let container = &mode.container;
    let limited = [mode.reader, &[("max_memory_usage", "30000000")]].concat();
    if !mode.writer.is_empty() {
        let sql = format!("CREATE TABLE otel.marks_{number} (mark String) ENGINE = MergeTree ORDER BY mark");
        assert_eq!(answer(container, &sql, mode.writer).await.0, 200);
    }
    for round in 0..ROUNDS {
        let mark = format!("<mark {number}@{round}>");
        match round % 4 {
            0 => {
                let sql = "SELECT 'leaked' AS leaked, throwIf(number = 150000) FROM numbers(200000)";
                let pairs = [mode.reader, &[("default_format", "JSONCompact")]].concat();
                assert_ne!(answer(container, sql, &pairs).await.0, 200);
            }
            1 => {
                let sql = "SELECT length(groupArray(number)) AS leaked FROM numbers(100000000)";
                assert_ne!(answer(container, sql, &limited).await.0, 200);
            }
            2 => {
                // The caller disconnects while the engine works, then in the middle of an answer.
                let sql = "SELECT 'leaked' AS leaked, number FROM numbers(500000)";
                let patience = Duration::from_millis(5 * u64::try_from(number).expect("small"));
                let request = container.statement(sql, mode.reader).send();
                drop(tokio::time::timeout(patience, request).await);
                let mut response = container
                    .statement(sql, mode.reader)
                    .send()
                    .await
                    .expect("an answer");
                response.chunk().await.expect("a piece").expect("not the end");
            }
            _ if !mode.writer.is_empty() => {
                let insert = format!("INSERT INTO otel.marks_{number} FORMAT JSONEachRow");
                let pairs = [mode.writer, &[("query", insert.as_str())]].concat();
                let row = format!("{{\"mark\":\"{mark}\"}}\n");
                let broken = format!("{}{{\"leaked\":", row.repeat(10));
                assert_ne!(answer(container, &broken, &pairs).await.0, 200);
                assert_eq!(answer(container, &row, &pairs).await.0, 200);
            }
            _ => {}
        }
        for format in ["JSONCompact", "TabSeparatedWithNames", "RowBinary"] {
            let sql = format!("SELECT '{mark}' AS mark, number FROM numbers({ROWS}) FORMAT {format}");
            for pairs in [mode.reader, &limited] {
                let (status, bytes) = answer(container, &sql, pairs).await;
                let text = String::from_utf8_lossy(&bytes);
                assert_eq!(status, 200, "{text}");
                assert_eq!(text.matches(&mark).count(), ROWS, "{format}");
                assert_eq!(
                    text.matches("<mark ").count(),
                    ROWS,
                    "{format}: a mark of another caller"
                );
                assert!(!text.contains("leaked"), "{format}");
            }
        }
    }
    if !mode.writer.is_empty() {
        let sql = format!("SELECT count(), countIf(mark LIKE '<mark {number}@%') FROM otel.marks_{number}");
        let (_, bytes) = answer(container, &sql, mode.reader).await;
        let rows = ROUNDS / 4;
        assert_eq!(String::from_utf8_lossy(&bytes), format!("{rows}\t{rows}\n"));
    }
}

async fn sixteen_callers(mode: Mode) {
    let mode = Arc::new(mode);
    let callers: Vec<_> = (0..16)
        .map(|number| tokio::spawn(caller(Arc::clone(&mode), number)))
        .collect();
    for caller in callers {
        caller.await.expect("no panic");
    }
    the_engines_own_answers_are_whole(&mode.container).await;
}

/// Checks `/health` and `/metrics`, whose statements run on long-lived connections.
async fn the_engines_own_answers_are_whole(container: &Container) {
    assert_eq!(container.health().await["engine"]["healthy"], true);
    let metrics = container
        .get("/metrics")
        .send()
        .await
        .expect("an answer")
        .text()
        .await
        .expect("text");
    assert!(metrics.contains("lakefront_chdb_engine_queries"), "{metrics}");
    for line in metrics.lines() {
        assert!(line.starts_with("lakefront_chdb_"), "{line}");
    }
}

#[tokio::test]
async fn sixteen_callers_get_their_own_answers_over_the_lake() {
    sixteen_callers(over_the_lake().await).await;
}

#[tokio::test]
async fn sixteen_callers_get_their_own_answers_in_tables_of_its_own() {
    sixteen_callers(with_tables_of_its_own()).await;
}

#[tokio::test]
async fn a_table_that_cannot_be_made_harms_nothing_else() {
    let mode = over_the_lake().await;
    let metadata = mode._folder.path().join("otel/otel_logs/metadata");
    let name = "00099-00000000-0000-4000-8000-000000000000.metadata.json";
    std::fs::write(metadata.join(name), r#"{"table-uuid":"x","current-schema-id":0}"#).expect("written");
    std::fs::write(metadata.join("version-hint.text"), name).expect("written");
    for _ in 0..5 {
        mode.container
            .refusal("SELECT count() FROM otel.otel_logs", &[])
            .await;
        assert_eq!(
            mode.container.text("SELECT count() FROM otel.otel_traces").await,
            "0"
        );
        the_engines_own_answers_are_whole(&mode.container).await;
    }
}
