//! Slow queries on healthy engines.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use lakefront_api::{BackendHealth, BackendState, HealthReply, QueryReply, Reason};
use lakefront_tests::Treatment;
use reqwest::Method;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use crate::tiers::{Tiers, top_errors};

async fn clickhouse(tiers: &Tiers) -> Result<BackendHealth> {
    let reply = tiers.worker.request(Method::GET, "/health").send().await?;
    let health: HealthReply = serde_json::from_str(&reply.text().await?)?;
    let mut backends = health.backends.into_iter();
    backends
        .find(|backend| backend.name == "us")
        .context("no ClickHouse")
}

/// Repeats a query until the plan includes the view. The view then answers, or exceeds its deadline.
async fn asks_the_view(tiers: &Tiers, question: &Value) -> Result<QueryReply> {
    let began = Instant::now();
    loop {
        let reply = tiers.worker.query(question).await?;
        if reply.reason != Reason::UnhealthyClickhouse {
            return Ok(reply);
        }
        // The health check that decides takes milliseconds, but an engine that is down gets no query for ten seconds.
        ensure!(
            began.elapsed() < Duration::from_secs(3),
            "ClickHouse is left out: {:?}",
            clickhouse(tiers).await?
        );
        sleep(Duration::from_millis(20)).await;
    }
}

static SLOW: AtomicBool = AtomicBool::new(false);

/// Delays named queries, which have a range. Health checks have none and are forwarded at once.
fn slow_questions(line: &str) -> Treatment {
    if SLOW.load(Ordering::SeqCst) && line.contains("param_from") {
        Treatment::Late(Duration::from_secs(3))
    } else {
        Treatment::Forward
    }
}

#[tokio::test]
async fn a_slow_query_is_slow_for_itself_alone() -> Result<()> {
    let tiers = Tiers::two_apart(slow_questions).await?;
    let question = |query: &str| json!({"query": query, "timeRange": "7d"});
    for _ in 0..4 {
        SLOW.store(true, Ordering::SeqCst);
        assert_eq!(
            asks_the_view(&tiers, &top_errors()).await?.reason,
            Reason::Failover
        );
        SLOW.store(false, Ordering::SeqCst);
        let other = asks_the_view(&tiers, &question("unique_visitors_per_day")).await?;
        assert_eq!(other.reason, Reason::View);
    }
    assert_eq!(clickhouse(&tiers).await?.state, BackendState::Healthy);

    // Three different slow queries without an answer in between mark the engine as down, without a health check.
    SLOW.store(true, Ordering::SeqCst);
    for query in ["top_errors", "unique_visitors_per_day", "top_pages"] {
        let reply = asks_the_view(&tiers, &question(query)).await?;
        assert_eq!(reply.reason, Reason::Failover, "{query}");
    }
    SLOW.store(false, Ordering::SeqCst);
    let reply = tiers.worker.query(&top_errors()).await?;
    assert_eq!(reply.reason, Reason::UnhealthyClickhouse);
    assert_eq!(clickhouse(&tiers).await?.state, BackendState::Down);
    tiers.until(Reason::View).await?;
    Ok(())
}

/// The delay of each query.
const FAR: Duration = Duration::from_millis(700);
/// The times at which queries arrived.
static CAME: Mutex<Vec<Instant>> = Mutex::new(Vec::new());

fn far_questions(line: &str) -> Treatment {
    if !line.contains("param_from") {
        return Treatment::Forward;
    }
    CAME.lock()
        .unwrap_or_else(PoisonError::into_inner)
        .push(Instant::now());
    Treatment::Late(FAR)
}

#[tokio::test]
async fn a_page_asks_as_much_at_once_as_the_platform_has_connections() -> Result<()> {
    let tiers = Tiers::two_apart(far_questions).await?;
    CAME.lock().unwrap_or_else(PoisonError::into_inner).clear();
    let page = tiers
        .worker
        .request(Method::GET, "/")
        .send()
        .await?
        .text()
        .await?;
    ensure!(page.contains("</html>"), "{page}");
    let came = std::mem::take(&mut *CAME.lock().unwrap_or_else(PoisonError::into_inner));
    ensure!(came.len() > 6, "{} questions: the page asks more", came.len());
    // A Worker has six connections. One is reserved for checks and reports.
    let at_once = |first: &Instant| {
        let during = came
            .iter()
            .filter(|other| *other >= first && **other - *first < FAR);
        during.count()
    };
    let most = came.iter().map(at_once).max();
    ensure!(most <= Some(5), "{most:?} questions at once");
    assert_eq!(clickhouse(&tiers).await?.state, BackendState::Healthy);
    Ok(())
}
