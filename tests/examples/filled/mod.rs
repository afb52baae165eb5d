//! A lake of many days of the demo's traffic, and a ClickHouse that has all of it.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use lakefront_tests::{ClickHouse, Stack, SyncProcess};
use tempfile::TempDir;
use tokio::time::{Instant, sleep};

/// Events that one run of the demo sends for a day, roughly.
const DEMO_EVENTS_A_DAY: u64 = 13_900;

/// The programs. All of them end when this is dropped.
pub struct Filled {
    pub stack: Stack,
    pub clickhouse: ClickHouse,
    /// The days of traffic.
    pub days: u64,
    _sync: SyncProcess,
    _disk: TempDir,
}

impl Filled {
    /// Fills the lake and a ClickHouse by the arguments `[events a day] [days]`, and waits until every past day is one part.
    pub async fn start() -> Result<Self> {
        let mut arguments = std::env::args().skip(1);
        let mut number = |default: u64| arguments.next().map_or(Ok(default), |text| text.parse());
        let events_a_day = number(500_000).context("expected: [events a day] [days]")?;
        let days = number(14).context("expected: [events a day] [days]")?;
        let stack = Stack::start().await?;
        fill(&stack, events_a_day, days).await?;
        let disk = tempfile::tempdir()?;
        let clickhouse = ClickHouse::embedded(disk.path(), Some(stack.lake())).await?;
        let began = Instant::now();
        let sync = SyncProcess::start(stack.lake(), &[&clickhouse]).await?;
        until_covered(&clickhouse, &sync, days).await?;
        println!("ClickHouse filled in {:.0} s", began.elapsed().as_secs_f64());
        until_merged(&clickhouse).await?;
        Ok(Self {
            stack,
            clickhouse,
            days,
            _sync: sync,
            _disk: disk,
        })
    }
}

/// The demo's traffic of many shops.
async fn fill(stack: &Stack, events_a_day: u64, days: u64) -> Result<()> {
    let shops = (events_a_day / DEMO_EVENTS_A_DAY).max(1);
    let (mut events, mut rows) = (0, [0, 0]);
    let began = Instant::now();
    for shop in 1..=shops {
        let (days, seed) = (days.to_string(), shop.to_string());
        let sent = stack.demo(&["--days", &days, "--seed", &seed]).await?;
        events += sent.logs + sent.spans + sent.points;
        rows = [rows[0] + sent.logs, rows[1] + sent.spans];
    }
    stack.committed("otel_logs", rows[0]).await?;
    stack.committed("otel_traces", rows[1]).await?;
    println!(
        "lake: {events} events of {days} days ({} a day) in {:.0} s",
        events / days,
        began.elapsed().as_secs_f64()
    );
    Ok(())
}

async fn until_covered(clickhouse: &ClickHouse, sync: &SyncProcess, days: u64) -> Result<()> {
    let views: Vec<&str> = lakefront_hot_tier::views()
        .iter()
        .map(|view| view.name.as_str())
        .collect();
    let sql = format!(
        "SELECT uniq(view) = {} FROM otel.coverage FINAL WHERE first_day <= today() - {days} AND view IN ('{}')",
        views.len(),
        views.join("', '")
    );
    let deadline = Instant::now() + Duration::from_secs(1_200);
    loop {
        if let Ok(answer) = clickhouse.sql(&sql).await
            && answer.rows.first().and_then(|row| row[0].as_u64()) == Some(1)
        {
            return Ok(());
        }
        ensure!(
            Instant::now() < deadline,
            "not filled after 20 minutes\n{}",
            sync.output()
        );
        sleep(Duration::from_millis(200)).await;
    }
}

/// Merges the days that get no more rows to one part each, as ClickHouse does in time.
async fn until_merged(clickhouse: &ClickHouse) -> Result<()> {
    const TOO_MANY: &str = "SELECT count() FROM (SELECT table, partition FROM system.parts WHERE active AND database = 'otel' \
                            AND partition LIKE '20%' AND partition < toString(yesterday()) GROUP BY ALL HAVING count() > 1)";
    let began = Instant::now();
    // By itself it takes ten minutes more until the age of the parts has it merge the rest.
    let tables = lakefront_otel::tables().iter().map(|table| table.name);
    for table in tables.chain(["otel_traces_trace_id_ts"]) {
        clickhouse
            .sql(&format!("OPTIMIZE TABLE otel.{table} FINAL"))
            .await?;
    }
    loop {
        let left = clickhouse.sql(TOO_MANY).await?;
        let left = left.rows.first().and_then(|row| row[0].as_u64());
        if left == Some(0) {
            println!("every day one part after {:.0} s", began.elapsed().as_secs_f64());
            return Ok(());
        }
        ensure!(
            began.elapsed() < Duration::from_secs(1_800),
            "{left:?} days are in several parts after half an hour"
        );
        sleep(Duration::from_secs(1)).await;
    }
}
