use anyhow::Result;

use super::{announce, stamp};
use crate::paths::Paths;
use lakefront_launcher::process;

/// `cargo install`s a tool into the tools folder: with the versions its makers tested, else with the newest, because a lock
/// file can name a version that a registry mirror does not have.
pub fn install(paths: &Paths, tool: &str, version: &str) -> Result<()> {
    if stamp::matches(paths, tool, version) {
        return Ok(());
    }
    announce(&format!("{tool} {version} by cargo install: minutes"));
    let install = |more: &[&str]| {
        let arguments = ["install", "--quiet", "--force", tool, "--version", version];
        let mut cargo = paths.cargo(&[&arguments[..], more].concat());
        cargo.arg("--root").arg(paths.tools());
        // They run for seconds: building them takes longer than an optimized build would ever save.
        cargo
            .env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "1")
            .env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "256")
            .env("CARGO_PROFILE_RELEASE_LTO", "off");
        process::run(cargo.env("CARGO_TARGET_DIR", paths.target.join("tools")))
    };
    install(&["--locked"]).or_else(|_| install(&[]))?;
    stamp::set(paths, tool, version)
}
