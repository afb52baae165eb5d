//! The daily budget of a key counts what all isolates of the Worker took.

use std::fs;

use anyhow::{Context as _, Result, ensure};
use lakefront_tests::{Worker, taking_streams};
use reqwest::{Method, Response};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::bundle::{self, Additions};

const SHOP: &str = "key-of-the-shop";
const BLOG: &str = "key-of-the-blog";

/// Returns a bundle with a second Worker, which has the first one's Durable Objects.
fn two_isolates() -> Result<TempDir> {
    let folder = bundle::with(&Additions {
        script: include_str!("budgets/two_isolates.js"),
        namespaces: "",
        bindings: r#"(name = "SECOND", service = "second"),"#,
    })?;
    let path = folder.path().join("workerd.capnp");
    let text = fs::read_to_string(&path)?;
    let (_, router) = text
        .split_once("const router :Workerd.Worker")
        .context("no router")?;
    let (before, objects) = router
        .split_once("durableObjectNamespaces = [")
        .context("no objects")?;
    let (_, after) = objects.split_once("],").context("no end of the objects")?;
    let (_, after) = after.split_once("bindings = [").context("no bindings")?;
    let second = format!("{before}bindings = [{after}")
        .replace(r#"(name = "SECOND", service = "second"),"#, "")
        .replace(r#"(name = "in_front.js", esModule = embed "in_front.js"),"#, "")
        .replace(
            r#"durableObjectNamespace = ""#,
            r#"durableObjectNamespace = (serviceName = "router", className = ""#,
        )
        .replace(r#"className = "Tail")"#, r#"className = "Tail"))"#)
        .replace(r#"className = "Budgets")"#, r#"className = "Budgets"))"#);
    let service = r#"services = [(name = "second", worker = .second),"#;
    let text = text.replacen("services = [", service, 1);
    fs::write(path, format!("{text}\nconst second :Workerd.Worker{second}"))?;
    Ok(folder)
}

#[tokio::test]
async fn isolates_share_the_budget_of_a_key() -> Result<()> {
    let folder = two_isolates()?;
    let streams = taking_streams().await?;
    let worker = Worker::start_in(
        folder.path(),
        &[
            ("CHDB_URL", "http://127.0.0.1:9"),
            ("LANDING", "pipelines"),
            ("LANDING_STREAMS", &streams),
            ("INGEST_KEYS", &format!("shop={SHOP},blog={BLOG}")),
            ("INGEST_KEY_BUDGETS", "shop=3kB"),
            ("USAGE_SECONDS", "1"),
        ],
    )
    .await?;
    let logs = |characters: usize| {
        let records = [json!({"body": {"stringValue": "x".repeat(characters)}})];
        json!({"resourceLogs": [{"scopeLogs": [{"logRecords": records}]}]})
    };
    let send = async |isolate: &str, key: &str, body: &Value| -> Result<Response> {
        let request = worker.request(Method::POST, "/v1/logs").bearer_auth(key);
        Ok(request.header("x-isolate", isolate).json(body).send().await?)
    };
    // Two isolates with two thirds of the budget each.
    let (large, small) = (logs(600), logs(1));
    for isolate in ["first", "second"].repeat(3) {
        ensure!(send(isolate, SHOP, &large).await?.status() == 200);
    }
    let both = 6 * large.to_string().len() as u64;
    worker
        .get_until("/sent", |sent| sent["bytes"]["shop"] == both)
        .await?;
    // The isolate that reported last knows that the budget is spent. Its answer may be on the way for a moment; what it takes meanwhile
    // does not pass the budget by itself.
    let mut refused = None;
    for isolate in ["first", "second"].repeat(5) {
        let answer = send(isolate, SHOP, &small).await?;
        if answer.status() != 200 {
            refused = Some(answer);
            break;
        }
    }
    let refused = refused.context("both isolates take more than the budget")?;
    ensure!(refused.status() == 429, "{}", refused.status());
    let wait = refused.headers().get("retry-after").context("no Retry-After")?;
    let wait: u32 = wait.to_str()?.parse()?;
    ensure!((1..=86_400).contains(&wait), "{wait}");
    let body: Value = refused.json().await?;
    let message = body["message"].as_str().unwrap_or_default();
    ensure!(
        message.contains("2.9 KiB") && message.contains("INGEST_KEY_BUDGETS"),
        "{message}"
    );
    ensure!(send("second", BLOG, &small).await?.status() == 200);
    Ok(())
}
