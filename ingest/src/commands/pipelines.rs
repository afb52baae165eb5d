//! The command `pipelines`: the streams, sinks and pipelines through which the Worker's rows land.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, ensure};
use clap::Args;
use lakefront_landing::{Call, VERSION, calls, landing_tables, pipeline_sql};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;

const EXAMPLES: &str = "\
Examples:
  lakefront-ingest pipelines --files pipelines
  CLOUDFLARE_API_TOKEN=… CATALOG_TOKEN=… lakefront-ingest pipelines --create --account ID --bucket lake

With --create it prints the Worker's LANDING_STREAMS. Nothing that is there is changed, because Cloudflare changes none of it.";

/// The time limit of one call.
const CALL_TIMEOUT: Duration = Duration::from_secs(60);

/// The arguments of `pipelines`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// Write the SQL of each pipeline and the calls of the API into DIR/v<version>
    #[arg(long, value_name = "DIR", required_unless_present = "create")]
    files: Option<PathBuf>,

    /// Make everything by calls of Cloudflare's API
    #[arg(long, requires = "account", requires = "bucket")]
    create: bool,

    /// Cloudflare's id of the account
    #[arg(long, env = "CLOUDFLARE_ACCOUNT_ID", value_name = "ID")]
    account: Option<String>,

    /// The R2 bucket with the data catalog of the lake
    #[arg(long, value_name = "NAME")]
    bucket: Option<String>,

    /// API token that may write pipelines
    #[arg(
        long,
        env = "CLOUDFLARE_API_TOKEN",
        hide_env_values = true,
        value_name = "TOKEN"
    )]
    api_token: Option<SecretString>,

    /// Token with which the sinks write to the data catalog and to R2
    #[arg(long, env = "CATALOG_TOKEN", hide_env_values = true, value_name = "TOKEN")]
    catalog_token: Option<SecretString>,

    /// Address of the API
    #[arg(
        long,
        env = "CLOUDFLARE_API_BASE_URL",
        default_value = "https://api.cloudflare.com/client/v4",
        value_name = "URL"
    )]
    api: String,
}

impl Arguments {
    /// Writes the files, or makes the resources.
    pub(super) async fn run(self) -> anyhow::Result<()> {
        if let Some(folder) = &self.files {
            write(&folder.join(format!("v{VERSION}")))?;
        }
        if self.create {
            let streams = self.create().await?;
            println!("LANDING_STREAMS={}", serde_json::to_string(&streams)?);
        }
        Ok(())
    }

    /// Makes the resources in order. Returns the address of each stream, by the table whose rows it takes.
    async fn create(&self) -> anyhow::Result<BTreeMap<&'static str, String>> {
        let named = "is clap's to require";
        let (account, bucket) = (
            self.account.as_deref().context(named)?,
            self.bucket.as_deref().context(named)?,
        );
        let token = self.api_token.as_ref().context("set CLOUDFLARE_API_TOKEN")?;
        let catalog = self.catalog_token.as_ref().context("set CATALOG_TOKEN")?;
        let client = reqwest::Client::builder().timeout(CALL_TIMEOUT).build()?;
        let mut streams = BTreeMap::new();
        for call in calls() {
            let of = call.of;
            let call = call.filled(account, bucket, catalog.expose_secret());
            let made = self.call(&client, &call, token).await?;
            eprintln!("made {}", call.body["name"]);
            streams.extend(made.endpoint.map(|endpoint| (of, endpoint)));
        }
        Ok(streams)
    }

    async fn call(
        &self,
        client: &reqwest::Client,
        call: &Call,
        token: &SecretString,
    ) -> anyhow::Result<Made> {
        #[derive(Deserialize)]
        struct Answer {
            result: Made,
        }
        let name = &call.body["name"];
        let answer = client
            .post(format!("{}{}", self.api.trim_end_matches('/'), call.path))
            .bearer_auth(token.expose_secret())
            .json(&call.body)
            .send()
            .await
            .with_context(|| format!("making {name}"))?;
        let status = answer.status();
        let text = answer.text().await?;
        ensure!(
            status.is_success(),
            "making {name}: {status}: {}; if it is there already, make a new version or delete what was made",
            text.chars().take(300).collect::<String>()
        );
        let answer: Answer = serde_json::from_str(&text).with_context(|| format!("making {name}"))?;
        Ok(answer.result)
    }
}

/// The part of a resource that later steps need.
#[derive(Deserialize)]
struct Made {
    endpoint: Option<String>,
}

fn write(folder: &Path) -> anyhow::Result<()> {
    let file = |name: String, text: String| {
        let path = folder.join(name);
        std::fs::write(&path, text).with_context(|| path.display().to_string())
    };
    std::fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    for table in landing_tables() {
        file(format!("{}.sql", table.of), pipeline_sql(table))?;
    }
    file(
        "calls.json".to_owned(),
        serde_json::to_string_pretty(&calls())? + "\n",
    )
}
