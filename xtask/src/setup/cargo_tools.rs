//! Tools that cargo installs.

use anyhow::Result;

use super::announce;
use crate::installed;
use crate::paths::Paths;
use lakefront_launcher::process;

/// Installs a tool into the tools folder by `cargo install`. The first attempt takes the tool's lock file, the second
/// the newest versions, because a registry mirror may lack a locked version.
pub fn install(paths: &Paths, tool: &str, version: &str) -> Result<()> {
    if installed::matches(&paths.tools(), tool, version) {
        return Ok(());
    }
    announce(&format!("{tool} {version} by cargo install: minutes"));
    let install = |more: &[&str]| {
        let arguments = ["install", "--quiet", "--force", tool, "--version", version];
        let mut cargo = paths.cargo(&[&arguments[..], more].concat());
        cargo.arg("--root").arg(paths.tools());
        // The tools run for seconds. An optimized build would take longer than it saves.
        cargo
            .env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "1")
            .env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "256")
            .env("CARGO_PROFILE_RELEASE_LTO", "off");
        process::run(cargo.env("CARGO_TARGET_DIR", paths.target.join("tools")))
    };
    install(&["--locked"]).or_else(|_| {
        announce(&format!(
            "{tool} {version} again, with the newest versions of what it depends on"
        ));
        install(&[])
    })?;
    installed::record(&paths.tools(), tool, version)
}
