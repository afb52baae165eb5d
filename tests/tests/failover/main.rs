//! Failover: queries while a part of the stack is killed, frozen or loses its disk. Every part is a real process.
//!
//! The tests print figures (requests, errors, slowest): `cargo test --test failover -- --nocapture`.

mod clients;
mod slow;
mod tiers;

use std::{collections::BTreeSet, time::Duration};

use anyhow::{Result, ensure};
use clients::{Clients, Report};
use lakefront_api::{BackendKind, BackendState, HealthReply, Problem, ProblemType, QueryReply, Reason};
use nix::sys::signal::Signal;
use reqwest::{Method, header};
use serde_json::{Value, json};
use tiers::{BOSTON, TUNIS, Tiers, top_errors};
use tokio::time::{Instant, sleep};

const CLIENTS: usize = 32;
/// The deadline of a view, as in the plan. After it, the router tries chDB.
const VIEW_DEADLINE: Duration = Duration::from_millis(1_500);

fn nobody_saw_an_error(report: &Report) -> Result<()> {
    let errors = report.errors();
    ensure!(
        errors.is_empty(),
        "{} errors, the first {:?}",
        errors.len(),
        errors[0]
    );
    ensure!(report.seen.len() > CLIENTS, "only {} requests", report.seen.len());
    Ok(())
}

#[tokio::test]
async fn a_killed_clickhouse_costs_no_client_an_error() -> Result<()> {
    let mut tiers = Tiers::two().await?;
    let clients = Clients::start(&tiers.worker, &top_errors(), CLIENTS);
    sleep(Duration::from_secs(1)).await;
    tiers.servers[0].clickhouse.kill();
    sleep(Duration::from_secs(2)).await;
    let report = clients.stop().await?;
    report.print("ClickHouse killed under 32 clients");
    nobody_saw_an_error(&report)?;
    assert_eq!(
        report.reasons_in_any_order(),
        BTreeSet::from(["view", "failover", "unhealthy-clickhouse"])
    );

    tiers.servers[0].clickhouse.restart().await?;
    let restarted = Instant::now();
    tiers.until(Reason::View).await?;
    println!(
        "back to the view {} ms after its restart",
        restarted.elapsed().as_millis()
    );
    Ok(())
}

#[tokio::test]
async fn a_wiped_disk_never_answers_until_backfill_has_covered_the_range() -> Result<()> {
    let mut tiers = Tiers::two().await?;
    // The end of the range is fixed, so that every correct answer is the same.
    let question = json!({"query": "top_errors", "timeRange": {
        "from": (jiff::Timestamp::now() - Duration::from_secs(2 * 86_400)).to_string(),
        "to": jiff::Timestamp::now().to_string(),
    }});
    let expected = tiers.worker.query(&question).await?;
    assert_eq!(expected.reason, Reason::View);
    assert!(!expected.rows.is_empty());

    let clients = Clients::start(&tiers.worker, &question, 4);
    tiers.sync = None;
    tiers.servers[0].wipe()?;
    tiers.servers[0].clickhouse.restart().await?;
    let incomplete = |reply: &QueryReply| reply.reason == Reason::Incomplete;
    tiers.worker.query_until(&question, incomplete).await?;
    tiers.sync_again().await?;
    let started = Instant::now();
    tiers.servers[0].covered().await?;
    println!("backfilled in {} ms", started.elapsed().as_millis());
    let view = |reply: &QueryReply| reply.reason == Reason::View;
    tiers.worker.query_until(&question, view).await?;
    let report = clients.stop().await?;
    report.print("disk wiped under 4 clients");
    nobody_saw_an_error(&report)?;
    assert_eq!(report.reasons().last(), Some(&"view"));
    for seen in &report.seen {
        assert_eq!(
            seen.value["rows"],
            Value::from_iter(expected.rows.iter().cloned()),
            "{}: {:?}",
            seen.value["reason"],
            seen.value
        );
    }
    Ok(())
}

#[tokio::test]
async fn a_frozen_clickhouse_costs_its_deadline_once() -> Result<()> {
    let tiers = Tiers::two().await?;
    let mut forced = top_errors();
    forced["backend"] = "chdb".into();
    let began = Instant::now();
    tiers.worker.query(&forced).await?;
    let alone = began.elapsed();

    tiers.servers[0].clickhouse.signal(Signal::SIGSTOP)?;
    let began = Instant::now();
    let reply = tiers.worker.query(&top_errors()).await?;
    let took = began.elapsed();
    println!(
        "ClickHouse frozen: answered after {} ms (deadline {} ms, chDB alone {} ms)",
        took.as_millis(),
        VIEW_DEADLINE.as_millis(),
        alone.as_millis()
    );
    assert_eq!(
        (reply.backend, reply.reason),
        (BackendKind::Chdb, Reason::Failover)
    );
    // The router aborts the request a little before the deadline.
    assert!(took + Duration::from_millis(10) > VIEW_DEADLINE, "{took:?}");
    let own = Duration::from_millis(250) + 2 * alone;
    assert!(took < VIEW_DEADLINE + own, "{took:?}, chDB alone {alone:?}");

    let began = Instant::now();
    let reply = tiers.worker.query(&top_errors()).await?;
    assert_eq!(reply.reason, Reason::UnhealthyClickhouse);
    assert!(began.elapsed() < own, "{:?}", began.elapsed());

    tiers.servers[0].clickhouse.signal(Signal::SIGCONT)?;
    tiers.until(Reason::View).await?;
    Ok(())
}

#[tokio::test]
async fn many_viewers_see_no_error_while_both_regions_freeze() -> Result<()> {
    let tiers = Tiers::three().await?;
    let viewers = Clients::viewers(&tiers.worker, &top_errors(), 64);
    for server in &tiers.servers {
        sleep(Duration::from_secs(1)).await;
        server.clickhouse.signal(Signal::SIGSTOP)?;
    }
    sleep(Duration::from_secs(6)).await;
    let report = viewers.stop().await?;
    report.print("both regions frozen, one after the other, under 64 viewers");
    nobody_saw_an_error(&report)?;
    let last = report.seen.last().map(|one| &one.value["backend"]);
    assert_eq!(last, Some(&Value::from("chdb")));
    // The question that finds both frozen pays both deadlines. The others wait for its answer, not for chDB in turn.
    let bound = 2 * VIEW_DEADLINE + Duration::from_secs(3);
    assert!(report.slowest() < bound, "{:?}", report.slowest());
    for server in &tiers.servers {
        server.clickhouse.signal(Signal::SIGCONT)?;
    }
    Ok(())
}

#[tokio::test]
async fn a_page_waits_for_a_frozen_clickhouse_no_longer_than_its_deadline() -> Result<()> {
    let tiers = Tiers::two().await?;
    tiers.servers[0].clickhouse.signal(Signal::SIGSTOP)?;
    let began = Instant::now();
    let page = tiers.worker.request(Method::GET, "/errors").send().await?;
    let page = page.error_for_status()?.text().await?;
    let took = began.elapsed();
    println!("ClickHouse frozen: the page came after {} ms", took.as_millis());
    assert!(page.contains("data-backend=\"chdb\""), "{page}");
    assert!(took < VIEW_DEADLINE + Duration::from_secs(8), "{took:?}");
    tiers.servers[0].clickhouse.signal(Signal::SIGCONT)?;
    Ok(())
}

#[tokio::test]
async fn the_nearest_region_answers_and_the_next_when_it_is_down() -> Result<()> {
    let mut tiers = Tiers::three().await?;
    for (place, region) in [(BOSTON, "us"), (TUNIS, "eu")] {
        let reply = tiers.from(place).await?;
        assert_eq!(
            (reply.reason, reply.region.as_deref()),
            (Reason::View, Some(region))
        );
    }
    tiers.servers[0].clickhouse.kill();
    let reply = tiers.from(BOSTON).await?;
    assert_eq!(
        (reply.reason, reply.region.as_deref()),
        (Reason::Failover, Some("eu"))
    );
    let reply = tiers.from(BOSTON).await?;
    assert_eq!(
        (reply.reason, reply.region.as_deref()),
        (Reason::View, Some("eu"))
    );

    tiers.servers[1].clickhouse.kill();
    let clients = Clients::start(&tiers.worker, &top_errors(), CLIENTS);
    sleep(Duration::from_secs(1)).await;
    let report = clients.stop().await?;
    report.print("all regions down under 32 clients");
    nobody_saw_an_error(&report)?;
    assert_eq!(
        report.reasons_in_any_order(),
        BTreeSet::from(["failover", "unhealthy-clickhouse"])
    );

    tiers.servers[0].clickhouse.restart().await?;
    tiers.until(Reason::View).await?;
    assert_eq!(tiers.from(TUNIS).await?.region.as_deref(), Some("us"));
    Ok(())
}

/// The runbook of `docs/deploy/clickhouse.md`: another region, and a restart of each server on its disk.
#[tokio::test]
async fn a_region_is_added_and_both_are_restarted_while_viewers_read() -> Result<()> {
    let mut tiers = Tiers::two().await?;
    tiers.add_region().await?;
    let clients = Clients::start(&tiers.worker, &top_errors(), 4);
    assert_eq!(
        tiers.from(TUNIS).await?.region.as_deref(),
        Some("us"),
        "a server without tables answers nobody"
    );
    tiers.sync_again().await?;
    tiers.servers[1].covered().await?;
    tiers.until_from(TUNIS, "eu").await?;

    for (server, (place, region)) in [(BOSTON, "us"), (TUNIS, "eu")].into_iter().enumerate() {
        tiers.servers[server].clickhouse.kill();
        let other = tiers.from(place).await?;
        assert_ne!(other.region.as_deref(), Some(region));
        tiers.servers[server].clickhouse.restart().await?;
        tiers.until_from(place, region).await?;
    }
    let report = clients.stop().await?;
    report.print("a region added and both restarted under 4 clients");
    nobody_saw_an_error(&report)
}

#[tokio::test]
async fn views_answer_while_the_lake_cannot_be_read() -> Result<()> {
    let mut tiers = Tiers::two().await?;
    tiers.stack.lake_is_there(false).await?;

    let clients = Clients::start(&tiers.worker, &top_errors(), CLIENTS);
    sleep(Duration::from_secs(2)).await;
    let report = clients.stop().await?;
    report.print("lake unreadable under 32 clients");
    nobody_saw_an_error(&report)?;
    assert_eq!(report.reasons(), ["view"]);

    // A range of one minute counts as lagging after five seconds. Only the lake would be fresh enough then, and it is
    // down.
    let minute = || {
        let now = jiff::Timestamp::now();
        json!({"query": "errors_for_user", "params": {"user_id": "nobody"}, "timeRange": {
            "from": (now - Duration::from_secs(60)).to_string(),
            "to": now.to_string(),
        }})
    };
    let deadline = Instant::now() + Duration::from_secs(45);
    let reply = loop {
        let (status, value) = tiers.worker.post("/query", &minute()).await?;
        ensure!(status == 200, "{status}: {value}");
        if value["reason"] == "lake-down" {
            break value;
        }
        ensure!(Instant::now() < deadline, "never lake-down, but {value}");
        sleep(Duration::from_millis(200)).await;
    };
    println!(
        "lake unreadable: answered by {} of {} s ago",
        reply["backend"], reply["lagSeconds"]
    );
    assert_eq!(reply["backend"], "clickhouse");
    assert!(reply["lagSeconds"].as_u64() >= Some(5), "{reply}");

    tiers.stack.lake_is_there(true).await?;
    tiers
        .worker
        .post_until(
            "/sql",
            &json!({"sql": "SELECT count() FROM otel_logs"}),
            200.try_into()?,
        )
        .await?;
    Ok(())
}

#[tokio::test]
async fn a_bound_on_the_lag_is_kept() -> Result<()> {
    let mut tiers = Tiers::two().await?;
    tiers.sync = None;
    sleep(Duration::from_secs(3)).await;
    let late = tiers.worker.query(&top_errors()).await?;
    assert_eq!(late.reason, Reason::View, "half an hour is nothing to a week");
    assert!(late.lag_seconds >= Some(2), "{late:?}");

    let mut bounded = top_errors();
    bounded["maxLagSeconds"] = 1.into();
    let fresh = tiers.worker.query(&bounded).await?;
    assert_eq!(
        (fresh.backend, fresh.reason),
        (BackendKind::Chdb, Reason::Lagging)
    );
    assert!(fresh.lag_seconds <= Some(1), "{fresh:?}");

    tiers.chdb.kill();
    let (status, value) = tiers.worker.post("/query", &bounded).await?;
    assert_eq!(status, 503, "{value}");
    assert_eq!(tiers.worker.query(&top_errors()).await?.reason, Reason::View);
    Ok(())
}

#[tokio::test]
async fn a_cold_chdb_answers_its_first_query() -> Result<()> {
    let mut tiers = Tiers::two().await?;
    tiers.chdb.kill();
    let reply = tiers.worker.query(&top_errors()).await?;
    assert_eq!(reply.reason, Reason::View, "views need no chDB");

    let began = Instant::now();
    tiers.chdb.restart().await?;
    let reply = tiers
        .worker
        .post_until(
            "/sql",
            &json!({"sql": "SELECT count() FROM otel_logs"}),
            200.try_into()?,
        )
        .await?;
    println!(
        "chDB started again: asked again and answered {} ms after its start",
        began.elapsed().as_millis()
    );
    assert_eq!(reply["backend"], "chdb");
    Ok(())
}

#[tokio::test]
async fn with_everything_down_the_problem_says_what_to_do() -> Result<()> {
    let mut tiers = Tiers::two().await?;
    tiers.servers[0].clickhouse.kill();
    tiers.chdb.kill();
    for _ in 0..3 {
        let request = tiers
            .worker
            .request(Method::POST, "/query")
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::CACHE_CONTROL, "no-cache");
        let reply = request.body(top_errors().to_string()).send().await?;
        assert_eq!(reply.status(), 503);
        assert_eq!(reply.headers()[header::RETRY_AFTER], "10");
        let problem: Problem = serde_json::from_str(&reply.text().await?)?;
        println!("everything down: {problem}");
        assert_eq!(problem.kind, ProblemType::NoBackend);
        assert!(problem.detail.contains("in 10 seconds"), "{problem}");
    }
    let reply = tiers.worker.request(Method::GET, "/health").send().await?;
    assert_eq!(reply.status(), 503);

    tiers.servers[0].clickhouse.restart().await?;
    tiers.until(Reason::View).await?;
    assert_eq!(
        tiers
            .worker
            .request(Method::GET, "/health")
            .send()
            .await?
            .status(),
        200
    );
    Ok(())
}

#[tokio::test]
async fn a_heavy_ad_hoc_statement_marks_nobody_down() -> Result<()> {
    let tiers = Tiers::two().await?;
    let heavy = json!({"sql": "SELECT length(groupArray(number)) FROM numbers(10000000000)"});
    let began = Instant::now();
    let (status, value) = tiers.worker.post("/sql", &heavy).await?;
    println!(
        "heavy /sql: {status} after {} ms: {}",
        began.elapsed().as_millis(),
        value["detail"]
    );
    let problem: Problem = serde_json::from_value(value)?;
    assert_eq!(problem.kind, ProblemType::QueryFailed);
    assert!(problem.code.is_some(), "{problem}");

    let reply = tiers.worker.request(Method::GET, "/health").send().await?;
    let health: HealthReply = serde_json::from_str(&reply.text().await?)?;
    for backend in &health.backends {
        assert_eq!(backend.state, BackendState::Healthy, "{backend:?}");
    }
    assert_eq!(tiers.worker.query(&top_errors()).await?.reason, Reason::View);
    Ok(())
}
