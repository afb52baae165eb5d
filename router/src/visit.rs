//! The queries of one request, from the API or the dashboard: plans them, sends them to engines, and reports the
//! decisions.

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

/// One request, with everything that is needed to answer it.
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
    /// Held by the query that checks stale engines, on behalf of all queries of the request.
    looking: Arc<Mutex<()>>,
}

/// The time limit of a check for which a request waits. A statement on a view has the same limit.
const FIRST_LOOK: Duration = Duration::from_millis(1_500);

impl Visit {
    /// Creates the state of a request that arrived now from `asker`.
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

    /// Answers `POST /query`.
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
        // The plan uses the status at this moment: queries that ran meanwhile may have found an engine down.
        let now = Instant::now().timestamp();
        let plan = plan(&resolved, &self.topology(now), now)?;
        let mut reply = self
            .run(plan, Asked::Named, request.explain, arrived, failed)
            .await?;
        if matches!(reply.reason, Reason::Incomplete | Reason::Lagging) {
            self.engines.iter().for_each(Engine::lacked);
        }
        if let Some(at) = &request.at {
            // `at` is a time or a snapshot's id. Only the engine knows the time of a snapshot, so `as_of` is empty for
            // an id.
            reply.as_of = at.parse().ok();
            reply.lag_seconds = reply.as_of.map(|as_of| lag_seconds(as_of, now));
        }
        Ok(reply)
    }

    /// Answers `POST /sql`.
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

    /// Reports a decision to ingest if `SELF_OBSERVATION` is on.
    fn tell(&self, query: String, reply: &Result<QueryReply, Problem>, failed: Vec<Attempted>) {
        let decision = Decision::of(query, reply, failed, Instant::now().timestamp());
        if let (Some(reporter), Some(decision)) = (&self.reporter, decision) {
            Arc::clone(reporter).tell(decision, &self.env, &self.context);
        }
    }

    /// Answers `GET /health`, from the cached status where that is fresh.
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

    /// Returns the engines in the order of a plan: of each kind, the nearest to the client is first.
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
                // Every engine would refuse this statement. No other engine is called, and the engine did not fail.
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
        // chDB opens the lake's newest snapshot for each query, so its data is current as of the moment of the request.
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

    /// Checks the servers whose status is stale before a plan is made. That happens in an isolate that is new or was
    /// idle for a while. All queries of a request wait for the same check.
    async fn look_at_the_stale(&self) {
        let _one = self.looking.lock().await;
        let now = Instant::now().timestamp();
        let stale = self.engines.iter().filter(|engine| engine.is_stale(now));
        join_all(stale.map(|engine| engine.check(&self.env, FIRST_LOOK))).await;
    }

    /// Starts the checks that are due in the background. No answer waits for them.
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

    /// Wraps a future that runs on this thread only, so that the dashboard can await it as `Send`.
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
        // The dashboard sends this statement by itself, repeatedly on an empty lake. Its decisions are not reported.
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
