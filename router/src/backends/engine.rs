//! The configured engines, each with its address, its credentials and its cached status in this isolate.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use futures::future::join_all;
use http::header::CONTENT_TYPE;
use http::{HeaderName, HeaderValue, Method, Request, StatusCode};
use jiff::Timestamp;
use jiff::civil::Date;
use lakefront_api::{
    BackendHealth, BackendKind, BackendState, ContainerState, EngineHealth, EngineQueryError,
    EngineQueryRequest, Estimate, Progress, ProgressState,
};
use lakefront_clickhouse_http::{Answer, Credentials, Endpoint, Exception, SECRET_HEADER, Statement};
use lakefront_hot_tier::bookkeeping;
use lakefront_query::{Attempt, Backend};
use secrecy::ExposeSecret as _;
use url::Url;
use worker::Env;

use crate::backends::failure::{EngineFailure, StatementOrigin};
use crate::backends::report::{EngineReport, before};
use crate::backends::status::BackendStatus;
use crate::backends::{container, fetch};
use crate::clock::Instant;
use crate::config::{CHDB, Clickhouse, Config, Location, Login};
use crate::geo::GeoPoint;

/// The largest number of rows in an answer. Further rows are cut, and the reply says so.
const MAX_ROWS: u64 = 50_000;
/// The time limit of a background check of an engine.
pub const CHECK_DEADLINE: Duration = Duration::from_secs(3);

/// A configured engine: chDB or a ClickHouse server.
#[derive(Debug)]
pub struct Engine {
    name: String,
    kind: BackendKind,
    region: Option<String>,
    place: Option<GeoPoint>,
    location: Location,
    /// The number of containers, if the engine is in containers.
    instances: u16,
    endpoint: Endpoint,
    status: Mutex<BackendStatus>,
}

/// An engine's answer with its timing.
#[derive(Debug)]
pub struct EngineReply {
    /// The decoded answer.
    pub answer: Answer,
    /// The time up to which the answer has everything that was committed to the lake.
    pub as_of: Timestamp,
    /// The time until the whole reply had arrived, in milliseconds.
    pub took_ms: f64,
    /// The part of it in which the query waited for the engine's container, in milliseconds.
    pub waking_ms: Option<u64>,
}

impl Engine {
    /// Creates every configured engine: first the ClickHouse servers, then chDB.
    pub fn all(config: &Config) -> Vec<Self> {
        let servers = config.clickhouse.iter();
        let mut engines: Vec<_> = servers
            .map(|server| Self::clickhouse(server, &config.login))
            .collect();
        engines.push(Self::chdb(config));
        engines
    }

    fn chdb(config: &Config) -> Self {
        let url = match &config.chdb {
            Location::Url(url) => url.clone(),
            Location::Container(_) => container::url(),
        };
        let mut endpoint = Endpoint::new(url);
        if let Some(secret) = &config.engine_secret
            && let Ok(mut value) = HeaderValue::from_str(secret.expose_secret())
        {
            value.set_sensitive(true);
            endpoint
                .headers
                .push((HeaderName::from_static(SECRET_HEADER), value));
        }
        Self {
            name: CHDB.into(),
            kind: BackendKind::Chdb,
            region: None,
            place: None,
            location: config.chdb.clone(),
            instances: config.containers.instances.get(),
            endpoint,
            status: Mutex::default(),
        }
    }

    fn clickhouse(server: &Clickhouse, login: &Login) -> Self {
        let mut endpoint = Endpoint::new(server.url.clone());
        endpoint.credentials = Some(Credentials {
            user: login.user.clone(),
            password: login
                .password
                .as_ref()
                .map_or_else(String::new, |password| password.expose_secret().into()),
        });
        Self {
            name: server.name.clone(),
            kind: BackendKind::Clickhouse,
            region: server.region.clone(),
            place: server.place,
            location: Location::Url(server.url.clone()),
            instances: 1,
            endpoint,
            status: Mutex::default(),
        }
    }

    /// Returns the engine's name from the configuration.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns the engine's kind.
    pub fn kind(&self) -> BackendKind {
        self.kind
    }

    /// Returns the engine's region, if one is configured.
    pub fn region(&self) -> Option<String> {
        self.region.clone()
    }

    /// Returns the engine's place on Earth, if one is configured.
    pub fn place(&self) -> Option<GeoPoint> {
        self.place
    }

    /// Returns the first day of the lake, if this engine has reported it. Only chDB does.
    pub fn first_day(&self) -> Option<Date> {
        self.with_status(|status| status.report.first_day)
    }

    /// Returns the time at which the lake had no row before its first day, if this engine has reported it.
    pub fn first_day_as_of(&self) -> Option<Timestamp> {
        self.with_status(|status| status.report.first_day_as_of)
    }

    /// Returns true if the engine failed and gets no queries for now.
    pub fn is_down(&self, now: Timestamp) -> bool {
        self.with_status(|status| status.state(now) == BackendState::Down)
    }

    /// Returns the engine for the plan of a request. With `calls` the request goes on to call it.
    pub fn planned(&self, now: Timestamp, chdb_answers: bool, calls: bool) -> Backend {
        self.with_status(|status| Backend {
            name: self.name.clone(),
            kind: self.kind,
            region: self.region.clone(),
            state: if calls {
                status.plan_state(self.kind, now, chdb_answers)
            } else {
                status.expected_state(self.kind, now, chdb_answers)
            },
            hot: status.report.hot.clone(),
        })
    }

    /// Returns the engine's entry in `/health`.
    pub fn health(&self, now: Timestamp) -> BackendHealth {
        self.with_status(|status| BackendHealth {
            name: self.name.clone(),
            kind: self.kind,
            region: self.region.clone(),
            state: status.state(now),
            last_check: status.last_contact,
            latency_ms: status.latency_ms,
            as_of: status.report.as_of,
            lag_seconds: status.report.as_of.map(|as_of| lag_seconds(as_of, now)),
            detail: status.detail.clone(),
            container: status.container,
        })
    }

    /// Sends a statement to the engine within `limit`, and records the outcome in the cached status.
    pub async fn query(
        &self,
        env: &Env,
        attempt: &Attempt,
        origin: StatementOrigin,
        limit: Duration,
    ) -> Result<EngineReply, EngineFailure> {
        let statement = attempt.statement.clone().max_rows(MAX_ROWS);
        let request = self.endpoint.request(&statement)?;
        let sent_at = Instant::now();
        let replied = fetch::send(&self.location, env, request, limit).await;
        let took_ms = sent_at.elapsed_ms();
        let waking_ms = replied.as_ref().ok().and_then(|reply| reply.waking_ms);
        let outcome = replied.and_then(|reply| {
            Ok(Answer::read(
                &statement,
                reply.status,
                &reply.headers,
                &reply.body,
            )?)
        });
        let now = Instant::now().timestamp();
        // chDB opens the newest snapshot that the lake's catalog has named. The catalog may not answer for a while.
        let lake_age_ms = outcome.as_ref().ok().and_then(|answer| answer.stats.lake_age_ms);
        let of_lake = || before(sent_at.timestamp(), lake_age_ms.unwrap_or_default());
        let as_of = attempt.as_of.unwrap_or_else(of_lake).min(now);
        self.with_status(|status| match &outcome {
            Ok(_) => status.record_answer(now, took_ms, attempt.as_of.is_none().then_some(as_of)),
            Err(failure) if failure.marks_down() => status.record_failure(now, took_ms, failure.to_string()),
            // A limit below the attempt's own deadline is due to the request's age, and shows nothing about the engine.
            Err(failure) if failure.overran(origin) && limit >= attempt.deadline => {
                status.record_overrun(statement_hash(attempt), now, took_ms, failure.to_string());
            }
            Err(failure) if failure.contradicts_report(origin) => status.invalidate(),
            Err(_) => {}
        });
        Ok(EngineReply {
            answer: outcome?,
            as_of,
            took_ms,
            waking_ms,
        })
    }

    /// Returns true if a check is due. The caller must then run [`Engine::check`].
    pub fn try_begin_check(&self, now: Timestamp) -> bool {
        self.with_status(|status| status.try_begin_check(now))
    }

    /// Records that a plan left this ClickHouse out because it lacked data.
    pub fn mark_incomplete(&self) {
        if self.kind == BackendKind::Clickhouse {
            self.with_status(BackendStatus::mark_incomplete);
        }
    }

    /// Returns true if this ClickHouse has to be checked before a plan can use its cached status.
    pub fn is_stale(&self, now: Timestamp) -> bool {
        self.kind == BackendKind::Clickhouse && self.with_status(|status| status.is_stale(now))
    }

    /// Checks the engine without waking it, and records the outcome in the cached status.
    pub async fn check(&self, env: &Env, limit: Duration) {
        let begun = Instant::now();
        let outcome = match self.kind {
            BackendKind::Chdb => self.check_chdb(env, limit).await,
            BackendKind::Clickhouse => self.check_clickhouse(env, limit).await.map(Some),
        };
        let (now, took) = (Instant::now().timestamp(), begun.elapsed_ms());
        self.with_status(|status| match outcome {
            Ok(Some(report)) => status.record_report(now, took, report),
            Ok(None) => status.record_asleep(now, took),
            Err(failure) => status.record_failure(now, took, failure.to_string()),
        });
    }

    /// Returns chDB's report, or `None` if chDB sleeps.
    async fn check_chdb(&self, env: &Env, limit: Duration) -> Result<Option<EngineReport>, EngineFailure> {
        let now = Instant::now().timestamp();
        let health = self.fetch_health(env, limit).await?;
        let report = health
            .map(|health| EngineReport::from_chdb(health, now))
            .transpose();
        report.map_err(EngineFailure::Unreachable)
    }

    /// Returns the `/health` document of chDB, about itself and the lake, or `None` if chDB sleeps.
    pub async fn fetch_health(
        &self,
        env: &Env,
        limit: Duration,
    ) -> Result<Option<EngineHealth>, EngineFailure> {
        if let Location::Container(first) = self.location {
            let container = container::health(env, first).await?;
            self.with_status(|status| status.container = Some(container));
            // A query waits until it is ready, or is refused.
            if container.state != ContainerState::Ready {
                return Ok(None);
            }
        }
        let reply = self
            .send(env, &self.location, Method::GET, "health", String::new(), limit)
            .await?;
        let health = serde_json::from_slice(&reply.body);
        let is_in_container = matches!(self.location, Location::Container(_));
        if health.is_err() && is_in_container && reply.status == StatusCode::SERVICE_UNAVAILABLE {
            // It has just been told to end, or has ended.
            return Ok(None);
        }
        let health = health.map_err(|error| {
            EngineFailure::Unreachable(format!(
                "/health answered {}, not the expected document: {error}",
                reply.status
            ))
        })?;
        Ok(Some(health))
    }

    /// Returns where statements may run: in each container that is ready, or in the server. No container is woken.
    async fn awake(&self, env: &Env) -> Result<Vec<Location>, EngineFailure> {
        if !matches!(self.location, Location::Container(_)) {
            return Ok(vec![self.location.clone()]);
        }
        let instances = (0..self.instances).map(|instance| async move {
            let is_ready = container::health(env, instance).await?.state == ContainerState::Ready;
            Ok(is_ready.then_some(Location::Container(instance)))
        });
        let found: Result<Vec<_>, EngineFailure> = join_all(instances).await.into_iter().collect();
        Ok(found?.into_iter().flatten().collect())
    }

    /// Stops the statement with this id wherever it runs.
    ///
    /// # Errors
    /// A failure of the call, or the engine's refusal.
    pub async fn stop(&self, env: &Env, id: &str, limit: Duration) -> Result<(), EngineFailure> {
        let path = &format!("queries/{id}");
        let awake = self.awake(env).await?;
        let stops = awake.iter().map(|location| async move {
            let reply = self
                .send(env, location, Method::DELETE, path, String::new(), limit)
                .await?;
            if reply.status.is_success() {
                return Ok(());
            }
            let body = String::from_utf8_lossy(&reply.body).into_owned();
            Err(EngineFailure::Unreachable(format!(
                "{} instead of 204: {body}",
                reply.status
            )))
        });
        join_all(stops).await.into_iter().collect()
    }

    /// Returns what a statement would read of the lake.
    ///
    /// # Errors
    /// A failure of the call, or the engine's exception.
    pub async fn estimate(
        &self,
        env: &Env,
        request: &EngineQueryRequest,
        limit: Duration,
    ) -> Result<Estimate, EngineFailure> {
        let broken = |error: serde_json::Error| EngineFailure::Unreachable(format!("/estimate: {error}"));
        let body = serde_json::to_string(request).map_err(broken)?;
        let reply = self
            .send(env, &self.location, Method::POST, "estimate", body, limit)
            .await?;
        if reply.status.is_success() {
            return serde_json::from_slice(&reply.body).map_err(broken);
        }
        let EngineQueryError { code, name, message } = serde_json::from_slice(&reply.body).map_err(broken)?;
        Err(EngineFailure::Reply(Exception::new(code, name, message).into()))
    }

    /// Returns how far the statement with this id is here. The engine is not woken.
    ///
    /// # Errors
    /// A failure of the call.
    pub async fn progress(&self, env: &Env, id: &str, limit: Duration) -> Result<Progress, EngineFailure> {
        let path = &format!("queries/{id}");
        let awake = self.awake(env).await?;
        let asked = awake.iter().map(|location| async move {
            let reply = self
                .send(env, location, Method::GET, path, String::new(), limit)
                .await?;
            serde_json::from_slice(&reply.body)
                .map_err(|error| EngineFailure::Unreachable(format!("/queries: {error}")))
        });
        let found: Result<Vec<Progress>, EngineFailure> = join_all(asked).await.into_iter().collect();
        let mut found = found?.into_iter();
        Ok(found
            .find(|progress| progress.state != ProgressState::None)
            .unwrap_or_default())
    }

    /// Sends a request to a path of the engine. A body that is not empty is JSON.
    async fn send(
        &self,
        env: &Env,
        location: &Location,
        method: Method,
        path: &str,
        body: String,
        limit: Duration,
    ) -> Result<fetch::HttpReply, EngineFailure> {
        let mut request = Request::new(body);
        if !request.body().is_empty() {
            request
                .headers_mut()
                .insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        *request.method_mut() = method;
        *request.uri_mut() = address(&self.endpoint.url, path).map_err(EngineFailure::Unreachable)?;
        request
            .headers_mut()
            .extend(self.endpoint.headers.iter().cloned());
        fetch::send(location, env, request, limit).await
    }

    async fn check_clickhouse(&self, env: &Env, limit: Duration) -> Result<EngineReport, EngineFailure> {
        let now = Instant::now().timestamp();
        let answer = match self.query_internal(env, bookkeeping::COVERAGE, limit).await {
            Ok(answer) => Ok(answer),
            Err(EngineFailure::Reply(error)) => Err(error),
            Err(failure) => return Err(failure),
        };
        Ok(EngineReport::from_coverage(answer, now)?)
    }

    /// Runs one of the router's own statements on a ClickHouse, without parameters. The cached status stays unchanged.
    pub async fn query_internal(
        &self,
        env: &Env,
        sql: &str,
        limit: Duration,
    ) -> Result<Answer, EngineFailure> {
        let statement = Statement::new(sql);
        let request = self.endpoint.request(&statement)?;
        let reply = fetch::send(&self.location, env, request, limit).await?;
        Ok(Answer::read(
            &statement,
            reply.status,
            &reply.headers,
            &reply.body,
        )?)
    }

    fn with_status<T>(&self, use_it: impl FnOnce(&mut BackendStatus) -> T) -> T {
        use_it(&mut self.status.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Returns a hash of the statement's text, which identifies a named query on one kind of engine whatever its range and
/// parameters.
fn statement_hash(attempt: &Attempt) -> u64 {
    let mut hasher = DefaultHasher::new();
    attempt.statement.sql.hash(&mut hasher);
    hasher.finish()
}

/// Returns true if an engine in this state can answer queries.
pub fn can_answer(state: BackendState) -> bool {
    matches!(state, BackendState::Healthy | BackendState::Asleep)
}

/// Returns the whole seconds from `as_of` to `now`, or 0 if `as_of` is in the future.
pub fn lag_seconds(as_of: Timestamp, now: Timestamp) -> u64 {
    u64::try_from(now.duration_since(as_of).as_secs()).unwrap_or(0)
}

fn address(base: &Url, path: &str) -> Result<http::Uri, String> {
    let url = base.join(path).map_err(|error| error.to_string())?;
    url.as_str()
        .parse()
        .map_err(|error: http::uri::InvalidUri| error.to_string())
}
