//! The steps of a deployment: each is one call of an API, or one program.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::PathBuf;

use lakefront_landing::Kind;
use secrecy::SecretString;

use super::{Deployer, Event};
use crate::api::Fly;
use crate::artifacts;
use crate::config::Location;
use crate::error::{Error, Result};
use crate::plan::{Deployments, Setting, Step};
use crate::programs::Program;
use crate::secrets::{CATALOG_TOKEN, Place, Source, lines, object};
use crate::system::{self, App, Streams, System, clickhouse, worker};

/// A run of a deployment.
pub(super) struct Run<'a> {
    pub(super) deployer: &'a Deployer,
    pub(super) system: &'a System,
    pub(super) values: BTreeMap<&'static str, SecretString>,
    pub(super) streams: Streams,
}

impl Run<'_> {
    /// Carries out a step.
    pub(super) async fn step(&mut self, step: &Step, report: &mut dyn FnMut(Event)) -> Result<()> {
        let cloudflare = &self.deployer.cloudflare;
        let config = &self.system.config;
        match step {
            Step::Bucket => {
                let location = config.bucket.location.map(Location::name);
                cloudflare.make_bucket(location).await
            }
            Step::Catalog => cloudflare.enable_catalog().await,
            Step::Maintenance => cloudflare.stop_maintenance().await,
            Step::Landing(call) => {
                let token = self.values.get(CATALOG_TOKEN);
                let endpoint = cloudflare.make_landing(call, config, token).await?;
                if call.kind == Kind::Stream {
                    let endpoint = endpoint.ok_or_else(|| Error::Api {
                        doing: step.to_string(),
                        problem: "the answer has no address (endpoint)".to_owned(),
                        status: None,
                        advice: "run the same command again: it reads the address from the list of streams"
                            .to_owned(),
                    })?;
                    self.streams.insert(call.of.to_owned(), endpoint);
                }
                Ok(())
            }
            Step::App(name) => self.fly()?.make_app(name, &config.fly.organization).await,
            Step::Secrets(setting) => self.set(setting, &step.to_string(), report).await,
            Step::Extend { app, volume, size_gb } => self.fly()?.extend(app, volume, *size_gb).await,
            Step::DeployApp(app) => self.deploy_app(app, &step.to_string()).await,
            Step::DeployWorker => self.deploy_worker(&step.to_string()).await,
        }
    }

    fn fly(&self) -> Result<&Fly> {
        self.deployer.fly.as_ref().ok_or(Error::NoToken(Fly::TOKEN))
    }

    async fn set(&mut self, setting: &Setting, doing: &str, report: &mut dyn FnMut(Event)) -> Result<()> {
        let values: Vec<(&str, &SecretString)> = setting
            .secrets
            .iter()
            .filter_map(|(name, variable)| Some((*variable, self.values.get(name)?)))
            .collect();
        let programs = &self.deployer.programs;
        match &setting.place {
            Place::App(app) => {
                let arguments = ["secrets", "import", "--stage", "--app", app];
                programs
                    .run(Program::Flyctl, &arguments, Some(&lines(&values)), doing)
                    .await?;
            }
            Place::Worker => {
                let arguments = ["secret", "bulk", "--name", &self.system.config.name];
                programs
                    .run(Program::Wrangler, &arguments, Some(&object(&values)), doing)
                    .await?;
            }
        }
        if setting.place == Place::Worker {
            let shown = self.system.secrets.iter().filter(|secret| {
                secret.source == Source::Made { shown: true }
                    && setting.secrets.iter().any(|(name, _)| *name == secret.name)
            });
            for secret in shown {
                if let Some(value) = self.values.get(secret.name) {
                    report(Event::Secret(secret.name, value.clone()));
                }
            }
        }
        Ok(())
    }

    fn deployments(&self) -> Result<Deployments> {
        artifacts::deployments(self.system, &self.deployer.files, &self.streams)
    }

    async fn deploy_app(&self, app: &App, doing: &str) -> Result<()> {
        let files = &self.deployer.files;
        let deployment = self.deployments()?.apps.remove(&app.name).unwrap_or_default();
        let text = clickhouse::configuration(self.system, app, files, &deployment)?;
        let file = self.rendered(&format!("{}.toml", app.name), &text)?;
        let (file, source) = (file.display().to_string(), files.source.display().to_string());
        let mut arguments = vec![
            "deploy",
            &source,
            "--config",
            &file,
            "--app",
            &app.name,
            "--ha=false",
            "--yes",
        ];
        if app.program == system::Program::Sync {
            arguments.push("--no-public-ips");
        }
        self.deployer
            .programs
            .run(Program::Flyctl, &arguments, None, doing)
            .await
    }

    async fn deploy_worker(&self, doing: &str) -> Result<()> {
        let files = &self.deployer.files;
        let deployment = self.deployments()?.worker.ok_or_else(|| {
            let problem = "Cloudflare lists a stream without its address (endpoint); look at it in the dashboard, delete it, and deploy again";
            Error::value("LANDING_STREAMS", problem)
        })?;
        let worker = worker::configuration(self.system, files, &self.streams, &deployment)?;
        let text = serde_json::to_string_pretty(&worker).unwrap_or_default();
        let file = self.rendered("wrangler.json", &text)?.display().to_string();
        let arguments = ["deploy", "--config", &file];
        self.deployer
            .programs
            .run(Program::Wrangler, &arguments, None, doing)
            .await
    }

    /// Writes a rendered file, which has no secrets. Returns its path.
    fn rendered(&self, name: &str, text: &str) -> Result<PathBuf> {
        let folder = self.deployer.files.rendered(&self.system.config.name);
        let file = folder.join(name);
        let written = std::fs::create_dir_all(&folder)
            .and_then(|()| std::fs::File::create(&file))
            .and_then(|mut created| created.write_all(text.as_bytes()));
        written.map_err(|cause| Error::Read {
            file: file.clone(),
            cause,
        })?;
        Ok(file)
    }
}
