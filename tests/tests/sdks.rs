//! SDKs of OpenTelemetry with their defaults for gRPC: the programs set nothing, and the environment only the endpoint
//! and the name of the service.

use anyhow::{Context as _, Result, ensure};
use lakefront_tests::{Stack, checkout};
use serde_json::json;
use tokio::process::Command;

/// Runs a program that sends a log record `paid`, a span `pay` and a sum `orders`, and reads them from the lake.
async fn sends(mut program: Command) -> Result<()> {
    let stack = Stack::start().await?;
    let output = program
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", stack.grpc_url())
        .env("OTEL_SERVICE_NAME", "checkout")
        .kill_on_drop(true)
        .output()
        .await?;
    let error = String::from_utf8_lossy(&output.stderr);
    ensure!(
        output.status.success(),
        "{}: {error}\n{}",
        output.status,
        stack.output()
    );
    let sent = [
        ("otel_logs", "Body", "paid"),
        ("otel_traces", "SpanName", "pay"),
        ("otel_metrics_sum", "MetricName", "orders"),
    ];
    for (table, column, text) in sent {
        let rows = format!("(SELECT * FROM {table} WHERE ServiceName = 'checkout' AND {column} = '{text}')");
        stack
            .committed(&rows, 1)
            .await
            .with_context(|| format!("the program wrote: {error}"))?;
    }
    let both = "SELECT count() FROM otel_logs AS l JOIN otel_traces AS t USING (TraceId, SpanId)";
    assert_eq!(
        stack.sql(both).await?.rows,
        [[json!(1)]],
        "the record is of the span"
    );
    Ok(())
}

/// Returns the value of a variable that `cargo xtask test` sets.
fn variable(name: &str) -> Result<std::ffi::OsString> {
    std::env::var_os(name)
        .with_context(|| format!("{name} is not set: run the tests with `cargo xtask test`"))
}

#[tokio::test(flavor = "multi_thread")]
async fn python() -> Result<()> {
    let mut program = Command::new(variable("LAKEFRONT_PYTHON")?);
    program.arg(checkout()?.join("tests/python/otlp_grpc.py"));
    sends(program).await
}

#[tokio::test(flavor = "multi_thread")]
async fn go() -> Result<()> {
    let mut program = Command::new("go");
    let folder = checkout()?.join("tests/clients/go");
    program.args(["run", "-C"]).arg(folder).arg("./otlp");
    sends(program).await
}

#[tokio::test(flavor = "multi_thread")]
async fn java() -> Result<()> {
    let mut program = Command::new("java");
    let sdk = std::fs::read_dir(variable("LAKEFRONT_OTEL_JAVA")?)?.next();
    let jars = sdk.context("no SDK is installed")??.path().join("*");
    program
        .arg("-cp")
        .arg(jars)
        .arg(checkout()?.join("tests/clients/Otlp.java"));
    sends(program).await
}
