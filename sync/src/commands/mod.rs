//! The subcommands. Each works on all ClickHouses concurrently, and none waits for another.

mod audit;
mod once;
mod run;
mod status;

use std::future::Future;
use std::process::ExitCode;
use std::sync::Arc;

use futures::future::join_all;

use crate::clickhouse::Target;
use crate::config::{Command, Sync};
use crate::error::Result;
use crate::follower::Follower;
use crate::lease::LeaseTerms;
use crate::source::Source;

/// Runs a subcommand. The exit code is a success if all ClickHouses succeeded.
///
/// # Errors
/// When the command cannot start.
pub async fn run(command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Migrate(targets) => Ok(each(targets.open(), migrate).await),
        Command::Once(sync) => Ok(once::once(&sync).await),
        Command::Run(run) => run::run(run).await,
        Command::Backfill(backfill) => Ok(once::backfill(&backfill).await),
        Command::Audit(audit) => Ok(audit::audit(&audit).await),
        Command::Status(sync) => Ok(status::status(&sync).await),
    }
}

/// Creates the follower of a ClickHouse.
fn follower(sync: &Sync, target: Target, source: &Arc<Source>) -> Follower {
    let terms = LeaseTerms {
        expires_after: sync.lease,
    };
    let parallel = usize::from(sync.parallel);
    Follower::new(target, Arc::clone(source), sync.read, parallel, terms)
}

async fn migrate(target: Target) -> Result<String> {
    target.create_database().await?;
    let done = target.migrate().await?;
    Ok(match done.as_slice() {
        [] => "up to date".to_owned(),
        done => format!("{} migrations applied", done.len()),
    })
}

/// Does `work` with each ClickHouse and prints its result. The exit code is a failure if one ClickHouse failed.
async fn each<F, W>(targets: Vec<Target>, work: F) -> ExitCode
where
    F: Fn(Target) -> W,
    W: Future<Output = Result<String>>,
{
    let all = targets.into_iter().map(|target| {
        let name = target.name().to_owned();
        let work = work(target);
        async move {
            match work.await {
                Ok(done) => {
                    println!("{name}: {done}");
                    true
                }
                Err(error) => {
                    eprintln!("lakefront-sync: {name}: {error}");
                    false
                }
            }
        }
    });
    match join_all(all).await.into_iter().all(|fine| fine) {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    }
}
