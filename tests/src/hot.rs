//! A hot tier that is filled without sync.

use std::io::Read as _;

use anyhow::{Context as _, Result};
use jiff::Timestamp;
use jiff::civil::Date;
use lakefront_api::{BackendKind, BackendState, QueryRequest};
use lakefront_clickhouse_http::Answer;
use lakefront_hot_tier::{raw_version, views};
use lakefront_lake::{Lake, LakeConfig};
use lakefront_otel::tables;
use lakefront_query::{Backend, Coverage, HotState, Plan, Topology, plan, resolve};
use tempfile::TempDir;

use crate::{ClickHouse, LakeAt, data_files};

/// The migrations on which queries depend, in order.
const MIGRATIONS: [&str; 5] = [
    include_str!("../../clickhouse/migrations/0001_system_tables.sql"),
    include_str!("../../clickhouse/migrations/0002_raw_tables.sql"),
    include_str!("../../clickhouse/migrations/0003_trace_id_ts.sql"),
    include_str!("../../clickhouse/migrations/0005_errors_of_a_group.sql"),
    include_str!("../../clickhouse/migrations/0007_covered.sql"),
];

/// An embedded ClickHouse with the raw tables and all views, filled from a lake without sync.
///
/// No row in it expires, so that a test may use any year.
#[derive(Debug)]
pub struct Hot {
    // Fields are dropped in this order: the program before its folder.
    clickhouse: ClickHouse,
    _folder: TempDir,
}

impl Hot {
    /// Starts a ClickHouse with all tables beside a lake, and reads the lake into the tables.
    ///
    /// # Errors
    /// Returns an error if the program does not become ready, or refuses a statement.
    pub async fn start(lake: &LakeAt) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("lakefront-hot-").tempdir()?;
        let hot = Self {
            clickhouse: ClickHouse::embedded(folder.path(), Some(lake)).await?,
            _folder: folder,
        };
        hot.create().await?;
        hot.fill(lake).await?;
        Ok(hot)
    }

    async fn create(&self) -> Result<()> {
        for statement in MIGRATIONS.iter().flat_map(|file| file.split_terminator(";\n")) {
            self.sql(statement).await?;
        }
        for statement in views().iter().flat_map(|view| view.ddl("")) {
            self.sql(&statement).await?;
        }
        let raw = tables().iter().map(|table| table.name.to_owned());
        let views = views().iter().map(lakefront_hot_tier::View::table);
        for table in raw.chain(views).chain(["otel_traces_trace_id_ts".to_owned()]) {
            self.sql(&format!("ALTER TABLE otel.{table} REMOVE TTL")).await?;
        }
        Ok(())
    }

    /// Inserts each data file of the lake separately, so that the states of a bucket are in as many parts as there were
    /// commits.
    async fn fill(&self, lake: &LakeAt) -> Result<()> {
        let lake = Lake::open(LakeConfig::at(lake.place()?)).await?;
        for table in tables() {
            for (_, mut file) in data_files(&lake, table.name).await? {
                let mut rows = Vec::new();
                file.read_to_end(&mut rows)?;
                self.clickhouse.insert_parquet(table.name, rows).await?;
            }
        }
        Ok(())
    }

    /// Records for the guards of statements that all tables and views contain every row from a day on.
    ///
    /// # Errors
    /// Returns the engine's exception.
    pub async fn cover(&self, first_day: Date) -> Result<()> {
        for (view, version) in held() {
            self.sql(&format!(
                "INSERT INTO otel.covered VALUES ('{view}', '{version}', '{first_day}')"
            ))
            .await?;
        }
        Ok(())
    }

    /// Plans a query as the router does if this ClickHouse is the only backend, with coverage from a day on.
    ///
    /// # Errors
    /// Returns the problem that the router would report.
    pub fn plan(request: &QueryRequest, first_day: Date, now: Timestamp) -> Result<Plan> {
        Ok(plan(
            &resolve(request, now)?,
            &Self::topology(first_day, now),
            now,
        )?)
    }

    /// Returns the topology in which this ClickHouse is the only backend, with coverage from a day on.
    pub fn topology(first_day: Date, now: Timestamp) -> Topology {
        let row = |(view, version)| Coverage {
            view,
            version,
            first_day,
            as_of: now,
        };
        let backend = Backend {
            name: "clickhouse".into(),
            kind: BackendKind::Clickhouse,
            region: None,
            state: BackendState::Healthy,
            hot: Some(HotState {
                coverage: held().map(row).collect(),
            }),
        };
        Topology {
            backends: vec![backend],
            first_day: None,
        }
    }

    /// Runs the first statement of a plan as the router's user.
    ///
    /// # Errors
    /// Returns the engine's exception.
    pub async fn answer(&self, plan: Plan) -> Result<Answer> {
        let attempt = plan.attempts.into_iter().next().context("the plan is empty")?;
        self.clickhouse.read(&attempt.statement).await
    }

    /// Runs a statement as a user who may write.
    ///
    /// # Errors
    /// Returns the engine's exception.
    pub async fn sql(&self, sql: &str) -> Result<Answer> {
        self.clickhouse.sql(sql).await
    }
}

/// Returns the names and versions of all tables and views that can be covered.
fn held() -> impl Iterator<Item = (String, String)> {
    let raw = tables()
        .iter()
        .map(|table| (table.name.to_owned(), raw_version().to_owned()));
    raw.chain(
        views()
            .iter()
            .map(|view| (view.name.clone(), view.version.clone())),
    )
}
