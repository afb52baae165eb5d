//! `kill -9` of sync, at every statement that it sends.

use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use lakefront_sync::config::Read;
use lakefront_sync::follower::{Follower, Options};
use lakefront_sync::lease::Terms;
use lakefront_sync::progress::Progress;
use lakefront_sync::source::Source;
use lakefront_sync::target::Target;
use lakefront_tests::{Relay, Treatment};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::sync::Notify;

use crate::world::{World, append};

/// Statements of a round that starts from nothing but tables, and loads a file.
const STATEMENTS: usize = 48;

/// Two hundred followers one after the other, each dropped when it has sent so many statements: before the server got the last one, or
/// after it did it. A follower is all that a process of sync knows.
#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_kills_lose_and_double_nothing() -> Result<()> {
    let world = World::start().await?;
    let lake = world.lake().await?;
    append(&lake, 0, 0).await?;
    world.sync(&["once"]).await?;
    let gallows = Arc::new(Gallows::default());
    let relay = {
        let gallows = Arc::clone(&gallows);
        Relay::start(world.clickhouse.url(), move |_| gallows.treat()).await?
    };
    let source = Arc::new(Source::new(world.stack.lake().place()?));
    let options = Options {
        patience: Duration::from_secs(20),
        days: None,
    };
    let (mut appended, mut killed) = (1, 0);
    while killed < 200 {
        gallows.arm(1 + killed * 7 % STATEMENTS, killed % 2 == 0);
        let target = Target::new(&relay.url().parse()?, "sync", "");
        let terms = Terms {
            expires_after: Duration::from_millis(40),
        };
        let mut follower = Follower::new(target, Arc::clone(&source), Read::Auto, 2, terms);
        let mut progress = Progress::new(false);
        tokio::select! {
            () = gallows.dropped.notified() => killed += 1,
            done = follower.round(&options, &mut progress) => {
                done.with_context(|| format!("after {killed} kills"))?;
                // It got through. Most new rows are of today; those of a day that is not there yet are staged.
                let days_ago = if appended % 8 == 0 { appended as u64 / 8 } else { 0 };
                append(&lake, appended, days_ago).await?;
                appended += 1;
            }
        }
    }
    ensure!(appended > 10, "only {appended} rounds got through");
    world.in_step().await?;
    let leases = "SELECT countIf(startsWith(name, 'lease_')) FROM system.tables WHERE database = 'otel'";
    ensure!(world.value(leases).await? == 1, "leases are left");
    Ok(())
}

/// The same with real processes.
#[tokio::test(flavor = "multi_thread")]
async fn a_process_is_killed_at_any_statement() -> Result<()> {
    let world = World::start().await?;
    let pid = Arc::new(AtomicU32::new(0));
    let gallows = Arc::new(Gallows::default());
    let relay = {
        let (gallows, pid) = (Arc::clone(&gallows), Arc::clone(&pid));
        Relay::start(world.clickhouse.url(), move |_| {
            let treatment = gallows.treat();
            if treatment != Treatment::Forward {
                let pid = i32::try_from(pid.load(Ordering::Relaxed)).unwrap_or_default();
                kill(Pid::from_raw(pid), Signal::SIGKILL).ok();
            }
            treatment
        })
        .await?
    };
    // Within the migrations, the lease, and the days.
    for (round, at) in [2, 4, 5, 7, 9, 60, 140, 260, 12, 25, 33].into_iter().enumerate() {
        if round % 4 == 0 {
            let seed = round.to_string();
            world.demo(&["--days", "2", "--seed", &seed]).await?;
        }
        if round == 9 {
            world.compact("otel_logs").await?;
        }
        gallows.arm(at, round % 2 == 0);
        // Statements may come before the id is known: the first ones are harmless.
        let mut child = world.spawn_to(&relay.url(), &["run", "--interval", "100ms"])?;
        pid.store(child.id().context("it runs")?, Ordering::Relaxed);
        child.wait().await?;
    }
    world.in_step().await?;
    Ok(())
}

/// Counts statements, up to the one that is the last of its sender.
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

    fn treat(&self) -> Treatment {
        let count = |left: usize| Some(left.saturating_sub(1));
        let left = self.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, count);
        match left.unwrap_or_else(|left| left) {
            // What a dropped sender had on its way.
            0 => Treatment::LoseAnswer,
            1 => {
                self.dropped.notify_one();
                match *self.before.lock().unwrap_or_else(PoisonError::into_inner) {
                    true => Treatment::LoseRequest,
                    false => Treatment::LoseAnswer,
                }
            }
            _ => Treatment::Forward,
        }
    }
}
