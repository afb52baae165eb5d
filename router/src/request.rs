//! The queries of one request, from the API or the dashboard: plans them, sends them to engines, and records
//! their events.

mod operations;

use std::convert::Infallible;
use std::future::Future;
use std::pin::pin;
use std::sync::{Arc, MutexGuard, PoisonError};
use std::time::Duration;

use futures::future::{Either, join_all, select};
use futures::lock::Mutex;
use jiff::Timestamp;
use lakefront_api::{
    BackendKind, EngineQueryRequest, Estimate, HealthReply, IngestHealth, LakeHealth, Language, Problem,
    ProblemType, Progress, ProgressState, QueryInfo, QueryReply, QueryRequest, Reason, SearchReply,
    SearchRequest, SentParam, SentStatement, SqlRequest,
};
use lakefront_app::{Backends, FileRequest, HostFuture, ParquetFile, ServerRows};
use lakefront_clickhouse_http::{Format, Statement};
use lakefront_query::{
    AnswerKey, Answers, Flight, Plan, REQUEST_DEADLINE, Resolved, SettledKey, Slices, Topology, Turn,
    Waiting, check_id, lake_statement, plan, plan_sql, query_infos, resolve, resolve_search,
};
use url::Url;
use worker::send::SendFuture;
use worker::{Context, Env};

use crate::backends::engine::{CHECK_DEADLINE, Engine, can_answer, lag_seconds};
use crate::backends::failover::{FailedCall, first_reply};
use crate::backends::failure::{EngineFailure, StatementOrigin};
use crate::clock::Instant;
use crate::config::Config;
use crate::geo::GeoPoint;
use crate::geo::nearest_first;
use crate::lanes::Lanes;
use crate::settled;
use crate::state::AppState;
use crate::telemetry::event::{AD_HOC, FailedAttempt, QueryEvent, SEARCH, is_observed};
use crate::telemetry::exporter::Exporter;
use crate::timer::Timer;

/// One request, with everything that is needed to answer it.
#[derive(Clone)]
pub struct RequestContext {
    engines: Arc<Vec<Engine>>,
    env: Env,
    context: Arc<Context>,
    exporter: Option<Arc<Exporter>>,
    config: &'static Config,
    client: Option<GeoPoint>,
    lanes: Arc<Lanes>,
    answers: Arc<std::sync::Mutex<Answers>>,
    /// True if the request takes no kept answer.
    fresh: bool,
    /// The origin of the request's address, such as `https://telemetry.example`.
    origin: Arc<str>,
    /// Held by the query that checks stale engines, on behalf of all queries of the request.
    stale_check: Arc<Mutex<()>>,
}

/// The first and the longest pause of a request that waits for the answer of another.
const FIRST_PAUSE: Duration = Duration::from_millis(4);
const LONGEST_PAUSE: Duration = Duration::from_millis(50);
/// The time between two signs of life of a request for which others may wait.
const BEAT: Duration = Duration::from_millis(200);

/// The longest time to wait for the end of a statement that is stopped.
const STOP_DEADLINE: Duration = Duration::from_secs(10);
/// The longest time to wait for an estimate, which chDB ends after 3 s, and for the start of chDB.
const ESTIMATE_DEADLINE: Duration = Duration::from_secs(15);
/// The longest time to wait for how far a statement is.
const PROGRESS_DEADLINE: Duration = Duration::from_secs(2);
/// The time limit of a check for which a request waits. A statement on a view has the same limit.
const STALE_CHECK_DEADLINE: Duration = Duration::from_millis(1_500);

impl RequestContext {
    /// Creates the state of a request that arrived now from `client`. With `fresh` it takes no kept answer.
    pub fn new(
        state: &'static AppState,
        env: Env,
        context: Context,
        client: Option<GeoPoint>,
        fresh: bool,
        origin: String,
    ) -> Self {
        Self {
            engines: Arc::clone(&state.engines),
            env,
            context: Arc::new(context),
            exporter: state.exporter.clone(),
            config: &state.config,
            client,
            lanes: Arc::default(),
            answers: Arc::clone(&state.answers),
            fresh,
            origin: origin.into(),
            stale_check: Arc::default(),
        }
    }

    /// Answers `POST /query`.
    pub async fn query(&self, request: QueryRequest, arrived: Instant) -> Result<QueryReply, Problem> {
        let query = request.query.clone();
        let mut failed = Vec::new();
        let reply = self.answer_named(request, arrived, &mut failed).await;
        if is_observed(&query) {
            self.record(query, &reply, failed);
        }
        self.check_in_background();
        reply
    }

    async fn answer_named(
        &self,
        request: QueryRequest,
        arrived: Instant,
        failed: &mut Vec<FailedAttempt>,
    ) -> Result<QueryReply, Problem> {
        let resolved = resolve(&request, arrived.timestamp())?;
        self.check_stale_engines().await;
        let (plan, _) = self.plan_named(&request, &resolved, false)?;
        let key = AnswerKey::of(&request, &resolved, &plan);
        // A kept answer needs no key to be shared under.
        let settled = || SettledKey::of(&request, &resolved, &plan);
        if self.fresh {
            let reply = self.ask(&request, &resolved, arrived, failed).await?;
            self.share(settled(), &reply);
            self.answers().keep(key, &reply, Instant::now().timestamp());
            return Ok(reply);
        }
        let (mut waiting, mut pause) = (Waiting::default(), FIRST_PAUSE);
        loop {
            let now = Instant::now().timestamp();
            let turn = self
                .answers()
                .turn(&key, &mut waiting, request.max_lag_seconds, now);
            match turn {
                Turn::Kept(mut reply) => {
                    reply.elapsed_ms = arrived.elapsed_ms();
                    return Ok(*reply);
                }
                Turn::Failed(problem) => return Err(problem),
                Turn::Alone => return self.ask(&request, &resolved, arrived, failed).await,
                Turn::Lead(flight) => {
                    let answered = pin!(self.ask_or_share(settled(), &request, &resolved, arrived, failed));
                    let outcome = match select(answered, pin!(self.beats(&key, flight))).await {
                        Either::Left((outcome, _)) => outcome,
                        Either::Right((never, _)) => match never {},
                    };
                    self.answers()
                        .end(key, flight, &outcome, Instant::now().timestamp());
                    return outcome;
                }
                Turn::Wait => {
                    Timer::after(pause).await;
                    pause = (2 * pause).min(LONGEST_PAUSE);
                }
            }
        }
    }

    /// Takes the answer that another isolate has shared, or asks the engines and shares the answer, if it cannot change.
    async fn ask_or_share(
        &self,
        settled: Option<SettledKey>,
        request: &QueryRequest,
        resolved: &Resolved,
        arrived: Instant,
        failed: &mut Vec<FailedAttempt>,
    ) -> Result<QueryReply, Problem> {
        if let Some(key) = &settled {
            let _lane = self.lanes.enter().await;
            if let Some(mut reply) = settled::get(&self.origin, key, request.max_lag_seconds).await {
                reply.elapsed_ms = arrived.elapsed_ms();
                return Ok(reply);
            }
        }
        let reply = self.ask(request, resolved, arrived, failed).await?;
        self.share(settled, &reply);
        Ok(reply)
    }

    /// Shares an answer that cannot change with other isolates, after this request.
    fn share(&self, key: Option<SettledKey>, reply: &QueryReply) {
        if let Some(key) = key.filter(|key| key.is_answered_by(reply)) {
            let (origin, reply) = (Arc::clone(&self.origin), reply.clone());
            self.context
                .wait_until(async move { settled::put(&origin, &key, reply).await });
        }
    }

    fn answers(&self) -> MutexGuard<'_, Answers> {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Shows the waiting requests that this one still leads its flight. The platform stops the timers of a request whose
    /// client has gone.
    async fn beats(&self, key: &AnswerKey, flight: Flight) -> Infallible {
        loop {
            Timer::after(BEAT).await;
            self.answers().beat(key, flight, Instant::now().timestamp());
        }
    }

    /// Plans a named query by the status at this moment, and returns the time up to which the lake's first day is known.
    fn plan_named(
        &self,
        request: &QueryRequest,
        resolved: &Resolved,
        calls: bool,
    ) -> Result<(Plan, Option<Timestamp>), Problem> {
        let now = Instant::now().timestamp();
        let first_day_as_of = self.engines.iter().find_map(Engine::first_day_as_of);
        let mut topology = self.topology(now, calls);
        // A range that is cut to the lake's first day is only as fresh as the knowledge of that day.
        if let (Some(bound), Some(as_of)) = (request.max_lag_seconds, first_day_as_of)
            && lag_seconds(as_of, now) > bound
        {
            topology.first_day = None;
        }
        Ok((plan(resolved, &topology, now)?, first_day_as_of))
    }

    /// Asks the engines.
    async fn ask(
        &self,
        request: &QueryRequest,
        resolved: &Resolved,
        arrived: Instant,
        failed: &mut Vec<FailedAttempt>,
    ) -> Result<QueryReply, Problem> {
        let _lane = self.lanes.enter().await;
        // The plan uses the status at this moment: queries that ran meanwhile may have found an engine down.
        let (plan, first_day_as_of) = self.plan_named(request, resolved, true)?;
        let now = Instant::now().timestamp();
        let was_cut = plan.range.is_some_and(|range| range.from > resolved.range.from);
        let mut reply = self
            .run(plan, StatementOrigin::Named, request.explain, arrived, failed)
            .await?;
        // A range that was cut to the lake's first day has no rows of earlier days, which may have come since.
        if let (Some(as_of), Some(limit)) = (reply.as_of, first_day_as_of)
            && was_cut
            && limit < as_of
        {
            reply.as_of = Some(limit);
            reply.lag_seconds = Some(lag_seconds(limit, now));
        }
        if matches!(reply.reason, Reason::Incomplete | Reason::Lagging) {
            self.engines.iter().for_each(Engine::mark_incomplete);
        }
        set_past(&mut reply, request.at.as_deref(), now);
        Ok(reply)
    }

    /// Answers `POST /search`.
    pub async fn search(&self, request: SearchRequest, arrived: Instant) -> Result<SearchReply, Problem> {
        let mut failed = Vec::new();
        let search = resolve_search(&request, arrived.timestamp())?;
        let at = request.at.as_deref();
        let reply = self
            .found(&search, at, request.explain, arrived, &mut failed)
            .await;
        self.record(SEARCH.into(), &reply, failed);
        self.check_in_background();
        Ok(search.reply(reply?))
    }

    /// Runs the slices of a search, the newest first, until one fills the answer.
    async fn found(
        &self,
        search: &Slices,
        at: Option<&str>,
        explain: bool,
        arrived: Instant,
        failed: &mut Vec<FailedAttempt>,
    ) -> Result<QueryReply, Problem> {
        let _lane = self.lanes.enter().await;
        self.check_stale_engines().await;
        let mut found = None;
        for slice in &search.slices {
            let now = Instant::now().timestamp();
            let plan = plan(slice, &self.topology(now, true), now)?;
            let mut reply = self
                .run(plan, origin(search.is_sql), explain, arrived, failed)
                .await?;
            set_past(&mut reply, at, now);
            if matches!(reply.reason, Reason::Incomplete | Reason::Lagging) {
                self.engines.iter().for_each(Engine::mark_incomplete);
            }
            if search.add(&mut found, reply) {
                break;
            }
        }
        found.ok_or_else(|| Problem::new(ProblemType::Internal, "a search without a statement"))
    }

    /// Answers `POST /sql`.
    pub async fn ad_hoc(&self, request: SqlRequest, arrived: Instant) -> Result<QueryReply, Problem> {
        let mut failed = Vec::new();
        let reply = self.sql(request, arrived, &mut failed).await;
        self.record(AD_HOC.into(), &reply, failed);
        reply
    }

    async fn sql(
        &self,
        request: SqlRequest,
        arrived: Instant,
        failed: &mut Vec<FailedAttempt>,
    ) -> Result<QueryReply, Problem> {
        let _lane = self.lanes.enter().await;
        let plan = plan_sql(&request, &self.topology(Instant::now().timestamp(), true));
        let reply = match plan {
            Ok(plan) => {
                self.run(plan, StatementOrigin::AdHoc, false, arrived, failed)
                    .await
            }
            Err(problem) => Err(problem),
        };
        self.check_in_background();
        reply
    }

    /// Answers a question with a Parquet file that the engine writes. No answer is kept.
    pub async fn parquet(&self, request: FileRequest, arrived: Instant) -> Result<ParquetFile, Problem> {
        let mut failed = Vec::new();
        let (name, origin) = match &request {
            FileRequest::Named(request) => (request.query.clone(), StatementOrigin::Named),
            FileRequest::Search(request) => (SEARCH.to_owned(), origin(request.language == Language::Sql)),
            FileRequest::Sql(_) => (AD_HOC.to_owned(), StatementOrigin::AdHoc),
        };
        let is_observed = origin != StatementOrigin::Named || is_observed(&name);
        let reply = self.file(request, origin, arrived, &mut failed).await;
        let (reply, bytes) = reply.map_or_else(
            |problem| (Err(problem), Vec::new()),
            |(reply, bytes)| (Ok(reply), bytes),
        );
        if is_observed {
            self.record(name, &reply, failed);
        }
        self.check_in_background();
        reply.map(|reply| ParquetFile {
            bytes,
            truncated: reply.truncated,
        })
    }

    async fn file(
        &self,
        request: FileRequest,
        origin: StatementOrigin,
        arrived: Instant,
        failed: &mut Vec<FailedAttempt>,
    ) -> Result<(QueryReply, Vec<u8>), Problem> {
        let _lane = self.lanes.enter().await;
        let mut plan = match &request {
            FileRequest::Named(request) => {
                let resolved = resolve(request, arrived.timestamp())?;
                self.check_stale_engines().await;
                self.plan_named(request, &resolved, true)?.0
            }
            FileRequest::Search(request) => {
                let search = resolve_search(request, arrived.timestamp())?;
                self.check_stale_engines().await;
                let now = Instant::now().timestamp();
                plan(&whole(&search)?, &self.topology(now, true), now)?
            }
            FileRequest::Sql(request) => plan_sql(request, &self.topology(Instant::now().timestamp(), true))?,
        };
        for attempt in &mut plan.attempts {
            attempt.statement.format = Format::Parquet;
        }
        self.answered(plan, origin, false, arrived, failed).await
    }

    /// Answers `DELETE /sql/{id}`: stops an ad-hoc statement in every chDB that runs it.
    ///
    /// # Errors
    /// [`ProblemType::BadRequest`] for an id of a wrong form, [`ProblemType::NoBackend`] if a chDB does not answer.
    pub async fn stop(&self, id: &str) -> Result<(), Problem> {
        check_id(id)?;
        let engines = self.engines.iter();
        let chdb = engines.filter(|engine| engine.kind() == BackendKind::Chdb);
        let stopped = join_all(chdb.map(|engine| engine.stop(&self.env, id, STOP_DEADLINE))).await;
        match stopped.into_iter().find_map(Result::err) {
            None => Ok(()),
            Some(EngineFailure::Deadline(limit)) => {
                let detail = format!(
                    "the statement was told to stop and still runs after {} s",
                    limit.as_secs()
                );
                Err(Problem::new(ProblemType::Timeout, detail))
            }
            Some(failure) => Err(failure.problem(StatementOrigin::AdHoc, BackendKind::Chdb)),
        }
    }

    /// Answers `POST /sql/estimate`: what an ad-hoc statement would read. Nothing of it runs but subqueries whose value is a
    /// constant.
    ///
    /// # Errors
    /// The problems of [`RequestContext::ad_hoc`].
    pub async fn estimate(&self, request: SqlRequest) -> Result<Estimate, Problem> {
        let _lane = self.lanes.enter().await;
        let plan = plan_sql(&request, &self.topology(Instant::now().timestamp(), true))?;
        let body = EngineQueryRequest {
            sql: request.sql,
            params: request.params,
            format: None,
        };
        let estimated = first_reply(plan, StatementOrigin::AdHoc, async |attempt| {
            let engine = self.engine(&attempt.backend)?;
            let estimated = engine.estimate(&self.env, &body, ESTIMATE_DEADLINE).await;
            estimated.map_err(|failure| FailedCall {
                kind: engine.kind(),
                failure,
            })
        });
        Ok(estimated.await?.1)
    }

    /// Answers `GET /sql/{id}/progress`: how far an ad-hoc statement is.
    ///
    /// # Errors
    /// [`ProblemType::BadRequest`] for an id of a wrong form.
    pub async fn progress(&self, id: &str) -> Result<Progress, Problem> {
        check_id(id)?;
        let engines = self.engines.iter();
        let chdb = engines.filter(|engine| engine.kind() == BackendKind::Chdb);
        let found = join_all(chdb.map(|engine| engine.progress(&self.env, id, PROGRESS_DEADLINE))).await;
        // An engine that does not answer says nothing about the statement.
        let known = found
            .into_iter()
            .flatten()
            .find(|progress| progress.state != ProgressState::None);
        Ok(known.unwrap_or_default())
    }

    /// Reports a query as an event to ingest if `SELF_OBSERVATION` is on.
    fn record(&self, query: String, reply: &Result<QueryReply, Problem>, failed: Vec<FailedAttempt>) {
        let event = QueryEvent::of(query, reply, failed, Instant::now().timestamp());
        if let (Some(exporter), Some(event)) = (&self.exporter, event) {
            Arc::clone(exporter).record(event, &self.env, &self.context);
        }
    }

    /// Answers `GET /health`, from the cached status where that is fresh.
    pub async fn health(&self) -> HealthReply {
        let now = Instant::now().timestamp();
        let due = self.engines.iter().filter(|engine| engine.try_begin_check(now));
        join_all(due.map(|engine| engine.check(&self.env, CHECK_DEADLINE))).await;
        let now = Instant::now().timestamp();
        let backends: Vec<_> = self.engines.iter().map(|engine| engine.health(now)).collect();
        HealthReply {
            healthy: backends.iter().any(|backend| can_answer(backend.state)),
            backends,
        }
    }

    /// Returns the engines in the order of a plan: of each kind, the nearest to the client is first. With
    /// `calls` the request goes on to call them.
    fn topology(&self, now: Timestamp, calls: bool) -> Topology {
        let order = nearest_first(self.client, self.engines.iter().map(Engine::place));
        let engines = order.into_iter().filter_map(|index| self.engines.get(index));
        let mut chdb = self
            .engines
            .iter()
            .filter(|engine| engine.kind() == BackendKind::Chdb);
        let chdb_answers = chdb.any(|engine| !engine.is_down(now));
        Topology {
            backends: engines
                .map(|engine| engine.planned(now, chdb_answers, calls))
                .collect(),
            first_day: self.engines.iter().find_map(Engine::first_day),
        }
    }

    async fn run(
        &self,
        plan: Plan,
        origin: StatementOrigin,
        explain: bool,
        arrived: Instant,
        failed: &mut Vec<FailedAttempt>,
    ) -> Result<QueryReply, Problem> {
        Ok(self.answered(plan, origin, explain, arrived, failed).await?.0)
    }

    /// Carries out a plan. Returns the reply, with the file if the statement has another format than rows.
    async fn answered(
        &self,
        plan: Plan,
        origin: StatementOrigin,
        explain: bool,
        arrived: Instant,
        failed: &mut Vec<FailedAttempt>,
    ) -> Result<(QueryReply, Vec<u8>), Problem> {
        let range = plan.range;
        let outcome = first_reply(plan, origin, async |attempt| {
            let engine = self.engine(&attempt.backend)?;
            let left = REQUEST_DEADLINE.saturating_sub(arrived.elapsed());
            if left.is_zero() {
                return Err(FailedCall {
                    kind: engine.kind(),
                    failure: EngineFailure::Deadline(REQUEST_DEADLINE),
                });
            }
            let reply = engine.query(&self.env, attempt, origin, attempt.deadline.min(left));
            match reply.await {
                Ok(reply) => Ok((engine, reply)),
                // Every engine would refuse this statement. No other engine is called, and the engine did not fail.
                Err(failure) if !failure.fails_over(origin) => Err(FailedCall {
                    kind: engine.kind(),
                    failure,
                }),
                Err(failure) => {
                    if failure.overran(origin) {
                        self.check_in_background();
                    }
                    failed.push(FailedAttempt {
                        kind: engine.kind(),
                        region: engine.region(),
                        failure: failure.name(),
                    });
                    Err(FailedCall {
                        kind: engine.kind(),
                        failure,
                    })
                }
            }
        });
        let (attempt, (engine, reply)) = outcome.await?;
        let now = Instant::now().timestamp();
        let answer = reply.answer.for_doubles();
        let file = answer.file;
        let reply = QueryReply {
            columns: answer.columns,
            rows: answer.rows,
            truncated: answer.truncated,
            backend: engine.kind(),
            region: engine.region(),
            reason: attempt.reason,
            range,
            as_of: Some(reply.as_of),
            lag_seconds: Some(lag_seconds(reply.as_of, now)),
            elapsed_ms: arrived.elapsed_ms(),
            backend_ms: reply.took_ms,
            waking_ms: reply.waking_ms,
            age_ms: None,
            stats: answer.stats,
            statement: explain.then(|| sent(attempt.statement)),
        };
        Ok((reply, file))
    }

    fn engine(&self, name: &str) -> Result<&Engine, FailedCall> {
        self.engines
            .iter()
            .find(|engine| engine.name() == name)
            .ok_or_else(|| FailedCall {
                kind: BackendKind::Chdb,
                failure: EngineFailure::Unreachable(format!("{name} is not configured")),
            })
    }

    /// Checks the servers whose status is stale before a plan is made. That happens in an isolate that is new or was
    /// idle for a while. All queries of a request wait for the same check.
    async fn check_stale_engines(&self) {
        let _one = self.stale_check.lock().await;
        let now = Instant::now().timestamp();
        let stale = self.engines.iter().filter(|engine| engine.is_stale(now));
        join_all(stale.map(|engine| engine.check(&self.env, STALE_CHECK_DEADLINE))).await;
    }

    /// Starts the checks that are due in the background. No answer waits for them.
    fn check_in_background(&self) {
        let now = Instant::now().timestamp();
        for index in 0..self.engines.len() {
            if self
                .engines
                .get(index)
                .is_some_and(|engine| engine.try_begin_check(now))
            {
                let this = self.clone();
                self.context.wait_until(async move {
                    if let Some(engine) = this.engines.get(index) {
                        engine.check(&this.env, CHECK_DEADLINE).await;
                    }
                });
            }
        }
    }

    /// Wraps a future that runs on this thread only, so that the dashboard can await it as `Send`.
    fn send<T: 'static>(future: impl Future<Output = Result<T, Problem>> + 'static) -> HostFuture<T> {
        Box::pin(SendFuture::new(future))
    }
}

/// Returns the author of a search's statement. A condition in SQL is the caller's to answer for.
const fn origin(is_sql: bool) -> StatementOrigin {
    if is_sql {
        StatementOrigin::AdHoc
    } else {
        StatementOrigin::Search
    }
}

/// Returns a search as one statement.
fn whole(search: &Slices) -> Result<Resolved, Problem> {
    let none = || Problem::new(ProblemType::Internal, "a search without a statement");
    search.whole().ok_or_else(none)
}

fn sent(statement: Statement) -> SentStatement {
    let params = statement.params.into_iter();
    SentStatement {
        sql: statement.sql,
        params: params
            .map(|(name, value)| SentParam {
                name,
                value: value.to_string(),
            })
            .collect(),
    }
}

impl Backends for RequestContext {
    fn catalogue(&self) -> &'static [QueryInfo] {
        query_infos()
    }

    fn query(&self, request: QueryRequest) -> HostFuture<QueryReply> {
        let this = self.clone();
        Self::send(async move { RequestContext::query(&this, request, Instant::now()).await })
    }

    fn sql(&self, request: SqlRequest) -> HostFuture<QueryReply> {
        let this = self.clone();
        Self::send(async move { this.ad_hoc(request, Instant::now()).await })
    }

    fn parquet(&self, request: FileRequest) -> HostFuture<ParquetFile> {
        let this = self.clone();
        Self::send(async move { RequestContext::parquet(&this, request, Instant::now()).await })
    }

    fn estimate(&self, request: SqlRequest) -> HostFuture<Estimate> {
        let this = self.clone();
        Self::send(async move { RequestContext::estimate(&this, request).await })
    }

    fn own_sql(&self, request: SqlRequest) -> HostFuture<QueryReply> {
        let this = self.clone();
        Self::send(async move { RequestContext::sql(&this, request, Instant::now(), &mut Vec::new()).await })
    }

    fn lake_statement(&self, request: QueryRequest) -> Result<SentStatement, Problem> {
        let now = Instant::now().timestamp();
        let resolved = resolve(&request, now)?;
        lake_statement(&resolved, &self.topology(now, false), now).map(sent)
    }

    fn search_statement(&self, request: SearchRequest) -> Result<SentStatement, Problem> {
        let now = Instant::now().timestamp();
        let whole = whole(&resolve_search(&request, now)?)?;
        lake_statement(&whole, &self.topology(now, false), now).map(sent)
    }

    fn search(&self, request: SearchRequest) -> HostFuture<SearchReply> {
        let this = self.clone();
        Self::send(async move { RequestContext::search(&this, request, Instant::now()).await })
    }

    fn health(&self) -> HostFuture<HealthReply> {
        let this = self.clone();
        Self::send(async move { Ok(RequestContext::health(&this).await) })
    }

    fn lake(&self) -> HostFuture<Option<LakeHealth>> {
        let this = self.clone();
        Self::send(async move { this.lake_health().await })
    }

    fn ingest(&self) -> HostFuture<Option<IngestHealth>> {
        let this = self.clone();
        Self::send(async move { this.ingest_health().await })
    }

    fn clickhouses(&self, sql: &'static str) -> HostFuture<Vec<ServerRows>> {
        let this = self.clone();
        Self::send(async move { Ok(this.query_clickhouses(sql).await) })
    }

    fn otlp_endpoint(&self) -> String {
        let url = self.config.ingest.as_ref().map_or("", Url::as_str);
        url.trim_end_matches('/').to_owned()
    }
}

/// Sets how fresh an answer from the lake's past is. `at` is a time or a snapshot's id. Only the engine knows the time of
/// a snapshot, so that there is none for an id.
fn set_past(reply: &mut QueryReply, at: Option<&str>, now: Timestamp) {
    if let Some(at) = at {
        reply.as_of = at.parse().ok();
        reply.lag_seconds = reply.as_of.map(|as_of| lag_seconds(as_of, now));
    }
}
