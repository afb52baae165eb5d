//! The plan: what exists, compared with what has to be there. Pure functions.

mod destroy;
mod secrets;

use std::fmt;

use lakefront_landing::{Call, Kind};
use serde::Serialize;

pub use self::destroy::{Destruction, Removal, destroy};
pub use self::secrets::Setting;
use crate::error::{Error, Result};
use crate::existing::Existing;
use crate::secrets::Place;
use crate::system::{App, Program, System};

/// The change of a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// It is made.
    Create,
    /// It is there, as it has to be.
    Exists,
    /// It is there, and is changed.
    Change,
    /// It is removed.
    Remove,
    /// It is there and stays, though the system no longer needs it or cannot change it.
    Keep,
}

impl Action {
    /// Returns the sign in front of the resource's line.
    pub fn sign(self) -> char {
        match self {
            Self::Create => '+',
            Self::Exists | Self::Keep => '=',
            Self::Change => '~',
            Self::Remove => '-',
        }
    }
}

/// A line of the plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Line {
    /// The change.
    pub action: Action,
    /// The resource.
    pub what: String,
    /// Its properties, or the reason of the change.
    pub note: String,
}

/// A step of a deployment. Each is one call or one program, and can be repeated.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Step {
    /// Make the bucket.
    Bucket,
    /// Enable the data catalog.
    Catalog,
    /// Stop the catalog's own maintenance.
    Maintenance,
    /// Make a stream, sink or pipeline.
    Landing(Call),
    /// Make an app.
    App(String),
    /// Set secrets in a place.
    Secrets(Setting),
    /// Extend a volume.
    Extend {
        /// The app.
        app: String,
        /// The volume's id.
        volume: String,
        /// The new size.
        size_gb: u64,
    },
    /// Deploy an app.
    DeployApp(App),
    /// Deploy the Worker with its containers.
    DeployWorker,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bucket => f.write_str("making the bucket"),
            Self::Catalog => f.write_str("enabling the data catalog"),
            Self::Maintenance => f.write_str("stopping the catalog's own maintenance"),
            Self::Landing(call) => write!(f, "making the {} {}", singular(call.kind), call.name()),
            Self::App(name) => write!(f, "making the app {name}"),
            Self::Secrets(setting) => {
                write!(
                    f,
                    "setting {} of {}",
                    setting.variables().join(", "),
                    setting.place
                )
            }
            Self::Extend { app, size_gb, .. } => write!(f, "extending the volume of {app} to {size_gb} GB"),
            Self::DeployApp(app) => write!(f, "deploying {}", app.name),
            Self::DeployWorker => f.write_str("deploying the Worker and its containers"),
        }
    }
}

fn singular(kind: Kind) -> &'static str {
    match kind {
        Kind::Stream => "stream",
        Kind::Sink => "sink",
        Kind::Pipeline => "pipeline",
    }
}

/// The plan of a deployment.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Plan {
    /// One line for each resource, in the order of the steps.
    pub lines: Vec<Line>,
    /// The steps. None if nothing has to be done.
    pub steps: Vec<Step>,
}

/// The names of the states of files and values, by which a deployment is recognised. `None` stands for files that are not there, or for
/// values that are known only later.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Deployments {
    /// That of the Worker.
    pub worker: Option<String>,
    /// Those of apps, by name.
    pub apps: std::collections::BTreeMap<String, String>,
}

/// The limits of a plan.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Scope {
    /// Names of secrets that get a new value though they are there.
    pub rotate: Vec<String>,
    /// True if only bucket, catalog and the resources of Pipelines are made.
    pub landing_only: bool,
}

impl Scope {
    /// Returns the scope that the arguments name.
    pub fn new(rotate: Vec<String>, landing_only: bool) -> Self {
        Self { rotate, landing_only }
    }
}

/// Returns the plan.
///
/// # Errors
/// Returns an error if a secret to rotate is not one of this system, if a pipeline exists with another SQL, or if a
/// volume would have to shrink.
pub fn plan(system: &System, existing: &Existing, deployments: &Deployments, scope: &Scope) -> Result<Plan> {
    let mut plan = Plan {
        lines: Vec::new(),
        steps: Vec::new(),
    };
    lake(system, existing, &mut plan);
    landing(system, existing, &mut plan)?;
    if scope.landing_only {
        return Ok(plan);
    }
    let secrets = secrets::settings(system, existing, &scope.rotate)?;
    plan.lines.extend(secrets.lines);
    for app in &system.apps {
        if !existing.apps.contains_key(&app.name) {
            plan.steps.push(Step::App(app.name.clone()));
        }
    }
    let is_set = |place: &Place| {
        secrets
            .before
            .iter()
            .chain(&secrets.after)
            .any(|one| one.place == *place)
    };
    let (set_first, set_last): (Vec<_>, Vec<_>) = secrets
        .before
        .iter()
        .chain(&secrets.after)
        .cloned()
        .partition(|setting| setting.place != Place::Worker || secrets.before.contains(setting));
    plan.steps.extend(set_first.into_iter().map(Step::Secrets));
    for app in &system.apps {
        deploy_app(
            app,
            existing,
            deployments,
            is_set(&Place::App(app.name.clone())),
            &mut plan,
        )?;
    }
    // The Worker has its secrets before it has any code, so that it is never open.
    plan.steps.extend(set_last.into_iter().map(Step::Secrets));
    deploy_worker(system, existing, deployments, &mut plan);
    Ok(plan)
}

impl Plan {
    fn line(&mut self, action: Action, what: impl Into<String>, note: impl Into<String>) {
        self.lines.push(Line {
            action,
            what: what.into(),
            note: note.into(),
        });
    }

    /// Adds a resource that is made if it is missing.
    fn resource(&mut self, exists: bool, what: String, note: impl Into<String>, step: Step) {
        let action = if exists { Action::Exists } else { Action::Create };
        self.line(action, what, note);
        if !exists {
            self.steps.push(step);
        }
    }
}

fn lake(system: &System, existing: &Existing, plan: &mut Plan) {
    let bucket = &system.config.bucket;
    let place = bucket.location.map_or("automatic", |location| location.name());
    plan.resource(
        existing.bucket,
        format!("R2 bucket {}", bucket.name),
        format!("place: {place}"),
        Step::Bucket,
    );
    let catalog = existing.catalog.as_ref();
    plan.resource(
        catalog.is_some_and(|catalog| catalog.active),
        format!("data catalog of {}", bucket.name),
        system.catalog().0,
        Step::Catalog,
    );
    let maintains = catalog.is_some_and(|catalog| catalog.maintains);
    let action = if maintains { Action::Change } else { Action::Exists };
    plan.line(
        action,
        "the catalog's own maintenance: off",
        "ingest and the keeper compact the tables",
    );
    if maintains {
        plan.steps.push(Step::Maintenance);
    }
}

fn landing(system: &System, existing: &Existing, plan: &mut Plan) -> Result<()> {
    for call in &system.landing {
        let name = call.name().to_owned();
        let known = existing.landing.get(&(call.kind, name.clone()));
        let sql = known.and_then(|known| known.sql.as_deref());
        if sql.is_some_and(|sql| Some(sql.trim()) != call.body["sql"].as_str().map(str::trim)) {
            return Err(Error::value(
                format!("pipeline {name}"),
                "it exists with another SQL, which Cloudflare cannot change; delete it in the dashboard and deploy again",
            ));
        }
        let what = format!("{} {name}", singular(call.kind));
        let note = format!("rows of {}", call.of);
        plan.resource(known.is_some(), what, note, Step::Landing(call.clone()));
    }
    Ok(())
}

fn deploy_app(
    app: &App,
    existing: &Existing,
    deployments: &Deployments,
    sets_secrets: bool,
    plan: &mut Plan,
) -> Result<()> {
    let server = &app.server;
    let what = match app.program {
        Program::Clickhouse => format!("Fly.io app {}: ClickHouse", app.name),
        Program::Sync => format!("Fly.io app {}: sync", app.name),
    };
    let note = match app.program {
        Program::Clickhouse => format!(
            "{}, {}, {} GB, volume {} GB, TLS on 8443",
            server.region, server.size, server.memory_gb, server.volume_gb
        ),
        Program::Sync => format!(
            "{}, every {}, no public address",
            server.region, server.sync_interval
        ),
    };
    let known = existing.apps.get(&app.name);
    let runs = known.and_then(|known| known.deployment.as_deref());
    let wanted = deployments.apps.get(&app.name).map(String::as_str);
    let has_staged = known.is_some_and(|known| known.has_staged_secrets);
    let (action, reason) = match (runs, wanted) {
        (None, _) => (Action::Create, ""),
        (Some(runs), Some(wanted)) if runs == wanted && !sets_secrets && !has_staged => (Action::Exists, ""),
        (Some(runs), Some(wanted)) if runs == wanted => (Action::Change, "; secrets changed"),
        (_, Some(_)) => (Action::Change, "; files or values changed"),
        (_, None) => (Action::Change, "; not compared: files are missing"),
    };
    let note = note + reason;
    let wanted = u64::from(server.volume_gb);
    let volumes = known.map(|known| &known.volumes).into_iter().flatten();
    for (volume, size_gb) in volumes.filter(|_| app.program == Program::Clickhouse) {
        if *size_gb > wanted {
            return Err(Error::value(
                format!("clickhouse.{}.volume_gb", server.name),
                format!("{wanted} is less than the volume's {size_gb}; a volume only grows"),
            ));
        }
        if *size_gb < wanted {
            plan.steps.push(Step::Extend {
                app: app.name.clone(),
                volume: volume.clone(),
                size_gb: wanted,
            });
        }
    }
    plan.line(action, what, note);
    if action != Action::Exists {
        plan.steps.push(Step::DeployApp(app.clone()));
    }
    Ok(())
}

fn deploy_worker(system: &System, existing: &Existing, deployments: &Deployments, plan: &mut Plan) {
    let config = &system.config;
    let address = match &config.worker.domain {
        Some(domain) => format!("https://{domain}"),
        None => "on workers.dev".to_owned(),
    };
    let viewers = match config.has_viewer_token() {
        true => "viewers need the VIEWER_TOKEN",
        false => "viewers come through Cloudflare Access",
    };
    let runs = existing
        .worker
        .as_ref()
        .and_then(|worker| worker.deployment.as_deref());
    let (action, reason) = match (runs, deployments.worker.as_deref()) {
        (None, _) => (Action::Create, ""),
        (Some(runs), Some(wanted)) if runs == wanted => (Action::Exists, ""),
        (_, Some(_)) => (Action::Change, "; files or values changed"),
        (_, None) => (
            Action::Change,
            "; not compared: a stream is new, or files are missing",
        ),
    };
    plan.line(
        action,
        format!("Worker {}", config.name),
        format!("{address}, {viewers}{reason}"),
    );
    let types = [&config.containers.chdb, &config.containers.keeper];
    for (name, kind) in system.containers().into_iter().zip(types) {
        plan.line(action, format!("container {name}"), kind.clone());
    }
    if action != Action::Exists {
        plan.steps.push(Step::DeployWorker);
    }
    plan.lines.extend(forgotten(existing));
}

/// Returns a line for each app that the file no longer has. It is never removed: its name may be that of another system's app.
fn forgotten(existing: &Existing) -> impl Iterator<Item = Line> + '_ {
    existing.forgotten.iter().map(|app| Line {
        action: Action::Keep,
        what: format!("Fly.io app {app}"),
        note: format!("not in lakefront.toml; `fly apps destroy {app}` removes it"),
    })
}
