//! One request's way to the engines: what the API and the dashboard both ask.

mod parts;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use futures::lock::Mutex;
use jiff::Timestamp;
use lakefront_api::{
    BackendKind, HealthReply, IngestHealth, LakeHealth, Problem, QueryInfo, QueryReply, QueryRequest, Reason,
    SentParam, SentStatement, SqlRequest,
};
use lakefront_app::{Answer as AppAnswer, Backends, Told};
use lakefront_query::{Plan, REQUEST_DEADLINE, Statement, Topology, catalogue, plan, plan_sql, resolve};
use url::Url;
use worker::send::SendFuture;
use worker::{Context, Env};

use crate::attempts::{Failed, first_answer};
use crate::clock::Instant;
use crate::config::Secret;
use crate::decision::{AD_HOC, Attempted, Decision, is_told};
use crate::engine::{CHECK_DEADLINE, Engine, can_answer, lag_seconds};
use crate::failure::{Asked, EngineFailure};
use crate::lanes::Lanes;
use crate::nearest::nearest_first;
use crate::place::Place;
use crate::reporter::Reporter;

/// One request, with everything that answering it takes.
#[derive(Clone)]
pub struct Visit {
    engines: Arc<Vec<Engine>>,
    env: Env,
    context: Arc<Context>,
    reporter: Option<Arc<Reporter>>,
    ingest: Option<Url>,
    ingest_key: Option<Secret>,
    asker: Option<Place>,
    lanes: Arc<Lanes>,
    /// Held by the question that looks at engines for all questions of the request.
    looking: Arc<Mutex<()>>,
}

/// How long a request waits to learn how an engine is. A view has as long to answer.
const FIRST_LOOK: Duration = Duration::from_millis(1_500);

impl Visit {
    /// Of a request that arrived now, from `asker`.
    pub fn new(
        engines: Arc<Vec<Engine>>,
        env: Env,
        context: Arc<Context>,
        reporter: Option<Arc<Reporter>>,
        ingest: Option<Url>,
        ingest_key: Option<Secret>,
        asker: Option<Place>,
    ) -> Self {
        Self {
            engines,
            env,
            context,
            reporter,
            ingest,
            ingest_key,
            asker,
            lanes: Arc::default(),
            looking: Arc::default(),
        }
    }

    /// `POST /query`.
    pub async fn query(&self, request: QueryRequest, arrived: Instant) -> Result<QueryReply, Problem> {
        let query = request.query.clone();
        let mut failed = Vec::new();
        let reply = self.answer_named(request, arrived, &mut failed).await;
        if is_told(&query) {
            self.tell(query, &reply, failed);
        }
        self.check_behind_the_answer();
        reply
    }

    async fn answer_named(
        &self,
        request: QueryRequest,
        arrived: Instant,
        failed: &mut Vec<Attempted>,
    ) -> Result<QueryReply, Problem> {
        let resolved = resolve(&request, arrived.timestamp())?;
        let _lane = self.lanes.enter().await;
        self.look_at_the_stale().await;
        // Planned by what is known now: questions that were asked meanwhile may have found an engine down.
        let now = Instant::now().timestamp();
        let plan = plan(&resolved, &self.topology(now), now)?;
        let mut reply = self
            .run(plan, Asked::Named, request.explain, arrived, failed)
            .await?;
        if matches!(reply.reason, Reason::Incomplete | Reason::Lagging) {
            self.engines.iter().for_each(Engine::lacked);
        }
        if let Some(at) = &request.at {
            // Of a snapshot's id only the engine knows the time.
            reply.as_of = at.parse().ok();
            reply.lag_seconds = reply.as_of.map(|as_of| lag_seconds(as_of, now));
        }
        Ok(reply)
    }

    /// `POST /sql`.
    pub async fn ad_hoc(&self, request: SqlRequest, arrived: Instant) -> Result<QueryReply, Problem> {
        let mut failed = Vec::new();
        let reply = self.sql(request, arrived, &mut failed).await;
        self.tell(AD_HOC.into(), &reply, failed);
        reply
    }

    async fn sql(
        &self,
        request: SqlRequest,
        arrived: Instant,
        failed: &mut Vec<Attempted>,
    ) -> Result<QueryReply, Problem> {
        let _lane = self.lanes.enter().await;
        let plan = plan_sql(&request, &self.topology(Instant::now().timestamp()));
        let reply = match plan {
            Ok(plan) => self.run(plan, Asked::AdHoc, false, arrived, failed).await,
            Err(problem) => Err(problem),
        };
        self.check_behind_the_answer();
        reply
    }

    /// Tells of a decision, where that is switched on.
    fn tell(&self, query: String, reply: &Result<QueryReply, Problem>, failed: Vec<Attempted>) {
        let decision = Decision::of(query, reply, failed, Instant::now().timestamp());
        if let (Some(reporter), Some(decision)) = (&self.reporter, decision) {
            Arc::clone(reporter).tell(decision, &self.env, &self.context);
        }
    }

    /// `GET /health`: from memory where that is fresh.
    pub async fn health(&self) -> HealthReply {
        let now = Instant::now().timestamp();
        let due = self.engines.iter().filter(|engine| engine.take_check(now));
        join_all(due.map(|engine| engine.check(&self.env, CHECK_DEADLINE))).await;
        let now = Instant::now().timestamp();
        let backends: Vec<_> = self.engines.iter().map(|engine| engine.health(now)).collect();
        HealthReply {
            healthy: backends.iter().any(|backend| can_answer(backend.state)),
            backends,
        }
    }

    /// The engines, those of a kind nearest first.
    fn topology(&self, now: Timestamp) -> Topology {
        let order = nearest_first(self.asker, self.engines.iter().map(Engine::place));
        let engines = order.into_iter().filter_map(|index| self.engines.get(index));
        let mut chdb = self
            .engines
            .iter()
            .filter(|engine| engine.kind() == BackendKind::Chdb);
        let chdb_answers = chdb.any(|engine| !engine.is_down(now));
        Topology {
            backends: engines.map(|engine| engine.planned(now, chdb_answers)).collect(),
            first_day: self.engines.iter().find_map(Engine::first_day),
        }
    }

    async fn run(
        &self,
        plan: Plan,
        asked: Asked,
        explain: bool,
        arrived: Instant,
        failed: &mut Vec<Attempted>,
    ) -> Result<QueryReply, Problem> {
        let range = plan.range;
        let outcome = first_answer(plan, asked, async |attempt| {
            let engine = self.engine(&attempt.backend)?;
            let left = REQUEST_DEADLINE.saturating_sub(arrived.elapsed());
            if left.is_zero() {
                return Err(Failed {
                    kind: engine.kind(),
                    failure: EngineFailure::Deadline(REQUEST_DEADLINE),
                });
            }
            let heard = engine.ask(&self.env, attempt, asked, attempt.deadline.min(left));
            match heard.await {
                Ok(heard) => Ok((engine, heard)),
                // A statement that is refused fails on every engine: no other is asked, and nobody failed.
                Err(failure) if !failure.fails_over(asked) => Err(Failed {
                    kind: engine.kind(),
                    failure,
                }),
                Err(failure) => {
                    if failure.overran(asked) {
                        self.check_behind_the_answer();
                    }
                    failed.push(Attempted {
                        kind: engine.kind(),
                        region: engine.region(),
                        failure: failure.name(),
                    });
                    Err(Failed {
                        kind: engine.kind(),
                        failure,
                    })
                }
            }
        });
        let (attempt, (engine, heard)) = outcome.await?;
        // chDB opens the lake's newest snapshot with every query, so it held all of the head when it was asked.
        let as_of = attempt.as_of.unwrap_or_else(|| heard.asked_at.timestamp());
        let now = Instant::now().timestamp();
        let answer = heard.answer.for_doubles();
        Ok(QueryReply {
            columns: answer.columns,
            rows: answer.rows,
            truncated: answer.truncated,
            backend: engine.kind(),
            region: engine.region(),
            reason: attempt.reason,
            range,
            as_of: Some(as_of),
            lag_seconds: Some(lag_seconds(as_of, now)),
            elapsed_ms: arrived.elapsed_ms(),
            backend_ms: heard.took_ms,
            stats: answer.stats,
            statement: explain.then(|| sent(attempt.statement)),
        })
    }

    fn engine(&self, name: &str) -> Result<&Engine, Failed> {
        self.engines
            .iter()
            .find(|engine| engine.name() == name)
            .ok_or_else(|| Failed {
                kind: BackendKind::Chdb,
                failure: EngineFailure::Unreachable(format!("{name} is not configured")),
            })
    }

    /// Checks the servers before a plan is made, in an isolate that is new or was left alone for a while. Questions of one request
    /// wait for the same check.
    async fn look_at_the_stale(&self) {
        let _one = self.looking.lock().await;
        let now = Instant::now().timestamp();
        let stale = self.engines.iter().filter(|engine| engine.is_stale(now));
        join_all(stale.map(|engine| engine.check(&self.env, FIRST_LOOK))).await;
    }

    /// Starts the checks that are due; no answer waits for them.
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
                        engine.check(&visit.env, CHECK_DEADLINE).await;
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

fn sent(statement: Statement) -> SentStatement {
    let params = statement.params.into_iter();
    SentStatement {
        sql: statement.sql,
        params: params.map(|(name, value)| SentParam { name, value }).collect(),
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
        // Not told of: the dashboard asks by itself, on an empty lake again and again.
        Self::send(async move { Visit::sql(&visit, request, Instant::now(), &mut Vec::new()).await })
    }

    fn health(&self) -> AppAnswer<HealthReply> {
        let visit = self.clone();
        Self::send(async move { Ok(Visit::health(&visit).await) })
    }

    fn lake(&self) -> AppAnswer<Option<LakeHealth>> {
        let visit = self.clone();
        Self::send(async move { visit.lake_health().await })
    }

    fn ingest(&self) -> AppAnswer<Option<IngestHealth>> {
        let visit = self.clone();
        Self::send(async move { visit.ingest_health().await })
    }

    fn clickhouses(&self, sql: &'static str) -> AppAnswer<Vec<Told>> {
        let visit = self.clone();
        Self::send(async move { Ok(visit.ask_clickhouses(sql).await) })
    }

    fn otlp_endpoint(&self) -> String {
        let url = self.ingest.as_ref().map_or("", Url::as_str);
        url.trim_end_matches('/').to_owned()
    }
}
