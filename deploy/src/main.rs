//! The program `lakefront-deploy`, which `lakefront deploy` starts.

use std::io::{IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context as _, Result, bail};
use clap::Parser;
use lakefront_deploy::api::{Cloudflare, Fly};
use lakefront_deploy::check::check;
use lakefront_deploy::config::Config;
use lakefront_deploy::cost::cost;
use lakefront_deploy::deploy::{Deployer, Event, shown};
use lakefront_deploy::existing::Existing;
use lakefront_deploy::plan::{Deployments, Scope, destroy, plan};
use lakefront_deploy::programs::Programs;
use lakefront_deploy::system::{Files, System};
use lakefront_deploy::{Error, print};
use secrecy::SecretString;
use serde_json::json;

const EXAMPLES: &str = "\
Examples:
  lakefront deploy --plan                    the whole system and its costs, without a network
  CLOUDFLARE_API_TOKEN=… lakefront deploy --plan      compared with what exists
  lakefront deploy --check                   tokens, permissions, names, limits, files
  lakefront deploy                           shows the plan, asks, and does it; a second run does nothing
  lakefront deploy --rotate VIEWER_TOKEN     a new value for a secret
  lakefront deploy --destroy                 lists what goes, and asks for the name; the lake stays

Exit status: 0 if all is done, 1 if something failed or is wrong, 2 if an argument is not valid.
A run that broke off goes on when it is started again. docs/deploy/README.md has more.";

/// Deploys the system that lakefront.toml describes, on Cloudflare and Fly.io.
#[derive(Debug, Parser)]
#[command(name = "lakefront deploy", bin_name = "lakefront deploy", version, after_help = EXAMPLES)]
struct Cli {
    /// The file that describes the system
    #[arg(long, default_value = "lakefront.toml", value_name = "FILE")]
    file: PathBuf,

    /// Show what would be done and what it costs, and do nothing
    #[arg(long, conflicts_with_all = ["check", "destroy"])]
    plan: bool,

    /// Check tokens, permissions, names, limits and files, and do nothing else
    #[arg(long, conflicts_with = "destroy")]
    check: bool,

    /// Remove what was deployed. The bucket with the lake stays
    #[arg(long)]
    destroy: bool,

    /// With --destroy: also delete the bucket and all of its data
    #[arg(long, requires = "destroy")]
    delete_data: bool,

    /// With --destroy: the name of the system, in place of a question
    #[arg(long, requires = "destroy", value_name = "NAME")]
    confirm: Option<String>,

    /// Make only bucket, data catalog, streams, sinks and pipelines, and print LANDING_STREAMS
    #[arg(long, conflicts_with_all = ["check", "destroy", "rotate"])]
    landing_only: bool,

    /// Give a secret a new value, though it is set (may be repeated)
    #[arg(long, value_name = "SECRET", conflicts_with_all = ["check", "destroy"])]
    rotate: Vec<String>,

    /// Do not ask before a deployment
    #[arg(long)]
    yes: bool,

    /// Print JSON
    #[arg(long)]
    json: bool,

    /// The checkout, with Dockerfiles and sources [default: the current folder, or one above it]
    #[arg(long, env = "LAKEFRONT_SOURCE", value_name = "DIR")]
    source: Option<PathBuf>,

    /// The Worker and the static files [default: router/build in the checkout, where `cargo xtask bundle` puts them]
    #[arg(long, env = "LAKEFRONT_BUNDLE", value_name = "DIR")]
    bundle: Option<PathBuf>,

    /// The program wrangler, 4.86 or newer
    #[arg(long, default_value = "wrangler", value_name = "PATH")]
    wrangler: PathBuf,

    /// The program flyctl, for ClickHouse on Fly.io
    #[arg(long, default_value = "flyctl", value_name = "PATH")]
    flyctl: PathBuf,

    /// The program docker, with which wrangler builds the images
    #[arg(long, default_value = "docker", value_name = "PATH")]
    docker: PathBuf,

    /// Address of Cloudflare's API
    #[arg(long, env = "CLOUDFLARE_API_BASE_URL", default_value = Cloudflare::ADDRESS, value_name = "URL")]
    api: String,

    /// Address of the Machines API of Fly.io
    #[arg(long, env = "FLY_API_HOSTNAME", default_value = Fly::ADDRESS, value_name = "URL")]
    fly_api: String,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let result = match runtime {
        Ok(runtime) => runtime.block_on(run(&cli)),
        Err(error) => Err(error.into()),
    };
    match result {
        Ok(code) => code,
        Err(error) => {
            eprintln!("\nerror: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(cli: &Cli) -> Result<ExitCode> {
    let text = std::fs::read_to_string(&cli.file).with_context(|| {
        format!(
            "cannot read {} (--file): docs/deploy/README.md has one for each tier",
            cli.file.display()
        )
    })?;
    let system = System::of(Config::parse(&cli.file.display().to_string(), &text)?);
    let deployer = cli.deployer(&system)?;
    if cli.destroy {
        return cli.destroy(&system, &deployer.context(no_token())?).await;
    }
    if cli.check {
        return cli.check(&system, &deployer.context(no_token())?).await;
    }
    let scope = Scope::new(cli.rotate.clone(), cli.landing_only);
    let Some(deployer) = deployer else {
        if cli.plan {
            return cli.show_without_account(&system, &scope);
        }
        bail!(no_token());
    };
    eprintln!("  … reading what exists");
    let (existing, plan) = deployer.plan(&system, &scope).await?;
    cli.show(&system, &plan.lines, true);
    if cli.plan {
        return Ok(ExitCode::SUCCESS);
    }
    let mut streams = existing.streams(&system);
    if !plan.steps.is_empty() {
        cli.confirm_deployment()?;
        let outcome = cli.deploy(&system, &deployer, &existing, &plan).await?;
        streams = outcome.streams;
    }
    if cli.landing_only {
        println!("LANDING_STREAMS={}", json!(streams));
    } else {
        say_what_next(&system, &deployer).await;
    }
    Ok(ExitCode::SUCCESS)
}

fn no_token() -> Error {
    Error::NoToken(Cloudflare::TOKEN)
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

impl Cli {
    /// Returns the parts that deploy, or `None` without a token for Cloudflare.
    fn deployer(&self, system: &System) -> Result<Option<Deployer>> {
        let Some(token) = variable(Cloudflare::TOKEN).filter(|token| !token.is_empty()) else {
            return Ok(None);
        };
        let token = SecretString::from(token);
        let mut programs = Programs::new(self.wrangler.clone(), self.flyctl.clone(), self.docker.clone());
        programs.environment.insert(Cloudflare::TOKEN, token.clone());
        programs
            .environment
            .insert("CLOUDFLARE_ACCOUNT_ID", system.config.account.clone().into());
        let mut fly = None;
        if !system.apps.is_empty() && !self.landing_only {
            let token = variable(Fly::TOKEN).filter(|token| !token.is_empty());
            let token = SecretString::from(token.ok_or(Error::NoToken(Fly::TOKEN))?);
            programs.environment.insert(Fly::TOKEN, token.clone());
            fly = Some(Fly::new(&self.fly_api, token)?);
        }
        let cloudflare = Cloudflare::new(&self.api, &system.config, token)?;
        Ok(Some(Deployer::new(cloudflare, fly, programs, self.files()?)))
    }

    fn files(&self) -> Result<Files> {
        let here = std::env::current_dir()?;
        let source = match &self.source {
            Some(source) => std::path::absolute(source)?,
            None => {
                let is_checkout = |folder: &&Path| folder.join("router/wrangler.toml").is_file();
                here.ancestors().find(is_checkout).unwrap_or(&here).to_owned()
            }
        };
        let bundle = self.bundle.as_ref().map(std::path::absolute).transpose()?;
        Ok(Files::new(source, bundle))
    }

    /// Shows the whole system without a call of an API.
    fn show_without_account(&self, system: &System, scope: &Scope) -> Result<ExitCode> {
        let plan = plan(system, &Existing::default(), &Deployments::default(), scope)?;
        self.show(system, &plan.lines, false);
        Ok(ExitCode::SUCCESS)
    }

    fn show(&self, system: &System, lines: &[lakefront_deploy::plan::Line], is_compared: bool) {
        let cost = cost(&system.config);
        if self.json {
            println!("{}", print::json(&system.config, lines, &cost, is_compared));
            return;
        }
        println!("{} (tier {}):\n", system.config.name, system.config.tier());
        print!("{}", print::lines(lines));
        println!("\n{}", print::summary(lines));
        if !is_compared {
            println!("Not compared with what exists: {} is not set.", Cloudflare::TOKEN);
        }
        println!("\n{}", print::costs(&system.config, &cost));
    }

    fn confirm_deployment(&self) -> Result<()> {
        if self.yes {
            return Ok(());
        }
        if !std::io::stdin().is_terminal() {
            bail!("nothing was done: there is nobody to ask; pass --yes");
        }
        match ask("Do this? Type yes: ")?.as_str() {
            "yes" => Ok(()),
            _ => bail!("nothing was done"),
        }
    }

    async fn deploy(
        &self,
        system: &System,
        deployer: &Deployer,
        existing: &Existing,
        plan: &lakefront_deploy::plan::Plan,
    ) -> Result<lakefront_deploy::deploy::Outcome> {
        let mut begun = Instant::now();
        let mut report = |event| match event {
            Event::Begins(step) => {
                begun = Instant::now();
                eprintln!("  … {step}");
            }
            Event::Ended(step) => eprintln!("  ✓ {step} ({:.1} s)", begun.elapsed().as_secs_f64()),
            Event::Secret(name, value) => {
                if self.json {
                    println!("{}", json!({ "secret": name, "value": shown(&value) }));
                } else {
                    println!(
                        "\n  {name}={}\n  Keep it: it is not shown again. --rotate {name} makes a new one.\n",
                        shown(&value)
                    );
                }
            }
        };
        let outcome = deployer
            .deploy(system, existing, plan, &variable, &mut report)
            .await;
        let rotates = match self.rotate.is_empty() {
            true => String::new(),
            false => format!(" with --rotate {}", self.rotate.join(" --rotate ")),
        };
        outcome.with_context(|| format!("what was made stays; run the same command again{rotates} to go on"))
    }

    async fn check(&self, system: &System, deployer: &Deployer) -> Result<ExitCode> {
        eprintln!("  … checking");
        let checks = check(deployer, system, &variable).await;
        let wrong = checks.iter().filter(|check| !check.ok).count();
        if self.json {
            println!("{}", json!({ "ok": wrong == 0, "checks": checks }));
        } else {
            print!("{}", print::checks(&checks));
            println!("\n{} checks, {wrong} wrong", checks.len());
        }
        Ok(if wrong == 0 {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        })
    }

    async fn destroy(&self, system: &System, deployer: &Deployer) -> Result<ExitCode> {
        eprintln!("  … reading what exists");
        let existing = deployer.existing(system, false).await?;
        let plan = destroy(system, &existing, self.delete_data);
        if self.json {
            println!(
                "{}",
                json!({ "name": system.config.name, "resources": plan.lines })
            );
        } else {
            println!("{}:\n\n{}", system.config.name, print::lines(&plan.lines));
        }
        if plan.removals.is_empty() {
            eprintln!("Nothing to remove.");
            return Ok(ExitCode::SUCCESS);
        }
        let typed = match &self.confirm {
            Some(name) => name.clone(),
            None if std::io::stdin().is_terminal() => {
                ask("This cannot be undone. Type the name of the system: ")?
            }
            None => bail!(
                "nothing was removed: there is nobody to ask; pass --confirm {}",
                system.config.name
            ),
        };
        if typed != system.config.name {
            return Err(Error::NotConfirmed(typed).into());
        }
        for removal in &plan.removals {
            eprintln!("  … {removal}");
            let note = deployer.remove(removal).await;
            let note = note.context("what was removed is gone; run the same command again to go on")?;
            if let Some(note) = note {
                eprintln!("  {note}");
            }
        }
        eprintln!(
            "\nRemoved. The landing tables of a sink stay in the catalog, and a new sink refuses an existing table."
        );
        Ok(ExitCode::SUCCESS)
    }
}

fn ask(question: &str) -> Result<String> {
    eprint!("{question}");
    std::io::stderr().flush()?;
    let mut line = String::new();
    std::io::stdin().read_line(&mut line)?;
    Ok(line.trim().to_owned())
}

/// Says what a person does after a deployment. An address that cannot be read is left out.
async fn say_what_next(system: &System, deployer: &Deployer) {
    let address = deployer.address(system).await.ok().flatten();
    let address =
        address.unwrap_or_else(|| format!("https://{}.<subdomain>.workers.dev", system.config.name));
    eprintln!("\nNext:");
    eprintln!("  open {address}");
    eprintln!("  send telemetry to {address}/v1/logs, /v1/traces, /v1/metrics: docs/send/README.md");
    eprintln!("  the first rows appear after 4 to 9 minutes: docs/deploy/README.md says what to look at");
}
