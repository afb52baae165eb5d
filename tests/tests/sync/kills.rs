//! Sync is killed at every statement that it sends.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use lakefront_sync::clickhouse::Target;
use lakefront_sync::config::Read;
use lakefront_sync::follower::{Follower, Options};
use lakefront_sync::lease::LeaseTerms;
use lakefront_sync::progress::Progress;
use lakefront_sync::source::Source;
use lakefront_tests::{Relay, Treatment};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::sync::{Notify, watch};

use crate::world::{SHORT_LEASE, World, append};

/// Number of statements of a round that starts with nothing but tables, and loads a file.
const STATEMENTS: usize = 48;

/// One kill before the server received a statement and one after it executed it, for each of the statements.
const KILLS: usize = 2 * STATEMENTS;

/// Runs followers one after the other. Each is dropped at a chosen statement, before the server received it or after the
/// server executed it. A follower has all state of a sync process.
#[tokio::test(flavor = "multi_thread")]
async fn a_kill_at_any_statement_loses_and_doubles_nothing() -> Result<()> {
    let world = World::start().await?;
    let lake = world.lake().await?;
    append(&lake, 0, 0).await?;
    world.sync(&["once"]).await?;
    let gallows = Arc::new(Gallows::default());
    let relay = {
        let gallows = Arc::clone(&gallows);
        Relay::start(world.clickhouse.url(), move |_| gallows.treat().0).await?
    };
    let source = Arc::new(Source::new(world.stack.lake().place()?));
    let options = Options {
        patience: Duration::from_secs(20),
        days: None,
    };
    let (mut appended, mut ended) = (1, 0);
    for killed in 0..KILLS {
        if killed % 3 == 0 {
            // Most new rows belong to today. Rows of a day that the ClickHouse does not have yet are staged.
            let days_ago = if killed % 24 == 12 {
                1 + killed as u64 / 24
            } else {
                0
            };
            append(&lake, appended, days_ago).await?;
            appended += 1;
        }
        gallows.arm(1 + killed * 7 % STATEMENTS, killed < STATEMENTS);
        let target = Target::new(&relay.url().parse()?, "sync", "");
        let terms = LeaseTerms {
            expires_after: Duration::from_millis(40),
        };
        let mut follower = Follower::new(target, Arc::clone(&source), Read::Auto, 2, terms);
        let mut progress = Progress::new(false);
        let done = tokio::select! {
            biased;
            () = gallows.dropped.notified() => continue,
            done = follower.round(&options, &mut progress) => done,
        };
        if done.is_err() && gallows.left.load(Ordering::Relaxed) == 0 {
            // The follower saw its connection break before it was dropped.
            gallows.dropped.notified().await;
            continue;
        }
        done.with_context(|| format!("round {killed}"))?;
        ended += 1;
    }
    ensure!(
        ended < KILLS / 4,
        "{ended} of {KILLS} rounds ended before they were killed"
    );
    world.in_step().await?;
    let leases = "SELECT countIf(startsWith(name, 'lease_')) FROM system.tables WHERE database = 'otel'";
    ensure!(world.value(leases).await? == 1, "leases are left");
    Ok(())
}

/// The same test with real processes.
#[tokio::test(flavor = "multi_thread")]
async fn a_process_is_killed_at_any_statement() -> Result<()> {
    let world = World::start().await?;
    let lake = world.lake().await?;
    let (started, pid) = watch::channel(None);
    let gallows = Arc::new(Gallows::default());
    let relay = {
        let gallows = Arc::clone(&gallows);
        Relay::start_waiting(world.clickhouse.url(), move |_| {
            let ((treatment, is_last), mut pid) = (gallows.treat(), pid.clone());
            async move {
                if is_last
                    && let Ok(pid) = pid.wait_for(Option::is_some).await
                    && let Some(pid) = *pid
                {
                    kill(pid, Signal::SIGKILL).ok();
                }
                treatment
            }
        })
        .await?
    };
    // These statements are within the lease, the migrations, the views and the days.
    let deaths = [2, 4, 5, 7, 9, 60, 140, 260, 12, 25, 33, 41];
    for (round, at) in deaths.into_iter().enumerate() {
        append(&lake, round, round as u64 / 4).await?;
        gallows.arm(at, round % 2 == 0);
        started.send_replace(None);
        let run = ["run", "--interval", "100ms", "--lease", SHORT_LEASE];
        let mut child = world.spawn_to(&relay.url(), &run)?;
        let id = i32::try_from(child.id().context("it runs")?)?;
        started.send_replace(Some(Pid::from_raw(id)));
        child.wait().await?;
    }
    world.in_step().await?;
    Ok(())
}

/// Counts statements, up to the last one of the sender.
#[derive(Default)]
struct Gallows {
    left: AtomicUsize,
    before: Mutex<bool>,
    dropped: Notify,
}

impl Gallows {
    fn arm(&self, statements: usize, before: bool) {
        *self.before.lock().unwrap_or_else(PoisonError::into_inner) = before;
        self.left.store(statements, Ordering::Relaxed);
    }

    /// Returns the treatment of a statement, and true if it is the last one.
    fn treat(&self) -> (Treatment, bool) {
        let count = |left: usize| Some(left.saturating_sub(1));
        let left = self
            .left
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, count);
        match left.unwrap_or_else(|left| left) {
            // A dropped sender had this statement in flight.
            0 => (Treatment::LoseAnswer, false),
            1 => {
                self.dropped.notify_one();
                match *self.before.lock().unwrap_or_else(PoisonError::into_inner) {
                    true => (Treatment::LoseRequest, true),
                    false => (Treatment::LoseAnswer, true),
                }
            }
            _ => (Treatment::Forward, false),
        }
    }
}
