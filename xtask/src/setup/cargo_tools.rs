use anyhow::Result;

use super::{announce, stamp};
use crate::paths::Paths;
use crate::process;

/// `cargo install`s a tool into the tools folder. Without `--locked`: a lock file can name a version that a registry mirror
/// does not have yet.
pub fn install(paths: &Paths, tool: &str, version: &str) -> Result<()> {
    if stamp::matches(paths, tool, version) {
        return Ok(());
    }
    announce(&format!("{tool} {version} by cargo install: about 2 minutes"));
    process::run(
        paths
            .cargo(&[
                "install",
                "--quiet",
                "--force",
                tool,
                "--version",
                version,
                "--root",
            ])
            .arg(paths.tools())
            .env("CARGO_TARGET_DIR", paths.target.join("tools")),
    )?;
    stamp::set(paths, tool, version)
}
