//! Isolates share answers that cannot change, in the Cache API.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse as _, Response};
use jiff::Timestamp;
use lakefront_api::QueryReply;
use lakefront_tests::{Relay, Stack, Treatment, Worker};
use reqwest::header;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::bundle;

/// Bodies of answers by address.
type Kept = Arc<Mutex<HashMap<String, Bytes>>>;

/// Serves a cache as workerd asks one: a `PUT` has a whole HTTP response as its body, and the answer to a `GET` says in
/// `CF-Cache-Status` whether it was found.
async fn cache() -> Result<(String, Kept)> {
    async fn answer(
        State(kept): State<Kept>,
        method: Method,
        uri: Uri,
        headers: HeaderMap,
        body: Bytes,
    ) -> Response {
        let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
        let address = format!("{}{}", host.unwrap_or_default(), uri.path());
        let mut kept = kept.lock().expect("no panic");
        if method == Method::PUT {
            let head = body.windows(4).position(|window| window == b"\r\n\r\n");
            kept.insert(address, body.slice(head.map_or(0, |head| head + 4)..));
            return StatusCode::NO_CONTENT.into_response();
        }
        match kept.get(&address) {
            Some(body) => ([("cf-cache-status", "HIT")], body.clone()).into_response(),
            None => (StatusCode::GATEWAY_TIMEOUT, [("cf-cache-status", "MISS")]).into_response(),
        }
    }
    let (kept, listener) = (Kept::default(), TcpListener::bind("127.0.0.1:0").await?);
    let address = listener.local_addr()?.to_string();
    let app = axum::Router::new().fallback(answer).with_state(Arc::clone(&kept));
    tokio::spawn(async move { axum::serve(listener, app).await });
    Ok((address, kept))
}

/// Asks as a page of `telemetry.example` does.
async fn ask(worker: &Worker, question: &Value) -> Result<QueryReply> {
    let request = worker.request(reqwest::Method::POST, "/query");
    let request = request.header(header::HOST, "telemetry.example").json(question);
    Ok(request.send().await?.error_for_status()?.json().await?)
}

#[tokio::test]
async fn isolates_share_answers_that_cannot_change() -> Result<()> {
    let stack = Stack::start().await?;
    stack.demo(&["--days", "1"]).await?;
    let (address, kept) = cache().await?;
    let service = format!(r#"(name = "cache", external = (address = "{address}", http = ())),"#);
    let folder = bundle::configured(&[
        ("services = [", &service),
        (
            "const router :Workerd.Worker = (",
            r#"cacheApiOutbound = "cache","#,
        ),
    ])?;
    let relay = Relay::start(stack.engine_url(), |_| Treatment::Forward).await?;
    let variables = [
        ("CHDB_URL", relay.url()),
        ("ALLOWED_HOSTS", "telemetry.example".to_owned()),
    ];
    let variables: Vec<_> = variables
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    let first = Worker::start_in(folder.path(), &variables).await?;
    let second = Worker::start_in(folder.path(), &variables).await?;

    let past = json!({"query": "top_pages", "timeRange": "24h", "at": Timestamp::now().to_string()});
    let asked = ask(&first, &past).await?;
    ensure!(asked.age_ms.is_none() && !asked.rows.is_empty(), "{asked:?}");
    // It is shared after the answer.
    while kept.lock().expect("no panic").is_empty() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let statements = || {
        let requests = relay.take_requests();
        requests.iter().filter(|line| line.starts_with("POST")).count()
    };
    statements();
    let shared = ask(&second, &past).await?;
    ensure!(
        shared.rows == asked.rows && shared.as_of == asked.as_of,
        "{shared:?}"
    );
    ensure!(statements() == 0, "an engine was asked");
    let age = shared.age_ms.context("no age")?;
    let again = ask(&second, &past).await?;
    ensure!(again.age_ms >= Some(age), "{age} {again:?}");

    // What somebody else puts there is no answer, and the lake as it is now is not shared.
    for body in kept.lock().expect("no panic").values_mut() {
        *body = Bytes::from_static(b"{}");
    }
    let third = Worker::start_in(folder.path(), &variables).await?;
    let asked = ask(&third, &past).await?;
    ensure!(asked.age_ms.is_none() && statements() > 0, "{asked:?}");
    let count = || kept.lock().expect("no panic").len();
    let before = count();
    ask(&third, &json!({"query": "top_pages", "timeRange": "24h"})).await?;
    ensure!(count() == before, "an answer that may change was shared");
    Ok(())
}
