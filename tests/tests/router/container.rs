//! chDB in containers, on workerd with real programs in the place of containers: cold start, sleep, deploy, death, several
//! instances.

mod platform;

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use futures::future::{join_all, try_join_all};
use lakefront_api::{BackendState, ContainerState, HealthReply};
use nix::sys::signal::Signal;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use platform::{Cloud, Fate, until};

/// A statement that takes two seconds.
const SLOW: &str = "SELECT count() FROM numbers(4) WHERE NOT ignore(sleepEachRow(0.5))";

/// Returns the time for which a statement waited for its container.
async fn waking(cloud: &Cloud, sql: &str) -> Result<Option<u64>> {
    let (status, reply) = cloud.sql(sql).await?;
    let health = cloud.get("/health").await?;
    ensure!(
        status == StatusCode::OK,
        "{reply}\n{health}\n{}",
        cloud.worker.output()
    );
    Ok(reply.get("wakingMs").and_then(Value::as_u64))
}

/// Waits until so many statements run in a container.
async fn runs(cloud: &Cloud, container: usize, statements: u64) -> Result<()> {
    until("statement in a container", async || {
        let running = async || cloud.metric(container, "lakefront_chdb_queries_running").await;
        container < cloud.starts() && running().await.is_ok_and(|running| running == statements)
    })
    .await
}

#[tokio::test]
async fn the_first_queries_start_the_container_and_say_so() -> Result<()> {
    let (secret, other) = ("a-secret-of-the-engine", "a-secret-that-chdb-need-not-know");
    let variables = [("ENGINE_SECRET", secret), ("CLICKHOUSE_PASSWORD", other)];
    let cloud = Cloud::start(&variables, &[Fate::RunsAfter(Duration::from_millis(500))]).await?;
    let health: HealthReply = serde_json::from_str(&cloud.get("/health").await?)?;
    let chdb = &health.backends[0];
    ensure!(chdb.state == BackendState::Asleep, "{chdb:?}");
    ensure!(
        chdb.container
            .is_some_and(|container| container.state == ContainerState::Stopped)
    );
    ensure!(cloud.starts() == 0, "its health does not wake it");

    for waited in try_join_all((0..5).map(|_| waking(&cloud, "SELECT 1"))).await? {
        ensure!(waited.is_some_and(|millis| millis >= 500), "{waited:?}");
    }
    ensure!(cloud.starts() == 1, "{} starts", cloud.starts());
    ensure!(waking(&cloud, "SELECT 1").await?.is_none());

    let environment = cloud.of(0, |container| container.environment.clone());
    ensure!(environment["LAKEFRONT_ENGINE_SECRET"] == secret);
    let names: Vec<_> = environment.keys().map(String::as_str).collect();
    ensure!(
        names == ["LAKEFRONT_ENGINE_SECRET", "LAKEFRONT_LAKE"],
        "{names:?}"
    );
    let logs = cloud.worker.output() + &cloud.of(0, |container| container.output());
    ensure!(logs.contains("ready"), "{logs}");
    ensure!(!logs.contains(secret) && !logs.contains(other), "{logs}");
    Ok(())
}

#[tokio::test]
async fn it_sleeps_without_queries_and_wakes_for_one() -> Result<()> {
    let cloud = Cloud::start(&[("CHDB_SLEEP_AFTER", "1")], &[]).await?;
    waking(&cloud, "SELECT 1").await?;
    ensure!(cloud.ended(0).await? == 0, "it was told to end");
    let mut health = String::new();
    until("sleeping container", async || {
        health = cloud.get("/health").await.unwrap_or_default();
        health.contains(r#""state":"asleep""#) && health.contains(r#""state":"stopped""#)
    })
    .await?;
    ensure!(health.contains(r#""lastStart":{"#), "{health}");
    ensure!(cloud.starts() == 1, "its health does not wake it");
    let page = cloud.get("/operations").await?;
    ensure!(page.contains("chDB is asleep") && page.contains("container stopped, last started"));
    ensure!(cloud.starts() == 2, "the panels of the page do");
    ensure!(cloud.ended(1).await? == 0);
    ensure!(waking(&cloud, "SELECT 1").await?.is_some());
    ensure!(cloud.starts() == 3);
    Ok(())
}

#[tokio::test]
async fn a_deploy_answers_what_runs_and_new_queries_wait_for_the_next_container() -> Result<()> {
    let cloud = Cloud::start(&[], &[]).await?;
    waking(&cloud, "SELECT 1").await?;
    let deploy = async {
        runs(&cloud, 0, 1).await?;
        cloud.signal(0, Signal::SIGTERM)?;
        let ping = cloud.of(0, |container| format!("http://{}/ping", container.address));
        until("draining container", async || {
            let refused = reqwest::get(&ping).await;
            refused.is_ok_and(|refused| refused.status() == StatusCode::SERVICE_UNAVAILABLE)
        })
        .await?;
        waking(&cloud, "SELECT 2").await
    };
    let (slow, new) = tokio::join!(cloud.sql(SLOW), deploy);
    let (status, slow) = slow?;
    ensure!(status == StatusCode::OK && slow["rows"] == json!([[4]]), "{slow}");
    ensure!(slow.get("wakingMs").is_none(), "it was not interrupted: {slow}");
    ensure!(new?.is_some(), "the next container was started for it");
    ensure!(cloud.starts() == 2 && cloud.ended(0).await? == 0);
    Ok(())
}

#[tokio::test]
async fn a_container_that_dies_is_started_again() -> Result<()> {
    let cloud = Cloud::start(&[], &[]).await?;
    waking(&cloud, "SELECT 1").await?;
    cloud.signal(0, Signal::SIGKILL)?;
    ensure!(waking(&cloud, "SELECT 1").await?.is_some());
    ensure!(cloud.starts() == 2);

    // The query that it had is asked again.
    let kill = async {
        runs(&cloud, 1, 1).await?;
        cloud.signal(1, Signal::SIGKILL)
    };
    let (slow, killed) = tokio::join!(cloud.sql(SLOW), kill);
    killed?;
    let (status, slow) = slow?;
    ensure!(status == StatusCode::OK && slow["rows"] == json!([[4]]), "{slow}");
    ensure!(cloud.starts() == 3);

    // One that brings it down each time is asked twice.
    let kill = async {
        for container in [2, 3] {
            runs(&cloud, container, 1).await?;
            cloud.signal(container, Signal::SIGKILL)?;
        }
        Ok::<_, anyhow::Error>(())
    };
    let (slow, killed) = tokio::join!(cloud.sql(SLOW), kill);
    killed?;
    let (status, problem) = slow?;
    ensure!(status == StatusCode::SERVICE_UNAVAILABLE, "{problem}");
    ensure!(
        problem["detail"]
            .as_str()
            .is_some_and(|detail| detail.contains("try again")),
        "{problem}"
    );
    ensure!(cloud.starts() == 4);
    Ok(())
}

#[tokio::test]
async fn starts_that_fail_are_tried_again_and_then_refused() -> Result<()> {
    let cloud = Cloud::start(&[], &[Fate::EndsAtOnce; 2]).await?;
    ensure!(waking(&cloud, "SELECT 1").await? >= Some(1_500), "two pauses");
    ensure!(cloud.starts() == 3);

    cloud.signal(2, Signal::SIGKILL)?;
    cloud.ended(2).await?;
    cloud.set_fates(&[Fate::EndsAtOnce; 20]);
    let asked = Instant::now();
    let replies = join_all((0..10).map(|_| cloud.sql("SELECT 1"))).await;
    for reply in replies {
        let (status, problem) = reply?;
        ensure!(status == StatusCode::SERVICE_UNAVAILABLE, "{problem}");
        let message = problem["engineMessage"].as_str().unwrap_or_default();
        ensure!(
            message.contains("the container is not ready; try again in"),
            "{problem}"
        );
    }
    ensure!(asked.elapsed() < Duration::from_secs(12), "{:?}", asked.elapsed());
    ensure!(cloud.starts() <= 3 + 6, "{} starts", cloud.starts());
    Ok(())
}

#[tokio::test]
async fn a_busy_instance_passes_queries_on_by_their_hash() -> Result<()> {
    let variables = [("CHDB_INSTANCES", "3"), ("LAKEFRONT_CHDB_SLOTS", "8")];
    let cloud = Cloud::start(&variables, &[]).await?;
    waking(&cloud, "SELECT 1").await?;
    // One call may sleep for three seconds at most, and subqueries run one after the other.
    let long = "SELECT (SELECT sleep(2.9)) + (SELECT sleep(2.8)) + (SELECT sleep(2.7))";
    let busy = try_join_all((0..8).map(|_| cloud.sql(long)));
    let others = async {
        runs(&cloud, 0, 8).await?;
        ensure!(cloud.starts() == 1, "eight queries make no other start");
        let queries: Vec<_> = (0..6).map(|number| format!("SELECT {number}")).collect();
        let waited = try_join_all(queries.iter().map(|sql| waking(&cloud, sql))).await?;
        ensure!(waited.iter().all(Option::is_some), "{waited:?}");
        ensure!(cloud.starts() == 3, "{:?}", cloud.objects());
        let again = try_join_all(queries.iter().map(|sql| waking(&cloud, sql))).await?;
        ensure!(again.iter().all(Option::is_none), "{again:?}");

        // A statement in another instance is stopped too.
        let id = "0123456789abcdef-endless";
        let endless = "SELECT count() FROM numbers(1000000000000) WHERE NOT ignore(sipHash64(number))";
        let endless = json!({ "sql": endless, "id": id });
        let stop = async {
            let running = async |container| cloud.metric(container, "lakefront_chdb_queries_running").await;
            until("statement in another instance", async || {
                let (one, other) = (running(1).await, running(2).await);
                one.is_ok_and(|running| running == 1) || other.is_ok_and(|running| running == 1)
            })
            .await?;
            let stop = cloud.worker.request(Method::DELETE, &format!("/sql/{id}"));
            Ok::<_, anyhow::Error>(stop.send().await?.status())
        };
        let (stopped, status) = tokio::join!(cloud.worker.post("/sql", &endless), stop);
        ensure!(status? == StatusCode::NO_CONTENT);
        let (status, problem) = stopped?;
        ensure!(status != StatusCode::OK, "{problem}");
        Ok(())
    };
    let (busy, others) = tokio::join!(busy, others);
    others?;
    for (status, reply) in busy? {
        ensure!(status == StatusCode::OK, "{reply}");
    }
    let mut objects = cloud.objects();
    objects.sort();
    objects.dedup();
    ensure!(objects.len() == 3, "{objects:?}");
    Ok(())
}
