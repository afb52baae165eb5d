//! A checkout with stand-ins of the files that are deployed, and the accounts.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use lakefront_deploy::api::{Cloudflare, Fly};
use lakefront_deploy::config::Config;
use lakefront_deploy::deploy::{Deployer, Event, Outcome, shown};
use lakefront_deploy::existing::Existing;
use lakefront_deploy::plan::{Destruction, Plan, Scope, destroy};
use lakefront_deploy::programs::Programs;
use lakefront_deploy::system::{Files, System};
use lakefront_deploy::{Error, Result};
use secrecy::SecretString;
use tempfile::TempDir;

use crate::account::{Account, FLY_TOKEN, TOKEN};

pub const TIER_1: &str = include_str!("../../examples/tier-1.toml");
pub const TIER_2: &str = include_str!("../../examples/tier-2.toml");
pub const TIER_3: &str = include_str!("../../examples/tier-3.toml");

pub const CATALOG_TOKEN: &str = "token-of-the-catalog";
pub const LANDING_TOKEN: &str = "token-of-the-streams";

pub struct World {
    pub account: Account,
    pub folder: TempDir,
}

impl World {
    pub async fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let account = Account::start().await;
        for file in [
            "router/build/worker/index.js",
            "router/build/site/_headers",
            "chdb-container/Dockerfile",
            "ingest/Dockerfile",
            "sync/Dockerfile",
            "clickhouse/config.d/lakefront.xml",
            "clickhouse/users.d/lakefront.xml",
            ".dockerignore",
            "Cargo.toml",
        ] {
            let path = folder.path().join(file);
            fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            let text = if file == ".dockerignore" {
                "**\n!Cargo.toml\n"
            } else {
                file
            };
            fs::write(path, text).expect("a file");
        }
        for program in ["wrangler", "flyctl", "docker"] {
            let token = if program == "flyctl" {
                "$FLY_API_TOKEN"
            } else {
                "$CLOUDFLARE_API_TOKEN"
            };
            let script = format!(
                "#!/bin/sh\ncase \"$*\" in *list*|*version*|info*) ;; *) exec >/dev/null ;; esac\nexec curl --silent --fail-with-body --header \"x-token: {token}\" \\\n  \
                 --header \"x-arguments: $(printf '%s|' \"$@\")\" --data-binary @- {}/program/{program}\n",
                account.url
            );
            let path = folder.path().join(program);
            fs::write(&path, script).expect("a script");
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("a program");
        }
        Self { account, folder }
    }

    pub fn path(&self, file: &str) -> PathBuf {
        self.folder.path().join(file)
    }

    pub fn system(&self, text: &str) -> System {
        System::of(Config::parse("lakefront.toml", text).expect("a valid file"))
    }

    pub fn deployer(&self, system: &System) -> Deployer {
        self.deployer_with(system, TOKEN)
    }

    pub fn deployer_with(&self, system: &System, token: &str) -> Deployer {
        let program = |name: &str| self.folder.path().join(name);
        let mut programs = Programs::new(program("wrangler"), program("flyctl"), program("docker"));
        programs.environment.insert(Cloudflare::TOKEN, token.into());
        programs.environment.insert(Fly::TOKEN, FLY_TOKEN.into());
        let url = &self.account.url;
        let token = SecretString::from(token);
        let cloudflare =
            Cloudflare::new(&format!("{url}/cloudflare"), &system.config, token).expect("a client");
        let fly = Fly::new(&format!("{url}/fly"), FLY_TOKEN.into()).expect("a client");
        let files = Files::new(self.folder.path().to_owned(), None);
        Deployer::new(cloudflare, Some(fly), programs, files)
    }

    /// Returns what exists, and the plan.
    pub async fn plan(&self, text: &str, rotate: &[&str]) -> Result<(Existing, Plan)> {
        let system = self.system(text);
        let rotate = rotate.iter().map(|name| (*name).to_owned()).collect();
        self.deployer(&system)
            .plan(&system, &Scope::new(rotate, false))
            .await
    }

    /// Deploys. Returns the outcome with the secrets that were shown.
    pub async fn deploy(
        &self,
        text: &str,
        rotate: &[&str],
    ) -> Result<(Outcome, Vec<(&'static str, String)>)> {
        let system = self.system(text);
        let deployer = self.deployer(&system);
        let rotate = rotate.iter().map(|name| (*name).to_owned()).collect();
        let (existing, plan) = deployer.plan(&system, &Scope::new(rotate, false)).await?;
        let mut secrets = Vec::new();
        let mut report = |event| {
            if let Event::Secret(name, value) = event {
                secrets.push((name, shown(&value).to_owned()));
            }
        };
        let outcome = deployer
            .deploy(&system, &existing, &plan, &variable, &mut report)
            .await?;
        Ok((outcome, secrets))
    }

    pub async fn destroy(&self, text: &str, deletes_data: bool) -> Result<(Destruction, Vec<String>), Error> {
        let system = self.system(text);
        let deployer = self.deployer(&system);
        let existing = deployer.existing(&system, false).await?;
        let plan = destroy(&system, &existing, deletes_data);
        let mut notes = Vec::new();
        for removal in &plan.removals {
            notes.extend(deployer.remove(removal).await?);
        }
        Ok((plan, notes))
    }

    /// Panics if the server saw a call that is not documented, a Worker without its token, or a secret on a command line.
    pub fn assert_well(&self) {
        let account = self.account.get();
        assert!(account.violations.is_empty(), "{:?}", account.violations);
        let secrets = account.worker.iter().flat_map(|worker| worker.secrets.values());
        let secrets = secrets.chain(account.apps.values().flat_map(|app| app.secrets.values()));
        let secrets: Vec<&String> = secrets.collect();
        let rendered = fs::read_dir(self.folder.path().join(".lakefront/deploy/lakefront"))
            .into_iter()
            .flatten();
        let rendered = rendered.map(|file| fs::read_to_string(file.expect("a file").path()).expect("a text"));
        for text in account.arguments.iter().cloned().chain(rendered) {
            let shown = secrets.iter().find(|secret| text.contains(**secret));
            assert!(shown.is_none(), "{text}");
            assert!(!text.contains(TOKEN) && !text.contains(FLY_TOKEN), "{text}");
        }
    }

    /// Panics unless a secret has one value in all of its places.
    pub fn assert_agrees(&self, text: &str) {
        let account = self.account.get();
        for secret in &self.system(text).secrets {
            let values = secret.places.iter().map(|(place, variable)| {
                let secrets = match place {
                    lakefront_deploy::secrets::Place::Worker => {
                        account.worker.as_ref().map(|worker| &worker.secrets)
                    }
                    lakefront_deploy::secrets::Place::App(name) => {
                        account.apps.get(name).map(|app| &app.secrets)
                    }
                };
                secrets.and_then(|secrets| secrets.get(*variable)).cloned()
            });
            let values: std::collections::BTreeSet<Option<String>> = values.collect();
            assert!(
                values.len() == 1 && !values.contains(&None),
                "{}: {values:?}",
                secret.name
            );
        }
    }
}

pub fn variable(name: &str) -> Option<String> {
    match name {
        "CATALOG_TOKEN" => Some(CATALOG_TOKEN.to_owned()),
        "LANDING_TOKEN" => Some(LANDING_TOKEN.to_owned()),
        "INGEST_KEY" => Some("key-of-the-router".to_owned()),
        _ => None,
    }
}
