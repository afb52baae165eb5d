//! Deploying: reads what exists, and carries out the steps of the plan.

mod run;

use std::collections::BTreeMap;

use lakefront_landing::Kind;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;

use self::run::Run;
use crate::api::{Cloudflare, Fly};
use crate::artifacts;
use crate::error::{Error, Result};
use crate::existing::{Deployed, Existing};
use crate::plan::{Plan, Removal, Scope, Step, plan};
use crate::programs::{Program, Programs};
use crate::secrets::CATALOG_TOKEN;
use crate::system::{Files, Streams, System};

/// The parts that deploy a system.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Deployer {
    /// Cloudflare's API.
    pub cloudflare: Cloudflare,
    /// The API of Fly.io. `None` without ClickHouse.
    pub fly: Option<Fly>,
    /// The external programs.
    pub programs: Programs,
    /// The files.
    pub files: Files,
}

/// What a deployment reports while it runs.
#[derive(Clone, Debug)]
pub enum Event {
    /// A step begins.
    Begins(String),
    /// A step has ended.
    Ended(String),
    /// A secret that people or senders need. It is shown this once.
    Secret(&'static str, SecretString),
}

/// The result of a deployment.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Outcome {
    /// The number of steps that were carried out.
    pub steps: usize,
    /// The addresses of the streams.
    pub streams: Streams,
}

impl Deployer {
    /// Creates the parts.
    pub fn new(cloudflare: Cloudflare, fly: Option<Fly>, programs: Programs, files: Files) -> Self {
        Self {
            cloudflare,
            fly,
            programs,
            files,
        }
    }

    /// Reads what exists of a system.
    ///
    /// # Errors
    /// As every call of an API.
    pub async fn existing(&self, system: &System, landing_only: bool) -> Result<Existing> {
        let bucket = self.cloudflare.has_bucket().await?;
        let mut existing = Existing {
            bucket,
            catalog: match bucket {
                true => self.cloudflare.catalog().await?,
                false => None,
            },
            ..Existing::default()
        };
        if !system.landing.is_empty() {
            for kind in Kind::ALL {
                existing.landing.extend(self.cloudflare.landing(kind).await?);
            }
        }
        if landing_only {
            return Ok(existing);
        }
        existing.worker = self.cloudflare.worker().await?;
        existing.containers = self.cloudflare.containers().await?;
        if let Some(fly) = &self.fly {
            let forgotten = |name: &String| {
                let prefixes = ["clickhouse", "sync"].map(|part| format!("{}-{part}-", system.config.name));
                prefixes.iter().any(|prefix| name.starts_with(prefix))
                    && !system.apps.iter().any(|app| app.name == *name)
            };
            existing.forgotten = fly.apps(&system.config.fly.organization).await?;
            existing.forgotten.retain(forgotten);
            for app in &system.apps {
                if fly.has_app(&app.name).await? {
                    let deployed = self.app(fly, &app.name).await?;
                    existing.apps.insert(app.name.clone(), deployed);
                }
            }
        }
        Ok(existing)
    }

    async fn app(&self, fly: &Fly, name: &str) -> Result<Deployed> {
        /// A secret as `flyctl secrets list --json` prints it.
        #[derive(Deserialize)]
        struct Listed {
            #[serde(alias = "Name")]
            name: String,
            #[serde(default, alias = "Status")]
            status: String,
        }
        let doing = format!("listing the secrets of {name}");
        let arguments = ["secrets", "list", "--json", "--app", name];
        let printed = self.programs.output(Program::Flyctl, &arguments, &doing).await?;
        let listed: Option<Vec<Listed>> = serde_json::from_str(&printed).map_err(|cause| Error::Program {
            doing,
            problem: format!("flyctl printed something else than a list of secrets: {cause}"),
        })?;
        let listed = listed.unwrap_or_default();
        Ok(Deployed {
            deployment: fly.deployment(name).await?,
            volumes: fly.volumes(name).await?,
            has_staged_secrets: listed
                .iter()
                .any(|one| matches!(one.status.as_str(), "Staged" | "Partial")),
            secrets: listed.into_iter().map(|one| one.name).collect(),
            ..Deployed::default()
        })
    }

    /// Reads what exists, and returns it with the plan.
    ///
    /// # Errors
    /// As every call of an API, and if the plan cannot be made.
    pub async fn plan(&self, system: &System, scope: &Scope) -> Result<(Existing, Plan)> {
        let existing = self.existing(system, scope.landing_only).await?;
        let deployments = artifacts::deployments(system, &self.files, &existing.streams(system))?;
        let plan = plan(system, &existing, &deployments, scope)?;
        Ok((existing, plan))
    }

    /// Carries out the steps of a plan.
    ///
    /// # Errors
    /// Returns an error if a step fails. Steps before it stay done, and another run goes on.
    pub async fn deploy(
        &self,
        system: &System,
        existing: &Existing,
        plan: &Plan,
        variable: &dyn Fn(&str) -> Option<String>,
        report: &mut dyn FnMut(Event),
    ) -> Result<Outcome> {
        let needs_files = |step: &&Step| matches!(step, Step::DeployApp(_) | Step::DeployWorker);
        let missing = artifacts::missing(system, &self.files);
        if plan.steps.iter().any(|step| needs_files(&step))
            && let Some(first) = missing.first()
        {
            return Err(Error::value(
                "--source",
                format!(
                    "{} is missing; run `cargo xtask bundle` in the checkout",
                    first.display()
                ),
            ));
        }
        if plan.steps.contains(&Step::DeployWorker) {
            self.refuse_unprotected(system).await?;
        }
        let mut run = Run {
            deployer: self,
            system,
            values: values(system, plan, variable)?,
            streams: existing.streams(system),
        };
        let mut outcome = Outcome::default();
        for step in &plan.steps {
            report(Event::Begins(step.to_string()));
            run.step(step, report).await?;
            outcome.steps += 1;
            report(Event::Ended(step.to_string()));
        }
        outcome.streams = run.streams;
        Ok(outcome)
    }

    /// Refuses a Worker without a viewer token under a name that Cloudflare Access does not protect.
    ///
    /// # Errors
    /// Returns an error that names the host.
    pub async fn refuse_unprotected(&self, system: &System) -> Result<()> {
        if system.config.has_viewer_token() {
            return Ok(());
        }
        let protected = self.cloudflare.protected_hosts().await?;
        let mut hosts = system.config.access.hosts.iter();
        match hosts.find(|host| !protected.contains(*host)) {
            Some(host) => Err(Error::value(
                "access.hosts",
                format!(
                    "no application of Cloudflare Access protects {host}, so that anybody could read the telemetry; make one in the \
                     dashboard of Zero Trust, or set access.viewers = \"token\""
                ),
            )),
            None => Ok(()),
        }
    }

    /// Returns the address of the Worker.
    ///
    /// # Errors
    /// As every call of an API.
    pub async fn address(&self, system: &System) -> Result<Option<String>> {
        if let Some(domain) = &system.config.worker.domain {
            return Ok(Some(format!("https://{domain}")));
        }
        let subdomain = self.cloudflare.subdomain().await?;
        Ok(subdomain.map(|subdomain| format!("https://{}.{subdomain}.workers.dev", system.config.name)))
    }

    /// Carries out a removal. Returns a note if something is left to do.
    ///
    /// # Errors
    /// As every call of an API.
    pub async fn remove(&self, removal: &Removal) -> Result<Option<String>> {
        let doing = removal.to_string();
        match removal {
            Removal::Worker => self.cloudflare.delete_worker().await?,
            Removal::Container(_, id) => self.cloudflare.delete_container(id, &doing).await?,
            Removal::Landing(kind, _, id) => self.cloudflare.delete_landing(*kind, id, &doing).await?,
            Removal::App(name) => match &self.fly {
                Some(fly) => fly.delete_app(name).await?,
                None => return Err(Error::NoToken(Fly::TOKEN)),
            },
            Removal::Bucket => {
                if self.cloudflare.is_bucket_empty().await? {
                    self.cloudflare.delete_bucket().await?;
                } else {
                    self.cloudflare.expire_objects().await?;
                    let note = "the bucket has data: R2 now deletes every object a day after it was written; \
                                run the same command again when the bucket is empty";
                    return Ok(Some(note.to_owned()));
                }
            }
        }
        Ok(None)
    }
}

/// Returns the values of the secrets that the plan sets, so that a missing one is noticed before anything is made.
pub(crate) fn values(
    system: &System,
    plan: &Plan,
    variable: &dyn Fn(&str) -> Option<String>,
) -> Result<BTreeMap<&'static str, SecretString>> {
    let needed = |name: &str| {
        plan.steps.iter().any(|step| match step {
            Step::Secrets(setting) => setting.secrets.iter().any(|(secret, _)| *secret == name),
            Step::Landing(call) => call.kind == Kind::Sink && name == CATALOG_TOKEN,
            _ => false,
        })
    };
    let secrets = system.secrets.iter().filter(|secret| needed(secret.name));
    secrets
        .map(|secret| Ok((secret.name, secret.value(&system.config, variable)?)))
        .collect()
}

/// Returns a secret for a person who reads it once.
pub fn shown(secret: &SecretString) -> &str {
    secret.expose_secret()
}
