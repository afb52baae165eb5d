//! Identical questions run once, and their answer is kept for a moment.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::{Context as _, Result};
use futures::future::{join_all, try_join_all};
use lakefront_api::QueryReply;
use lakefront_tests::{Engine, Relay, Stack, Treatment, Worker};
use reqwest::{Method, header};
use serde_json::{Value, json};

/// Sends a question that takes a kept answer. Returns the reply and its `Age` header.
async fn ask(worker: &Worker, question: &Value) -> Result<(QueryReply, Option<String>)> {
    let request = worker.request(Method::POST, "/query").json(question);
    let reply = request.send().await?.error_for_status()?;
    let age = reply.headers().get(header::AGE);
    let age = age.map(|age| age.to_str().map(Into::into)).transpose()?;
    Ok((reply.json().await?, age))
}

/// Starts a Worker whose engine takes `delay` for each statement. The relay counts the statements.
async fn slow(stack: &Stack, delay: Duration) -> Result<(Worker, Relay)> {
    let relay = Relay::start(stack.engine_url(), move |line| match line.starts_with("POST") {
        true => Treatment::Late(delay),
        false => Treatment::Forward,
    })
    .await?;
    let worker = Worker::start(&[("CHDB_URL", &relay.url())]).await?;
    Ok((worker, relay))
}

/// Returns the number of statements since the last call.
fn statements(relay: &Relay) -> usize {
    let requests = relay.take_requests();
    requests.iter().filter(|line| line.starts_with("POST")).count()
}

#[tokio::test]
async fn sixty_four_identical_questions_run_once() -> Result<()> {
    let stack = Stack::start().await?;
    stack.demo(&["--days", "1"]).await?;
    let (worker, relay) = slow(&stack, Duration::from_millis(300)).await?;
    let question = json!({"query": "top_pages", "timeRange": "7d"});
    let replies = try_join_all((0..64).map(|_| ask(&worker, &question))).await?;
    assert_eq!(statements(&relay), 1);
    let itself = replies.iter().filter(|(reply, _)| reply.age_ms.is_none());
    assert_eq!(
        itself.count(),
        1,
        "one asked, the others say the age of its answer"
    );
    let (first, _) = &replies[0];
    assert!(!first.rows.is_empty());
    for (reply, age) in &replies {
        assert_eq!((&reply.rows, reply.as_of), (&first.rows, first.as_of));
        assert_eq!(reply.age_ms.is_some(), age.is_some());
    }

    let (kept, age) = ask(&worker, &question).await?;
    assert!(kept.age_ms.is_some(), "{kept:?}");
    assert_eq!(age.context("no Age")?, "0");
    let fresh = worker.query(&question).await?;
    assert_eq!(
        (fresh.age_ms, statements(&relay)),
        (None, 1),
        "Cache-Control: no-cache"
    );
    let (other, _) = ask(&worker, &json!({"query": "top_pages", "timeRange": "24h"})).await?;
    assert_eq!((other.age_ms, statements(&relay)), (None, 1));

    tokio::time::sleep(Duration::from_secs(2)).await;
    let (later, _) = ask(&worker, &question).await?;
    assert_eq!((later.age_ms, statements(&relay)), (None, 1), "kept for 2 s");
    Ok(())
}

#[tokio::test]
async fn a_client_that_leaves_does_not_hold_up_the_others() -> Result<()> {
    let stack = Stack::start().await?;
    let (worker, relay) = slow(&stack, Duration::from_secs(4)).await?;
    let question = json!({"query": "top_pages"});
    let leaves = tokio::time::timeout(Duration::from_millis(500), ask(&worker, &question));
    let stay = async {
        tokio::time::sleep(Duration::from_millis(250)).await;
        try_join_all((0..16).map(|_| ask(&worker, &question))).await
    };
    let (left, stayed) = tokio::join!(leaves, stay);
    assert!(left.is_err(), "it left before the answer");
    assert_eq!(stayed?.len(), 16);
    let sent = statements(&relay);
    assert!(sent <= 2, "one of the others went on, not all: {sent}");
    Ok(())
}

#[tokio::test]
async fn a_question_that_fails_once_is_asked_again_for_those_who_waited() -> Result<()> {
    let stack = Stack::start().await?;
    let asked = AtomicUsize::new(0);
    let relay = Relay::start_waiting(stack.engine_url(), move |request| {
        let first = request.line.starts_with("POST") && asked.fetch_add(1, Ordering::Relaxed) == 0;
        async move {
            if !first {
                return Treatment::Forward;
            }
            tokio::time::sleep(Duration::from_millis(500)).await;
            Treatment::Answer(500, "")
        }
    })
    .await?;
    let worker = Worker::start(&[("CHDB_URL", &relay.url())]).await?;
    let question = json!({"query": "top_pages"});
    let replies = join_all((0..16).map(|_| ask(&worker, &question))).await;
    let failed = replies.iter().filter(|reply| reply.is_err()).count();
    assert_eq!((failed, statements(&relay)), (1, 2), "{replies:?}");
    Ok(())
}

/// Leptos polls the data of a page in another way than a request to the API.
#[tokio::test]
async fn the_same_page_for_many_viewers_at_once() -> Result<()> {
    let stack = Stack::start().await?;
    let (worker, relay) = slow(&stack, Duration::from_millis(300)).await?;
    let view = async || {
        let request = worker
            .request(Method::GET, "/errors")
            .header(header::ACCEPT, "text/html");
        let page = request.timeout(Duration::from_secs(20)).send().await?;
        Ok::<_, anyhow::Error>(page.error_for_status()?.text().await?)
    };
    view().await?;
    let alone = statements(&relay);
    tokio::time::sleep(Duration::from_secs(2)).await;
    let pages = try_join_all((0..8).map(|_| view())).await?;
    let together = statements(&relay);
    // Searches and the question whether the lake has rows are not kept.
    assert!(
        together <= 4 * alone,
        "{together} statements for 8 pages, {alone} for one"
    );
    let kept = pages.iter().filter(|page| page.contains("data-part=\"age\""));
    assert!(kept.count() > 0, "no badge has the age of a kept answer");
    Ok(())
}

#[tokio::test]
async fn a_failure_is_not_kept() -> Result<()> {
    let stack = Stack::start().await?;
    let address = lakefront_tests::free_address()?;
    let worker = Worker::start(&[("CHDB_URL", &format!("http://{address}"))]).await?;
    let question = json!({"query": "top_pages"});
    let request = || worker.request(Method::POST, "/query").json(&question);
    assert_eq!(request().send().await?.status(), 503);
    let _engine = Engine::start_at(&address, stack.lake()).await?;
    // The engine counts as down for 10 s.
    worker
        .post_until("/query", &question, reqwest::StatusCode::OK)
        .await?;
    assert_eq!(request().send().await?.status(), 200);
    Ok(())
}
