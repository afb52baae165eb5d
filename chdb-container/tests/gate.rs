//! Tests of the statements that may run, as listed in `gate.toml` and `gate_of_writers.toml`.

mod common;

use common::{Container, NOVEMBER, commit_logs, lake};
use serde::Deserialize;
use tempfile::TempDir;

#[derive(Deserialize)]
struct Cases {
    allowed: Vec<String>,
    refused: Vec<Refused>,
}

#[derive(Deserialize)]
struct Refused {
    code: u32,
    sql: Vec<String>,
}

#[tokio::test]
async fn statements() {
    let cases: Cases = toml::from_str(include_str!("gate.toml")).expect("cases");
    let folder = TempDir::new().expect("a folder");
    let lake = lake(folder.path()).await;
    commit_logs(&lake, NOVEMBER, 0, 3).await;
    let container = Container::start(folder.path(), &[]);
    verdict(&container, &cases, &[]).await;
    assert!(
        !folder.path().join("x").exists() && !folder.path().join("x.csv").exists(),
        "nothing was written"
    );
    assert_eq!(
        container.text("SELECT count() FROM otel.otel_logs").await,
        "3",
        "nothing was changed"
    );
}

#[tokio::test]
async fn statements_of_writers() {
    let cases: Cases = toml::from_str(include_str!("gate_of_writers.toml")).expect("cases");
    let folder = TempDir::new().expect("a folder");
    let container = Container::keeping(folder.path());
    verdict(
        &container,
        &cases,
        &[
            ("user", "sync"),
            ("param_d", "default"),
            ("param_e", "/etc/passwd"),
        ],
    )
    .await;
    assert!(
        !folder.path().join("user_files/x.csv").exists(),
        "nothing was written"
    );
}

async fn verdict(container: &Container, cases: &Cases, pairs: &[(&str, &str)]) {
    let mut wrong = Vec::new();
    for sql in &cases.allowed {
        let response = container.statement(sql, pairs).send().await.expect("an answer");
        if !response.status().is_success() {
            wrong.push(format!(
                "refused: {sql}\n  {}",
                response.text().await.expect("text")
            ));
        }
    }
    for Refused { code, sql } in &cases.refused {
        for sql in sql {
            let response = container.statement(sql, pairs).send().await.expect("an answer");
            let got = common::header(&response, "x-clickhouse-exception-code");
            if got != Some(code.to_string()) {
                let text = response.text().await.expect("text");
                wrong.push(format!("expected {code}, got {got:?}: {sql}\n  {text}"));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} of the statements:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

#[tokio::test]
async fn a_parameter_can_not_smuggle_a_table() {
    let folder = TempDir::new().expect("a folder");
    lake(folder.path()).await;
    let container = Container::start(folder.path(), &[]);
    let sql = "SELECT count() FROM {database:Identifier}.{table:Identifier}";
    let pairs = |database, table| [("param_database", database), ("param_table", table)];
    let (_, code, _) = container.refusal(sql, &pairs("system", "processes")).await;
    assert_eq!(code, 497);
    let response = container
        .statement(sql, &pairs("otel", "otel_logs"))
        .send()
        .await
        .expect("an answer");
    assert_eq!(response.text().await.expect("text"), "0\n");
}

#[tokio::test]
async fn no_setting_or_format_writes_a_file() {
    let folder = TempDir::new().expect("a folder");
    lake(folder.path()).await;
    let kept = TempDir::new().expect("a folder");
    let reading = Container::start(folder.path(), &[]);
    let keeping = Container::keeping(kept.path());
    for (container, user) in [(&reading, ""), (&keeping, "router"), (&keeping, "sync")] {
        let victim = TempDir::new().expect("a folder");
        let victim = victim.path().join("victim");
        std::fs::write(&victim, "precious").expect("written");
        let absolute = victim.to_str().expect("text").to_owned();
        let relative = format!("{}{absolute}", "../".repeat(12));
        let mut wrong = Vec::new();
        for path in [&absolute, &relative] {
            let in_text = |clause: &str| format!("{clause} SETTINGS output_format_schema = '{path}'");
            for (sql, pairs) in [
                (
                    "SELECT 1 AS a FORMAT Protobuf".to_owned(),
                    &["output_format_schema"][..],
                ),
                ("SELECT 1 AS a FORMAT Protobuf".to_owned(), &[]),
                (
                    "SELECT 1 AS a".to_owned(),
                    &["output_format_schema", "default_format"],
                ),
                (
                    "SELECT 1 AS a".to_owned(),
                    &["output_format_schema", "output_format"],
                ),
                (
                    "SELECT 1 AS a".to_owned(),
                    &["output_format_schema", "x-clickhouse-format"],
                ),
                (
                    "SELECT formatRow('Protobuf', 1)".to_owned(),
                    &["output_format_schema"],
                ),
                ("SELECT formatRow('Protobuf', 1)".to_owned(), &[]),
                ("SELECT 1 AS a FORMAT JSON".to_owned(), &["output_format_schema"]),
                (in_text("SELECT 1 AS a FORMAT Protobuf"), &[]),
                (in_text("SELECT 1 AS a FORMAT CSV"), &[]),
                (in_text("EXPLAIN SELECT 1 AS a FORMAT Protobuf"), &[]),
                (in_text("SELECT formatRow('Protobuf', 1)"), &[]),
                (
                    format!("SELECT 1 SETTINGS `output_format\\x5fschema` = '{path}' FORMAT Protobuf"),
                    &[],
                ),
            ] {
                for get in [true, false] {
                    let mut request = match get {
                        true => container.get("/").query(&[("query", &sql)]),
                        false => container.statement(&sql, &[]),
                    };
                    if !user.is_empty() {
                        request = request.query(&[("user", user)]);
                    }
                    for name in pairs {
                        request = match *name {
                            "output_format_schema" => request.query(&[(name, path)]),
                            "x-clickhouse-format" => request.header(*name, "Protobuf"),
                            name => request.query(&[(name, "Protobuf")]),
                        };
                    }
                    let response = request.send().await.expect("an answer");
                    if response.status().is_success() {
                        wrong.push(format!("{user} {sql} {pairs:?}"));
                    }
                    let text = std::fs::read_to_string(&victim).expect("the file");
                    assert_eq!(text, "precious", "{user} {sql} {pairs:?}");
                }
            }
        }
        assert!(wrong.is_empty(), "answered:\n{}", wrong.join("\n"));
    }
}

#[tokio::test]
async fn a_format_that_is_not_served_is_a_bad_request() {
    let folder = TempDir::new().expect("a folder");
    lake(folder.path()).await;
    let container = Container::start(folder.path(), &[]);
    let (status, code, text) = container.refusal("SELECT 1 FORMAT Protobuf", &[]).await;
    assert_eq!((status, code), (400, 73));
    assert!(
        text.contains("Protobuf") && text.contains("JSONEachRow"),
        "{text}"
    );
}

/// A cached verdict on one table must not apply to another table, however the placeholder is spelled.
#[tokio::test]
async fn a_verdict_is_not_lent_to_other_values() {
    let folder = TempDir::new().expect("a folder");
    lake(folder.path()).await;
    let kept = TempDir::new().expect("a folder");
    let keeping = Container::keeping(kept.path());
    let created = keeping
        .statement(
            "CREATE TABLE otel.otel_logs (a UInt8) ENGINE = Memory",
            &[("user", "sync")],
        )
        .send()
        .await
        .expect("an answer");
    assert!(created.status().is_success());
    for (container, user) in [(Container::start(folder.path(), &[]), ""), (keeping, "router")] {
        for sql in [
            "SELECT count() FROM {d:Identifier}.{t:Identifier}",
            "SELECT count() FROM {d:/**/Identifier}.{t:/**/Identifier}",
            "SELECT count() FROM {d:--\nIdentifier}.{t:/* : } */Identifier}",
            "SELECT count() FROM {d:\u{feff}Identifier}.{t:\u{200b}Identifier}",
            "SELECT count() FROM {d /**/ : /**/ Identifier /**/}.{ /**/ t:Identifier}",
            "SELECT {u:String}, count() FROM {d:/**/Identifier}.{t:/**/Identifier}",
            "SELECT '{a:UInt8}', count() FROM {d:/**/Identifier}.{t:/**/Identifier}",
        ] {
            let ask = |database, table| {
                let pairs = [
                    ("user", user),
                    ("param_d", database),
                    ("param_t", table),
                    ("param_u", "x"),
                ];
                container
                    .statement(sql, &pairs[usize::from(user.is_empty())..])
                    .send()
            };
            let answer = ask("otel", "otel_logs").await.expect("an answer");
            let (status, text) = (answer.status(), answer.text().await.expect("text"));
            // The engine's lexer does not accept every Unicode blank.
            assert!(
                status.is_success() || text.contains("SYNTAX_ERROR"),
                "{sql}: {text}"
            );
            for table in ["processes", "metrics", "settings_changes"] {
                let answer = ask("system", table).await.expect("an answer");
                let code = common::header(&answer, "x-clickhouse-exception-code");
                let text = answer.text().await.expect("text");
                assert!(
                    code.as_deref() == Some("497") || (!status.is_success() && code.is_some()),
                    "{sql}: system.{table}: {code:?} {text}"
                );
            }
        }
    }
}

#[tokio::test]
async fn names_with_line_breaks_hide_nothing() {
    let folder = TempDir::new().expect("a folder");
    lake(folder.path()).await;
    let container = Container::start(folder.path(), &[]);
    for sql in [
        "SELECT 1 AS `a\n   TableExpression`, file('catalog.db')",
        "SELECT file('catalog.db') AS `a (children 0)\n Identifier JSON`",
        "SELECT * FROM (SELECT 1 AS `x\n  Subquery`) AS `s\n`, url('http://127.0.0.1/', CSV) AS `u\n`",
        "SELECT arrayMap(file, ['catalog.db']) AS `f\n      Function count`",
    ] {
        let (_, code, _) = container.refusal(sql, &[]).await;
        assert_eq!(code, 497, "{sql}");
    }
}

#[tokio::test]
async fn readers_see_the_tables_of_telemetry_alone() {
    let folder = TempDir::new().expect("a folder");
    let lake = lake(folder.path()).await;
    commit_logs(&lake, NOVEMBER, 0, 3).await;
    let reading = Container::start(folder.path(), &[]);
    let kept = TempDir::new().expect("a folder");
    let keeping = Container::keeping(kept.path());
    for table in [
        "otel_logs",
        "otel_logs__staging_1",
        "otel_x_mv",
        "ledger",
        "lease_7",
        "errors_per_hour",
    ] {
        let sql = format!("CREATE TABLE otel.{table} (a UInt8) ENGINE = MergeTree ORDER BY a");
        let made = keeping.statement(&sql, &[("user", "sync")]).send().await;
        assert!(made.expect("an answer").status().is_success(), "{table}");
    }
    let ask = async |container: &Container, sql: &str, user: &str| {
        let response = container.statement(sql, &[("user", user)]).send().await;
        response.expect("an answer").text().await.expect("text")
    };
    for (sql, expected) in [
        ("SHOW TABLES", "otel_logs\n"),
        ("SHOW TABLES FROM otel", "otel_logs\n"),
        ("SHOW DATABASES", "otel\n"),
        ("SELECT name FROM system.databases", "otel\n"),
        ("SELECT database, name FROM system.tables", "otel\totel_logs\n"),
        (
            "SELECT DISTINCT database, table FROM system.columns",
            "otel\totel_logs\n",
        ),
        (
            "SELECT count() FROM system.parts WHERE table != 'otel_logs'",
            "0\n",
        ),
        (
            "SELECT t.name FROM system.tables AS t JOIN system.databases d ON t.database = d.name",
            "otel_logs\n",
        ),
        (
            "SELECT countIf(name IN (SELECT table FROM system.columns)) FROM system.tables",
            "1\n",
        ),
    ] {
        assert_eq!(ask(&keeping, sql, "router").await, expected, "{sql}");
    }
    assert_eq!(
        ask(
            &keeping,
            "SELECT count() FROM system.tables WHERE database = 'otel'",
            "sync"
        )
        .await,
        "6\n"
    );
    assert_eq!(
        ask(&reading, "SELECT DISTINCT database FROM system.columns", "").await,
        "otel\n"
    );
    let tables = ask(&reading, "SHOW TABLES", "").await;
    assert!(
        tables.contains("otel_logs\n") && tables.contains("otel_traces_trace_id_ts\n"),
        "{tables}"
    );
    // No statement or setting lifts the filter.
    let pairs = [("user", "router"), ("additional_table_filters", "{}")];
    let (_, code, _) = keeping.refusal("SELECT name FROM system.tables", &pairs).await;
    assert_eq!(code, 115);
    let sql = "SELECT name FROM system.tables SETTINGS additional_table_filters = {}";
    let (_, code, _) = keeping.refusal(sql, &[("user", "router")]).await;
    assert_eq!(code, 164);
}
