//! The checks before a deployment.

use std::fs;
use std::path::Path;

use lakefront_landing::Kind;
use serde::Serialize;

use crate::artifacts;
use crate::deploy::{Deployer, values};
use crate::error::{Error, Result};
use crate::plan::Scope;
use crate::programs::Program;
use crate::system::System;

/// The most streams, sinks, and pipelines of an account. <https://developers.cloudflare.com/basin-pipelines/platform/limits/>
const OF_A_KIND: usize = 20;

/// The most static files of a Worker. <https://developers.cloudflare.com/workers/platform/limits/>
const ASSETS: usize = 20_000;

/// The largest static file, in bytes.
const ASSET_BYTES: u64 = 25 << 20;

/// The oldest wrangler with which this was tried.
const WRANGLER: (u32, u32) = (4, 86);

/// The result of a check.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Check {
    /// The thing that was checked.
    pub what: String,
    /// True if it is well.
    pub ok: bool,
    /// The finding, or what to do.
    pub note: String,
}

impl Check {
    fn of<T: ToString>(what: impl Into<String>, result: Result<T>) -> Self {
        let what = what.into();
        match result {
            Ok(note) => Self {
                what,
                ok: true,
                note: note.to_string(),
            },
            Err(error) => Self {
                what,
                ok: false,
                note: error.to_string(),
            },
        }
    }
}

/// Checks everything that can be checked without a change. A failed check does not stop the others.
pub async fn check(
    deployer: &Deployer,
    system: &System,
    variable: &dyn Fn(&str) -> Option<String>,
) -> Vec<Check> {
    let mut checks = vec![
        Check::of("files", files(deployer, system)),
        Check::of("static files", assets(&deployer.files.bundle.join("site"))),
        Check::of("wrangler", wrangler(deployer).await),
        Check::of("docker", docker(deployer).await),
    ];
    if !system.apps.is_empty() {
        let version = deployer
            .programs
            .output(Program::Flyctl, &["version"], "checking flyctl")
            .await;
        checks.push(Check::of(
            "flyctl",
            version.map(|version| version.trim().to_owned()),
        ));
    }
    let cloudflare = &deployer.cloudflare;
    checks.push(Check::of("Cloudflare's token", cloudflare.token().await));
    let readable =
        |readable: Result<bool>| readable.map(|_| "readable; only a deployment shows that it is writable");
    checks.push(Check::of(
        "permission: R2",
        readable(cloudflare.has_bucket().await),
    ));
    checks.push(Check::of(
        "permission: R2 Data Catalog",
        readable(cloudflare.catalog().await.map(|_| true)),
    ));
    if !system.landing.is_empty() {
        for kind in Kind::ALL {
            checks.push(Check::of(
                format!("permission and limit: {}", kind.list()),
                limit(deployer, system, kind).await,
            ));
        }
    }
    checks.push(Check::of(
        "permission: Workers",
        readable(cloudflare.worker().await.map(|_| true)),
    ));
    checks.push(Check::of(
        "permission: Containers",
        readable(cloudflare.containers().await.map(|_| true)),
    ));
    let address = deployer.address(system).await.and_then(|address| {
        address.ok_or_else(|| {
            Error::value(
                "worker.domain",
                "the account has no subdomain of workers.dev; make one in the dashboard, or set a domain",
            )
        })
    });
    checks.push(Check::of("address", address));
    if !system.config.has_viewer_token() {
        let protected = deployer.refuse_unprotected(system).await;
        checks.push(Check::of(
            "Cloudflare Access",
            protected.map(|()| "protects every host"),
        ));
    }
    if let Some(fly) = &deployer.fly {
        for app in &system.apps {
            let what = format!("Fly.io app {}", app.name);
            checks.push(Check::of(what, readable(fly.has_app(&app.name).await)));
        }
    }
    // The account decides which secrets have to be set.
    if let Ok((_, plan)) = deployer.plan(system, &Scope::default()).await {
        let values = values(system, &plan, variable);
        checks.push(Check::of(
            "secrets",
            values.map(|values| format!("{} to set", values.len())),
        ));
    }
    checks
}

fn files(deployer: &Deployer, system: &System) -> Result<String> {
    let missing = artifacts::missing(system, &deployer.files);
    match missing.first() {
        None => Ok(deployer.files.source.display().to_string()),
        Some(first) => Err(Error::value(
            "--source",
            format!(
                "{} is missing; run `cargo xtask bundle` in the checkout",
                first.display()
            ),
        )),
    }
}

/// Checks the number and size of static files.
fn assets(folder: &Path) -> Result<String> {
    fn count(folder: &Path, files: &mut usize) -> Result<()> {
        let read = |cause| Error::Read {
            file: folder.to_owned(),
            cause,
        };
        for entry in fs::read_dir(folder).map_err(read)? {
            let entry = entry.map_err(read)?;
            let metadata = entry.metadata().map_err(read)?;
            if metadata.is_dir() {
                count(&entry.path(), files)?;
            } else if metadata.len() > ASSET_BYTES {
                let problem = format!("{} is larger than 25 MiB", entry.path().display());
                return Err(Error::value("static files", problem));
            } else {
                *files += 1;
            }
        }
        Ok(())
    }
    let mut files = 0;
    count(folder, &mut files)?;
    match files {
        0..=ASSETS => Ok(format!("{files}, of at most {ASSETS}")),
        _ => Err(Error::value(
            "static files",
            format!("{files}, expected at most {ASSETS}"),
        )),
    }
}

async fn wrangler(deployer: &Deployer) -> Result<String> {
    let printed = deployer
        .programs
        .output(Program::Wrangler, &["--version"], "checking wrangler")
        .await?;
    let numbers = printed.split_whitespace().find_map(|word| {
        let mut numbers = word.split('.').map(str::parse::<u32>);
        Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
    });
    match numbers {
        Some(version) if version >= WRANGLER => Ok(format!("{}.{}", version.0, version.1)),
        _ => Err(Error::value(
            "--wrangler",
            format!(
                "expected wrangler {}.{} or newer, and it reports {:?}",
                WRANGLER.0,
                WRANGLER.1,
                printed.trim()
            ),
        )),
    }
}

async fn docker(deployer: &Deployer) -> Result<String> {
    let arguments = ["info", "--format", "{{.ServerVersion}}"];
    let version = deployer
        .programs
        .output(
            Program::Docker,
            &arguments,
            "checking docker, which builds the images",
        )
        .await?;
    Ok(version.trim().to_owned())
}

/// Checks that the account has room for what is missing.
async fn limit(deployer: &Deployer, system: &System, kind: Kind) -> Result<String> {
    let existing = deployer.cloudflare.landing(kind).await?;
    let wanted = system.landing.iter().filter(|call| call.kind == kind);
    let missing = wanted
        .filter(|call| !existing.contains_key(&(kind, call.name().to_owned())))
        .count();
    let all = existing.len() + missing;
    match all {
        0..=OF_A_KIND => Ok(format!("{all} of at most {OF_A_KIND} afterwards")),
        _ => Err(Error::value(
            kind.list(),
            format!(
                "the account would have {all}, expected at most {OF_A_KIND}; delete others, or ask Cloudflare for more"
            ),
        )),
    }
}
