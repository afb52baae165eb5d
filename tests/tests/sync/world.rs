//! The environment of sync's tests: a lake that ingest writes, a ClickHouse, and the program `lakefront-sync`.

use std::process::{Output, Stdio};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use lakefront_lake::{CompactionSettings, Lake, LakeConfig, Pace};
use lakefront_tests::{ClickHouse, Stack, append_logs, command, python};
use opentelemetry_proto::tonic::logs::v1::LogRecord;
use serde_json::Value;
use tempfile::TempDir;
use tokio::process::{Child, Command};

/// The term of leases in tests: longer than a busy machine delays a heartbeat. With a shorter one, two syncs would take
/// over from each other in turns.
pub const LEASE: &str = "3s";

/// The term of leases in tests with one working sync at a time.
pub const SHORT_LEASE: &str = "400ms";

/// A day, in nanoseconds.
const DAY: u64 = 86_400_000_000_000;

/// A lake, its ingest and a ClickHouse. Processes and files end with the value.
pub struct World {
    pub clickhouse: ClickHouse,
    pub stack: Stack,
    pub data: TempDir,
}

impl World {
    /// Starts with an empty lake and an empty ClickHouse.
    pub async fn start() -> Result<Self> {
        Self::over(Stack::start().await?).await
    }

    /// Starts with the lake of a stack and an empty ClickHouse.
    pub async fn over(stack: Stack) -> Result<Self> {
        let data = tempfile::Builder::new().prefix("lakefront-").tempdir()?;
        let clickhouse = ClickHouse::embedded(data.path(), Some(stack.lake())).await?;
        Ok(Self {
            clickhouse,
            stack,
            data,
        })
    }

    /// Runs the demo, and waits until all its rows are in the lake.
    pub async fn demo(&self, arguments: &[&str]) -> Result<()> {
        let before = self.rows_in_lake().await?;
        let sent = self.stack.demo(arguments).await?;
        for ((table, before), sent) in
            tables()
                .into_iter()
                .zip(before)
                .zip([sent.logs, sent.spans, sent.points])
        {
            self.stack.committed(&table, before + sent).await?;
        }
        Ok(())
    }

    /// Returns the number of log records, spans and data points in the lake.
    async fn rows_in_lake(&self) -> Result<Vec<u64>> {
        let mut rows = Vec::new();
        for table in tables() {
            let answer = self.stack.sql(&format!("SELECT count() FROM {table}")).await?;
            rows.push(answer.rows[0][0].as_u64().context("a count")?);
        }
        Ok(rows)
    }

    /// Returns a command that runs `lakefront-sync` on this lake and ClickHouse. The leases of killed processes expire
    /// soon.
    pub fn command(&self, arguments: &[&str]) -> Result<Command> {
        self.command_to(self.clickhouse.url(), arguments)
    }

    /// Returns the same command with another address of the ClickHouse.
    pub fn command_to(&self, url: &str, arguments: &[&str]) -> Result<Command> {
        let mut command = Command::from(command("lakefront-sync")?);
        command
            .args(arguments)
            .envs(self.stack.lake().environment())
            .env("LAKEFRONT_SYNC_LEASE", LEASE)
            .args(["--clickhouse", url])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        Ok(command)
    }

    /// Runs `lakefront-sync` in the background.
    pub fn spawn(&self, arguments: &[&str]) -> Result<Child> {
        self.spawn_to(self.clickhouse.url(), arguments)
    }

    /// Runs `lakefront-sync` in the background, with another address of the ClickHouse.
    pub fn spawn_to(&self, url: &str, arguments: &[&str]) -> Result<Child> {
        let mut command = self.command_to(url, arguments)?;
        Ok(command.stdout(Stdio::null()).stderr(Stdio::inherit()).spawn()?)
    }

    /// Runs `lakefront-sync` to its end, successful or not.
    pub async fn run(&self, arguments: &[&str]) -> Result<Output> {
        Ok(self.command(arguments)?.output().await?)
    }

    /// Runs `lakefront-sync` to a successful end, and returns its output.
    pub async fn sync(&self, arguments: &[&str]) -> Result<String> {
        let output = self.run(arguments).await?;
        let (stdout, stderr) = texts(&output);
        ensure!(
            output.status.success(),
            "lakefront-sync {arguments:?}: {}\n{stdout}\n{stderr}\n{}",
            output.status,
            self.clickhouse.output()
        );
        Ok(stdout)
    }

    /// Brings the ClickHouse in step, and compares it with the lake by an audit of raw tables and views.
    pub async fn in_step(&self) -> Result<String> {
        let done = self.sync(&["once"]).await?;
        let audit = self.sync(&["audit"]).await?;
        ensure!(audit.contains(" 0 differ"), "{audit}");
        self.same_rows().await?;
        ensure!(self.guards_agree().await?, "guards say other than the coverage");
        Ok(done)
    }

    /// Returns true if the guards of statements have the first days of the coverage.
    pub async fn guards_agree(&self) -> Result<bool> {
        let agree = "SELECT countIf(first_day IS NOT NULL) > 0 AND countIf(isNull(first_day) != isNull(guard) OR first_day != guard) = 0 \
                     FROM (SELECT first_day, joinGet('otel.covered', 'first_day', view, version) AS guard FROM otel.coverage FINAL)";
        Ok(self.value(agree).await? == 1)
    }

    /// Checks that ClickHouse has the same rows as the stateless engine reads from the lake, by their ids.
    pub async fn same_rows(&self) -> Result<()> {
        for table in lakefront_otel::tables() {
            let digest = format!(
                "SELECT count(), uniqExact(RowId), sum(RowId % 1000000007) FROM {}",
                table.name
            );
            let lake = self.stack.sql(&digest).await?.rows;
            let here = self
                .clickhouse
                .sql(&digest.replace("FROM ", "FROM otel."))
                .await?
                .rows;
            ensure!(
                lake == here,
                "{}: {lake:?} in the lake, {here:?} here",
                table.name
            );
        }
        Ok(())
    }

    /// Returns the single value of a statement on the ClickHouse.
    pub async fn value(&self, sql: &str) -> Result<Value> {
        let answer = self.clickhouse.sql(sql).await?;
        let row = answer
            .rows
            .into_iter()
            .next()
            .with_context(|| format!("no row: {sql}"))?;
        row.into_iter()
            .next()
            .with_context(|| format!("no column: {sql}"))
    }

    /// Waits until a statement on the ClickHouse returns `expected`.
    pub async fn until(&self, sql: &str, expected: &Value) -> Result<()> {
        let deadline = tokio::time::Instant::now() + Duration::from_secs(180);
        loop {
            let seen = self.value(sql).await;
            if seen.as_ref().is_ok_and(|seen| seen == expected) {
                return Ok(());
            }
            ensure!(
                tokio::time::Instant::now() < deadline,
                "{sql}: {seen:?} after three minutes, not {expected}"
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Opens the lake, for changes that ingest does not make.
    pub async fn lake(&self) -> Result<Lake> {
        Ok(Lake::open(LakeConfig::at(self.stack.lake().place()?)).await?)
    }

    /// Changes `otel_logs` as another writer: `tests/python/rewrite.py`.
    pub async fn rewrite(&self, arguments: &[&str]) -> Result<()> {
        let properties = self.stack.lake().pyiceberg().to_string();
        let arguments = [&[properties.as_str()][..], arguments].concat();
        python("rewrite.py", &arguments).await.map(drop)
    }

    /// Compacts a table as ingest does by itself, until nothing is due. Returns the number of rewrites.
    pub async fn compact_due(&self, lake: &Lake, table: &str) -> Result<usize> {
        let settings = CompactionSettings::default();
        let pace = Arc::new(Pace::new(100));
        let mut rewrites = 0;
        loop {
            let due = lake.plan_compaction(table, &settings).await?.groups;
            if due.is_empty() {
                return Ok(rewrites);
            }
            for group in due {
                match lake.compact(&group, &settings, &pace).await {
                    Ok(_) => rewrites += 1,
                    Err(lakefront_lake::Error::NotCurrent { .. }) => break,
                    Err(error) => return Err(error.into()),
                }
            }
        }
    }

    /// Merges all files of each day of a table into one, as a compaction does. Returns the number of new files.
    pub async fn compact(&self, table: &str) -> Result<usize> {
        let lake = self.lake().await?;
        let files = lake.files(table).await?;
        let old: Vec<_> = files.iter().map(|file| file.file.clone()).collect();
        let new = lake.merge(table, &old).await?;
        lake.replace(table, &old, &new).await?;
        Ok(new.len())
    }
}

/// Returns SQL for log records, spans and data points, each as one table.
fn tables() -> [String; 3] {
    let metrics = ["gauge", "sum", "histogram", "exponential_histogram", "summary"]
        .map(|kind| format!("SELECT RowId FROM otel_metrics_{kind}"))
        .join(" UNION ALL ");
    ["otel_logs".into(), "otel_traces".into(), format!("({metrics})")]
}

/// Returns stdout and stderr of a process as text.
pub fn texts(output: &Output) -> (String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (text(&output.stdout), text(&output.stderr))
}

/// Commits one more data file with a few log records to a lake. The number must differ between files.
pub async fn append(lake: &Lake, number: usize, days_ago: u64) -> Result<()> {
    let now = u64::try_from(jiff::Timestamp::now().as_nanosecond())?;
    let midnight = (now / DAY - days_ago) * DAY;
    let record = |index| LogRecord {
        time_unix_nano: midnight + index * 1000,
        severity_number: 17,
        ..LogRecord::default()
    };
    append_logs(
        lake,
        (0..3_u64).map(record).collect(),
        i64::try_from(number * 10)?,
    )
    .await
}
