//! The subcommand `run`: rounds at an interval, until the process is stopped.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context;
use futures::future::join_all;
use jiff::Timestamp;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::MissedTickBehavior;

use super::follower;
use crate::config::Run;
use crate::error::Error;
use crate::follower::{Follower, Options};
use crate::progress::Progress;
use crate::server::{self, EndedRound, Monitor};
use crate::source::Source;

/// Runs rounds for each ClickHouse until SIGTERM or SIGINT. A step in progress is abandoned; the next start continues
/// from the ledger.
pub(super) async fn run(run: Run) -> anyhow::Result<ExitCode> {
    let mut terminate = signal(SignalKind::terminate()).context("cannot listen for SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("cannot listen for SIGINT")?;
    let source = Arc::new(Source::new(run.sync.lake_location()));
    let targets = run.sync.targets.open();
    let monitor = Arc::new(Monitor::new(targets.iter().map(|target| target.name())));
    if let Some(listen) = run.listen {
        let listener = TcpListener::bind(listen)
            .await
            .with_context(|| format!("cannot listen on {listen} (--listen, LAKEFRONT_SYNC_LISTEN)"))?;
        // Programs that start sync read the address from this line, because the port may have been 0.
        println!("listening on http://{}", listener.local_addr()?);
        let router = server::router(Arc::clone(&monitor), run.allowed_hosts.into_iter().collect());
        tokio::spawn(axum::serve(listener, router).into_future());
    }
    let followers = targets
        .into_iter()
        .map(|target| follower(&run.sync, target, &source));
    let mut followers: Vec<Follower> = followers.collect();
    // Each follower waits for its own ClickHouse only.
    let rounds = followers
        .iter_mut()
        .map(|follower| follow(follower, run.interval, Arc::clone(&monitor)));
    tokio::select! {
        _ = join_all(rounds) => {}
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    // With the leases released, the next start does not wait until they expire.
    let released = join_all(followers.iter_mut().map(Follower::release));
    tokio::time::timeout(RELEASE_PATIENCE, released).await.ok();
    Ok(ExitCode::SUCCESS)
}

/// The longest time for releasing leases when the process ends.
const RELEASE_PATIENCE: Duration = Duration::from_secs(2);

/// Runs rounds for one ClickHouse. A failure is logged, and the next tick tries again.
async fn follow(follower: &mut Follower, interval: Duration, monitor: Arc<Monitor>) {
    let name = follower.target.name().to_owned();
    let options = Options {
        patience: Duration::ZERO,
        days: None,
    };
    let mut ticks = tokio::time::interval(interval);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut last_error = None;
    let mut last_holder = None;
    loop {
        ticks.tick().await;
        let started = Instant::now();
        let began = Timestamp::now();
        let mut progress = Progress::new(false);
        let round = follower.round(&options, &mut progress).await;
        match &round {
            Ok(_) => (last_error, last_holder) = (None, None),
            Err(error @ Error::Busy { holder, .. }) => {
                // Two syncs for one ClickHouse are a normal setup, so that each holder is logged once.
                if last_holder.as_ref() != Some(holder) {
                    tracing::info!(target = name, "standing by: {error}");
                }
                last_holder = Some(holder.clone());
            }
            Err(error) => {
                // The same error is logged once: repeated every few seconds, it would hide other lines.
                let text = error.to_string();
                if last_error.as_ref() != Some(&text) {
                    tracing::error!(target = name, %error, "the round failed; the next one goes on from there");
                }
                last_error = Some(text);
            }
        }
        let last_loaded = follower.last_loaded(&round).await;
        let ended = EndedRound {
            began,
            elapsed: started.elapsed(),
            holder: follower.holder(),
            last_loaded,
            round: &round,
        };
        monitor.round_ended(&name, &ended);
    }
}
