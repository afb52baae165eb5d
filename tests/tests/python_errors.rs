//! Ordinary Python programs with the OpenTelemetry SDK: their own errors show up in `top_errors`.

use std::time::Duration;

use anyhow::Result;
use jiff::Timestamp;
use lakefront_tests::{Stack, python};
use serde_json::{Value, json};
use tokio::time::Instant;

#[tokio::test(flavor = "multi_thread")]
async fn errors_of_a_python_program_are_there_within_fifteen_seconds() -> Result<()> {
    // As a user starts it, with the interval between commits that ingest has by itself.
    let stack = Stack::start_committing_every("10s").await?;
    let url = [stack.ingest_url()];
    tokio::try_join!(
        python("logger_exception.py", &url),
        python("record_exception.py", &url)
    )?;
    let reported = Instant::now();
    for error_type in ["ZeroDivisionError", "KeyError"] {
        let row = loop {
            if let Some(row) = group(&stack, error_type).await? {
                break row;
            }
            assert!(
                reported.elapsed() < Duration::from_secs(15),
                "{error_type} is not in top_errors after 15 s"
            );
            tokio::time::sleep(Duration::from_millis(200)).await;
        };
        assert_eq!(row[2], json!(1), "errors of {error_type}");
    }
    Ok(())
}

async fn group(stack: &Stack, error_type: &str) -> Result<Option<Vec<Value>>> {
    let request = serde_json::from_value(json!({"query": "top_errors", "timeRange": "1h"}))?;
    let answer = stack.query(&request, Timestamp::now()).await?;
    Ok(answer.rows.into_iter().find(|row| row[1] == error_type))
}
