//! The configured engines, and what this isolate has learned of them.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use http::{HeaderName, HeaderValue, Method, Request};
use jiff::Timestamp;
use lakefront_api::{BackendHealth, BackendKind, BackendState, EngineHealth, LakeState};
use lakefront_clickhouse_http::{Answer, Endpoint, SECRET_HEADER, Statement};
use lakefront_query::{Attempt, Backend};
use url::Url;
use worker::Env;

use crate::belief::Belief;
use crate::clock::Instant;
use crate::config::{ChdbLocation, Config};
use crate::failure::{Asked, EngineFailure};
use crate::{container, fetch};

/// How many rows an answer has at most; more are cut, and the reply says so.
const MAX_ROWS: u64 = 50_000;
/// How long an engine may take to say how it is.
const CHECK_DEADLINE: Duration = Duration::from_secs(3);

/// One engine.
#[derive(Debug)]
pub struct Engine {
    name: String,
    kind: BackendKind,
    region: Option<String>,
    location: ChdbLocation,
    endpoint: Endpoint,
    belief: Mutex<Belief>,
}

/// An engine's answer, and when it came.
#[derive(Debug)]
pub struct Heard {
    /// The answer.
    pub answer: Answer,
    /// When the engine was asked.
    pub asked_at: Instant,
    /// How long the whole reply took to arrive, in milliseconds.
    pub took_ms: f64,
}

impl Engine {
    /// chDB, as configured.
    pub fn chdb(config: &Config) -> Self {
        let url = match &config.chdb {
            ChdbLocation::Url(url) => url.clone(),
            ChdbLocation::Container => container::url(),
        };
        let mut endpoint = Endpoint::new(url);
        if let Some(secret) = &config.engine_secret
            && let Ok(mut value) = HeaderValue::from_str(secret.expose())
        {
            value.set_sensitive(true);
            endpoint
                .headers
                .push((HeaderName::from_static(SECRET_HEADER), value));
        }
        Self {
            name: "chdb".into(),
            kind: BackendKind::Chdb,
            region: None,
            location: config.chdb.clone(),
            endpoint,
            belief: Mutex::default(),
        }
    }

    /// The name in the configuration.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its kind.
    pub fn kind(&self) -> BackendKind {
        self.kind
    }

    /// Its region, where it has one.
    pub fn region(&self) -> Option<String> {
        self.region.clone()
    }

    /// What the plan is told of it, by a request that goes on to ask: it may be the one that tries a dead engine.
    pub fn planned(&self, now: Timestamp) -> Backend {
        Backend {
            name: self.name.clone(),
            kind: self.kind,
            region: self.region.clone(),
            state: self.with_belief(|belief| belief.take_probe(now)),
            hot: None,
        }
    }

    /// What `/health` tells of it.
    pub fn health(&self, now: Timestamp) -> BackendHealth {
        self.with_belief(|belief| BackendHealth {
            name: self.name.clone(),
            kind: self.kind,
            region: self.region.clone(),
            state: belief.state(now),
            last_check: belief.last_check,
            latency_ms: belief.latency_ms,
            as_of: belief.as_of,
            lag_seconds: belief.as_of.map(|as_of| lag_seconds(as_of, now)),
            detail: belief.detail.clone(),
        })
    }

    /// Asks it, and remembers how that went.
    pub async fn ask(
        &self,
        env: &Env,
        attempt: &Attempt,
        asked: Asked,
        limit: Duration,
    ) -> Result<Heard, EngineFailure> {
        let mut statement = Statement::new(attempt.statement.sql.as_str()).max_rows(MAX_ROWS);
        for (name, value) in &attempt.statement.params {
            statement = statement.param(name, value.as_str());
        }
        for (name, value) in &attempt.statement.settings {
            statement = statement.setting(name, value);
        }
        let request = self.endpoint.request(&statement)?;
        let asked_at = Instant::now();
        let replied = fetch::send(&self.location, env, request, limit).await;
        let took_ms = asked_at.elapsed_ms();
        let outcome = replied.and_then(|reply| {
            Ok(Answer::read(
                &statement,
                reply.status,
                &reply.headers,
                &reply.body,
            )?)
        });
        let now = Instant::now().timestamp();
        self.with_belief(|belief| match &outcome {
            Ok(_) => belief.answered(now, took_ms, Some(asked_at.timestamp())),
            Err(failure) if failure.marks_down(asked) => belief.failed(now, took_ms, failure.to_string()),
            Err(_) => {}
        });
        Ok(Heard {
            answer: outcome?,
            asked_at,
            took_ms,
        })
    }

    /// Whether it is time to check it. Whoever is told so calls [`Engine::check`].
    pub fn take_check(&self, now: Timestamp) -> bool {
        self.with_belief(|belief| belief.take_check(now))
    }

    /// Asks how it is, without waking it.
    pub async fn check(&self, env: &Env) {
        let begun = Instant::now();
        let outcome = self.checked(env).await;
        let (now, took) = (Instant::now().timestamp(), begun.elapsed_ms());
        self.with_belief(|belief| match outcome {
            Ok(Some(as_of)) => belief.answered(now, took, as_of),
            Ok(None) => belief.sleeps(now, took),
            Err(failure) => belief.failed(now, took, failure.to_string()),
        });
    }

    /// Up to when it holds all of the lake, as it says itself; none when it sleeps.
    async fn checked(&self, env: &Env) -> Result<Option<Option<Timestamp>>, EngineFailure> {
        if self.location == ChdbLocation::Container && !container::runs(env).await? {
            return Ok(None);
        }
        let mut request = Request::new(String::new());
        *request.method_mut() = Method::GET;
        *request.uri_mut() = health_address(&self.endpoint.url).map_err(EngineFailure::Unreachable)?;
        request
            .headers_mut()
            .extend(self.endpoint.headers.iter().cloned());
        let reply = fetch::send(&self.location, env, request, CHECK_DEADLINE).await?;
        let health: EngineHealth = serde_json::from_slice(&reply.body).map_err(|error| {
            EngineFailure::Unreachable(format!(
                "/health answered {}, not the expected document: {error}",
                reply.status
            ))
        })?;
        let detail = match (health.engine.healthy, health.lake.state) {
            (true, LakeState::Unreadable) => health.lake.detail,
            (true, _) => return Ok(Some(health.lake.as_of)),
            (false, _) => health.engine.detail,
        };
        Err(EngineFailure::Unreachable(
            detail.unwrap_or_else(|| "it says that it is not healthy".into()),
        ))
    }

    fn with_belief<T>(&self, use_it: impl FnOnce(&mut Belief) -> T) -> T {
        use_it(&mut self.belief.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Whether an engine in this state can be asked.
pub fn can_answer(state: BackendState) -> bool {
    matches!(state, BackendState::Healthy | BackendState::Asleep)
}

/// Now minus `as_of`, in whole seconds.
pub fn lag_seconds(as_of: Timestamp, now: Timestamp) -> u64 {
    u64::try_from(now.duration_since(as_of).as_secs()).unwrap_or(0)
}

fn health_address(base: &Url) -> Result<http::Uri, String> {
    let url = base.join("health").map_err(|error| error.to_string())?;
    url.as_str()
        .parse()
        .map_err(|error: http::uri::InvalidUri| error.to_string())
}
