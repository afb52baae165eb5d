//! The modules of JavaScript that only some pages of the dashboard load.

use std::path::Path;

use anyhow::Result;

use crate::paths::Paths;
use lakefront_launcher::process;

/// A module that some pages load beside the app.
pub struct Module {
    /// Its file in the folder of the app for the browser.
    pub name: &'static str,
    /// The folder of the sources, in the checkout.
    pub sources: &'static str,
}

/// The editor of the SQL page.
pub const EDITOR: Module = Module {
    name: "sql.js",
    sources: "app/editor",
};

/// Live rows on Logs and Traces.
pub const LIVE: Module = Module {
    name: "live.js",
    sources: "app/live",
};

/// The completion of searches on Logs and Traces.
pub const SEARCH: Module = Module {
    name: "search.js",
    sources: "app/search",
};

/// The folder of what several modules import.
pub const SHARED: &str = "app/elements";

impl Module {
    /// Bundles the module into the folder of the app.
    pub fn build(&self, paths: &Paths, package: &Path) -> Result<()> {
        let mut esbuild = paths.command(paths.node_modules().join(".bin/esbuild"));
        esbuild
            .arg(paths.checkout.join(self.sources).join("main.js"))
            .args(["--bundle", "--minify", "--format=esm", "--target=es2022"])
            // A module brings its styles, so that no other page loads them.
            .arg("--loader:.css=text")
            // The licenses of bundled packages are in docs/dashboard.md.
            .args(["--legal-comments=none", "--log-level=warning"])
            .arg(format!("--outfile={}", package.join(self.name).display()))
            // The packages are in the tools folder, not beside the sources.
            .env("NODE_PATH", paths.node_modules());
        process::run(&esbuild)
    }
}
