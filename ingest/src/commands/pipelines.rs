//! The command `pipelines`: the streams, sinks and pipelines through which the Worker's rows land, as files.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Args;
use lakefront_landing::{VERSION, calls, landing_tables, pipeline_sql};

const EXAMPLES: &str = "\
Examples:
  lakefront-ingest pipelines --files pipelines

`lakefront deploy --landing-only` makes the same by calls of Cloudflare's API.";

/// The arguments of `pipelines`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Arguments {
    /// Write the SQL of each pipeline and the calls of the API into DIR/v<version>
    #[arg(long, value_name = "DIR")]
    files: PathBuf,
}

impl Arguments {
    /// Writes the files.
    pub(super) fn run(self) -> anyhow::Result<()> {
        write(&self.files.join(format!("v{VERSION}")))
    }
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
