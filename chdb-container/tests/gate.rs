//! Which statements run: `gate.toml` is the list.

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
    judged(&container, &cases, &[]).await;
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
    judged(
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

async fn judged(container: &Container, cases: &Cases, pairs: &[(&str, &str)]) {
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
    let (_, code, _) = container.refusal(sql, &pairs("system", "tables")).await;
    assert_eq!(code, 497);
    let response = container
        .statement(sql, &pairs("otel", "otel_logs"))
        .send()
        .await
        .expect("an answer");
    assert_eq!(response.text().await.expect("text"), "0\n");
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
