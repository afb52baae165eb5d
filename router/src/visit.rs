//! One request's way to the engines: what the API and the dashboard both ask.

use std::future::Future;
use std::sync::Arc;

use lakefront_api::{HealthReply, Problem, QueryInfo, QueryReply, QueryRequest, SqlRequest};
use lakefront_app::{Answer as AppAnswer, Backends};
use lakefront_query::{Plan, REQUEST_DEADLINE, Topology, catalogue, plan, plan_sql, resolve};
use worker::send::SendFuture;
use worker::{Context, Env};

use crate::attempts::first_answer;
use crate::clock::Instant;
use crate::engine::{Engine, can_answer, lag_seconds};
use crate::failure::{Asked, EngineFailure};

/// One request, with everything that answering it takes.
#[derive(Clone)]
pub struct Visit {
    engines: Arc<Vec<Engine>>,
    env: Env,
    context: Arc<Context>,
    otlp_endpoint: Arc<str>,
}

impl Visit {
    /// Of a request that arrived now.
    pub fn new(engines: Arc<Vec<Engine>>, env: Env, context: Arc<Context>, otlp_endpoint: Arc<str>) -> Self {
        Self {
            engines,
            env,
            context,
            otlp_endpoint,
        }
    }

    /// `POST /query`.
    pub async fn query(&self, request: QueryRequest, arrived: Instant) -> Result<QueryReply, Problem> {
        let now = arrived.timestamp();
        let resolved = resolve(&request, now)?;
        let plan = plan(&resolved, &self.topology(arrived), now)?;
        let mut reply = self.run(plan, Asked::Named, arrived).await?;
        if let Some(at) = &request.at {
            // Of a snapshot's id only the engine knows the time.
            reply.as_of = at.parse().ok();
            reply.lag_seconds = reply.as_of.map(|as_of| lag_seconds(as_of, now));
        }
        Ok(reply)
    }

    /// `POST /sql`.
    pub async fn sql(&self, request: SqlRequest, arrived: Instant) -> Result<QueryReply, Problem> {
        let plan = plan_sql(&request, &self.topology(arrived))?;
        self.run(plan, Asked::AdHoc, arrived).await
    }

    /// `GET /health`: from memory where that is fresh.
    pub async fn health(&self) -> HealthReply {
        let now = Instant::now().timestamp();
        for engine in self.engines.iter() {
            if engine.take_check(now) {
                engine.check(&self.env).await;
            }
        }
        let now = Instant::now().timestamp();
        let backends: Vec<_> = self.engines.iter().map(|engine| engine.health(now)).collect();
        HealthReply {
            healthy: backends.iter().any(|backend| can_answer(backend.state)),
            backends,
        }
    }

    fn topology(&self, now: Instant) -> Topology {
        Topology {
            backends: self
                .engines
                .iter()
                .map(|engine| engine.planned(now.timestamp()))
                .collect(),
            first_day: None,
        }
    }

    async fn run(&self, plan: Plan, asked: Asked, arrived: Instant) -> Result<QueryReply, Problem> {
        let range = plan.range;
        let outcome = first_answer(plan, asked, async |attempt| {
            let left = REQUEST_DEADLINE.saturating_sub(arrived.elapsed());
            let engine = self
                .engines
                .iter()
                .find(|engine| engine.name() == attempt.backend)
                .ok_or_else(|| {
                    EngineFailure::Unreachable(format!("{} is not configured", attempt.backend))
                })?;
            let heard = engine
                .ask(&self.env, attempt, asked, attempt.deadline.min(left))
                .await?;
            Ok((engine, heard))
        });
        let (attempt, (engine, heard)) = outcome.await?;
        self.check_behind_the_answer();
        // chDB opens the lake's newest snapshot with every query, so it held all of the head when it was asked.
        let as_of = attempt.as_of.unwrap_or(heard.asked_at.timestamp());
        Ok(QueryReply {
            columns: heard.answer.columns,
            rows: heard.answer.rows,
            truncated: heard.answer.truncated,
            backend: engine.kind(),
            region: engine.region(),
            reason: attempt.reason,
            range,
            as_of: Some(as_of),
            lag_seconds: Some(lag_seconds(as_of, Instant::now().timestamp())),
            elapsed_ms: arrived.elapsed_ms(),
            backend_ms: heard.took_ms,
            stats: heard.answer.stats,
        })
    }

    /// Health that has grown old is looked at after the answer is out.
    fn check_behind_the_answer(&self) {
        let now = Instant::now().timestamp();
        for index in 0..self.engines.len() {
            if self
                .engines
                .get(index)
                .is_some_and(|engine| engine.take_check(now))
            {
                let visit = self.clone();
                self.context.wait_until(async move {
                    if let Some(engine) = visit.engines.get(index) {
                        engine.check(&visit.env).await;
                    }
                });
            }
        }
    }

    /// Lets the dashboard await what only this thread can.
    fn send<T: 'static>(future: impl Future<Output = Result<T, Problem>> + 'static) -> AppAnswer<T> {
        Box::pin(SendFuture::new(future))
    }
}

impl Backends for Visit {
    fn catalogue(&self) -> Vec<QueryInfo> {
        catalogue().iter().map(|query| query.info.clone()).collect()
    }

    fn query(&self, request: QueryRequest) -> AppAnswer<QueryReply> {
        let visit = self.clone();
        Self::send(async move { Visit::query(&visit, request, Instant::now()).await })
    }

    fn sql(&self, request: SqlRequest) -> AppAnswer<QueryReply> {
        let visit = self.clone();
        Self::send(async move { Visit::sql(&visit, request, Instant::now()).await })
    }

    fn health(&self) -> AppAnswer<HealthReply> {
        let visit = self.clone();
        Self::send(async move { Ok(Visit::health(&visit).await) })
    }

    fn otlp_endpoint(&self) -> String {
        self.otlp_endpoint.to_string()
    }
}
