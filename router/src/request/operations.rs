//! The health of each part of the system, for the Operations page. No plan depends on it.

use std::time::Duration;

use futures::future::join_all;
use lakefront_api::{BackendKind, IngestHealth, LakeHealth, Problem, ProblemType};
use lakefront_app::ServerRows;
use lakefront_clickhouse_http::code;
use worker::Env;

use super::RequestContext;
use crate::backends::engine::Engine;
use crate::backends::failure::EngineFailure;
use crate::backends::ingest;

/// The time limit for a part to report its health.
const LIMIT: Duration = Duration::from_secs(3);

impl RequestContext {
    /// Returns the lake's health as chDB reports it, or `None` while chDB sleeps: this request does not wake it.
    pub(super) async fn lake_health(&self) -> Result<Option<LakeHealth>, Problem> {
        let mut engines = self.engines.iter();
        let Some(chdb) = engines.find(|engine| engine.kind() == BackendKind::Chdb) else {
            return Ok(None);
        };
        let _lane = self.lanes.enter().await;
        let reply = chdb.fetch_health(&self.env, LIMIT).await;
        let health = reply.map_err(|failure| no_answer("chDB", &failure))?;
        Ok(health.map(|health| health.lake))
    }

    /// Returns the health of ingest, or `None` if `INGEST_URL` is not set.
    pub(super) async fn ingest_health(&self) -> Result<Option<IngestHealth>, Problem> {
        let _lane = self.lanes.enter().await;
        let health = ingest::health(&self.env, self.config).await;
        health
            .transpose()
            .map_err(|failure| no_answer("ingest at INGEST_URL", &failure))
    }

    /// Sends a statement to each ClickHouse server and returns the rows of each.
    pub(super) async fn query_clickhouses(&self, sql: &str) -> Vec<ServerRows> {
        let engines = self.engines.iter();
        let servers = engines.filter(|engine| engine.kind() == BackendKind::Clickhouse);
        let replies = servers.map(|engine| async {
            let _lane = self.lanes.enter().await;
            rows_of(engine, &self.env, sql).await
        });
        join_all(replies).await
    }
}

async fn rows_of(engine: &Engine, env: &Env, sql: &str) -> ServerRows {
    let rows = match engine.query_internal(env, sql, LIMIT).await {
        Ok(answer) => Ok(answer.rows),
        // The tables do not exist: sync has never written to this server.
        Err(EngineFailure::Reply(reply))
            if reply.exception().is_some_and(|e| code::is_unknown_table(e.code)) =>
        {
            Ok(Vec::new())
        }
        Err(failure) => Err(failure.to_string()),
    };
    ServerRows {
        name: engine.name().to_owned(),
        rows,
    }
}

fn no_answer(part: &str, failure: &EngineFailure) -> Problem {
    Problem::new(
        ProblemType::NoBackend,
        format!("{part} does not answer: {failure}"),
    )
}
