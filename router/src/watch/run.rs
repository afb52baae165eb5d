//! Runs the checks, and tells of problems.

use std::time::Duration;

use futures::future::{join, join_all};
use http::{Request, header};
use secrecy::ExposeSecret as _;
use url::Url;
use worker::{Env, console_error, console_log};

use super::{Finding, Found, Notice, log_record, object, of_engine, of_ingest, of_keeper, webhook_body};
use crate::backends::engine::CHECK_DEADLINE;
use crate::backends::{fetch, ingest};
use crate::clock::Instant;
use crate::config::Location;
use crate::landing;
use crate::state::AppState;
use crate::telemetry::{event, exporter};

/// The names of the checks. Each knows which of its problems have ended.
const HEALTH: &str = "health";
const KEEPER: &str = "keeper";

/// The time limit for the webhook.
const LIMIT: Duration = Duration::from_secs(10);

/// Checks engines, sync and ingest. No container is woken.
pub async fn check(state: &'static AppState, env: &Env) {
    let thresholds = &state.config.watch.thresholds;
    let engines = join_all(
        state
            .engines
            .iter()
            .map(|engine| engine.check(env, CHECK_DEADLINE)),
    );
    let (_, ingest) = join(engines, ingest::health(env, &state.config)).await;
    let now = Instant::now().timestamp();
    let engines = state.engines.iter().map(|engine| engine.health(now));
    let mut findings: Vec<_> = engines
        .flat_map(|engine| of_engine(&engine, thresholds))
        .collect();
    if let Some(ingest) = ingest {
        let ingest = ingest.map_err(|failure| failure.to_string());
        findings.extend(of_ingest(&ingest, thresholds, now));
    }
    note(state, env, HEALTH, findings).await;
}

/// Takes in the outcome of the keeper's run.
pub async fn keeper_ended(state: &'static AppState, env: &Env, outcome: Result<(), String>) {
    let findings = of_keeper(&outcome, &state.config.watch.thresholds);
    note(state, env, KEEPER, findings).await;
}

async fn note(state: &'static AppState, env: &Env, check: &str, findings: Vec<Finding>) {
    let found = Found {
        check: check.to_owned(),
        findings,
        ended_after_seconds: state.config.watch.thresholds.ended_after_seconds,
    };
    let notices = match object::note(env, &found).await {
        Ok(notices) => notices,
        Err(error) => return console_error!("the record of problems: {error}"),
    };
    let Some(last) = notices.last() else { return };
    for notice in &notices {
        console_log!("{}", notice.line());
    }
    let (event, webhook) = join(
        write_events(state, env, &notices),
        call_webhook(state, env, &notices),
    )
    .await;
    if let Err(failure) = &event {
        console_error!("the events were not written: {failure}");
    }
    if let Err(failure) = &webhook {
        console_error!("WATCH_WEBHOOK: {failure}");
    }
    // The lake may take no event because of the very problem. With a webhook that is lost.
    let is_told = match state.config.watch.webhook {
        Some(_) => webhook.is_ok(),
        None => event.is_ok(),
    };
    if is_told && let Err(error) = object::told(env, last.id).await {
        console_error!("the record of problems: {error}");
    }
}

/// Writes events into the lake.
async fn write_events(state: &'static AppState, env: &Env, notices: &[Notice]) -> Result<(), String> {
    let body = event::logs(notices.iter().map(log_record).collect());
    if let Some(landing) = &state.config.landing {
        return landing::send_own(landing, env, &body).await;
    }
    match &state.config.ingest {
        Some(ingest) => exporter::post(env, ingest, state.config.ingest_key.as_ref(), body).await,
        None => Ok(()),
    }
}

async fn call_webhook(state: &AppState, env: &Env, notices: &[Notice]) -> Result<(), String> {
    let Some(webhook) = &state.config.watch.webhook else {
        return Ok(());
    };
    let no_address = "it is not an address";
    let request = Request::post(webhook.expose_secret())
        .header(header::CONTENT_TYPE, "application/json")
        .body(webhook_body(notices))
        .map_err(|_| no_address.to_owned())?;
    let location = Location::Url(Url::parse(webhook.expose_secret()).map_err(|_| no_address.to_owned())?);
    match fetch::send(&location, env, request, LIMIT).await {
        Ok(reply) if reply.status.is_success() => Ok(()),
        Ok(reply) => Err(format!("it answers with status {}", reply.status)),
        // The text of the failure may have the address, which is a secret.
        Err(failure) => Err(failure.name()),
    }
}
