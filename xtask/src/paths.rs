//! Paths of the checkout, of the cache that checkouts share, and of the files in them.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};
use lakefront_launcher::{Installation, user_folder};

use crate::installed;

/// Name of the toolchain that every command uses if the library for wasm32 was built from Debian's sources. Otherwise
/// the toolchain of `rust-toolchain.toml` applies.
pub const LINKED_TOOLCHAIN: &str = "debian";
/// Name of the linked toolchain's record among the installed tools.
pub const TOOLCHAIN: &str = "toolchain";

/// The folders that every command uses.
#[derive(Debug, Clone)]
pub struct Paths {
    /// The root of the checkout.
    pub checkout: PathBuf,
    /// `$LAKEFRONT_CACHE`, else `lakefront` in the user's cache folder: tools and all built outputs.
    pub cache: PathBuf,
    /// `$CARGO_TARGET_DIR`, else `target` in the cache.
    pub target: PathBuf,
    /// True if commands lint the code that they compile.
    lints: bool,
}

impl Paths {
    /// Finds the folders, and creates the cache.
    ///
    /// # Errors
    /// Returns an error outside of `cargo xtask`, or if the cache cannot be created.
    pub fn find() -> Result<Self> {
        // Read at run time, because all checkouts that share the cache run the same program.
        let checkout = std::env::var_os("CARGO_MANIFEST_DIR").context("run this as `cargo xtask`")?;
        let checkout = Path::new(&checkout).parent().context("xtask has no parent")?;
        let cache = match std::env::var_os("LAKEFRONT_CACHE") {
            Some(folder) => PathBuf::from(folder),
            None => user_folder("XDG_CACHE_HOME", ".cache")
                .context("no place for tools: set LAKEFRONT_CACHE")?
                .join("lakefront"),
        };
        let target = match std::env::var_os("CARGO_TARGET_DIR") {
            Some(folder) => checkout.join(folder),
            None => cache.join("target"),
        };
        std::fs::create_dir_all(cache.join("tools")).with_context(|| {
            format!(
                "cannot make {}; set LAKEFRONT_CACHE to a folder you own",
                cache.display()
            )
        })?;
        Ok(Self {
            checkout: checkout.to_owned(),
            cache,
            target,
            lints: false,
        })
    }

    /// Returns the folder of the tools that `setup` installs.
    pub fn tools(&self) -> PathBuf {
        self.cache.join("tools")
    }

    /// Returns the path of a tool that cargo installed.
    pub fn cargo_tool(&self, name: &str) -> PathBuf {
        self.tools().join("bin").join(name)
    }

    /// Returns the folder of node modules, with `.bin` inside.
    pub fn node_modules(&self) -> PathBuf {
        self.tools().join("node_modules")
    }

    /// Returns the Python interpreter that has the packages of the tests.
    pub fn python(&self) -> PathBuf {
        self.tools().join("python/bin/python")
    }

    /// Returns the folder of MinIO and the Iceberg REST catalog.
    pub fn object_store(&self) -> PathBuf {
        self.tools().join("object-store")
    }

    /// Returns the folder of the OpenTelemetry SDK for Java, one folder for each version.
    pub fn otel_java(&self) -> PathBuf {
        self.tools().join("otel-java")
    }

    /// Returns the folder of the JDBC drivers, one folder each.
    pub fn jdbc(&self) -> PathBuf {
        self.tools().join("jdbc")
    }

    /// Returns the folder of the browser bundle and the Worker.
    pub fn bundle(&self) -> PathBuf {
        self.cache.join("bundle")
    }

    /// Returns the programs of the stack in the folders into which they are built.
    pub fn installation(&self) -> Installation {
        Installation {
            programs: self.target.join("debug"),
            workerd: self.node_modules().join("workerd/bin/workerd"),
            bundle: self.bundle(),
            object_store: Some(self.object_store()),
        }
    }

    /// Returns paths whose commands compile the packages of the workspace with clippy and fail on warnings. That is
    /// `cargo clippy -- -D warnings`, but with outputs that run.
    #[must_use]
    pub fn with_lints(self) -> Self {
        Self { lints: true, ..self }
    }

    /// Returns a command in the checkout, with the environment that builds and tests expect.
    pub fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        command
            .current_dir(&self.checkout)
            .env("CARGO_TARGET_DIR", &self.target)
            .env("CHDB_LIB_DIR", self.tools().join("libchdb"))
            .env("CHDB_INCLUDE_DIR", self.tools().join("libchdb"))
            .env("LAKEFRONT_NODE_MODULES", self.node_modules())
            .env("LAKEFRONT_PYTHON", self.python())
            .env("LAKEFRONT_OBJECT_STORE", self.object_store())
            .env("LAKEFRONT_JDBC", self.jdbc())
            .env("LAKEFRONT_OTEL_JAVA", self.otel_java())
            .env("LAKEFRONT_BUNDLE", self.bundle())
            .env("WRANGLER_SEND_METRICS", "false");
        // `cargo run` sets these variables for xtask itself. Build scripts compare them with the values of their last
        // run. If the variables stayed set, every other checkout would compile half of the dependencies again.
        for (name, _) in std::env::vars_os() {
            let told = name.to_string_lossy();
            if told.starts_with("CARGO_PKG_") || told.starts_with("CARGO_MANIFEST_") {
                command.env_remove(&name);
            }
        }
        if self.lints {
            command
                .env("RUSTC_WORKSPACE_WRAPPER", "clippy-driver")
                // The driver splits its arguments at this word, which is how cargo-clippy joins them.
                .env("CLIPPY_ARGS", "-D__CLIPPY_HACKERY__warnings__CLIPPY_HACKERY__");
        }
        if installed::matches(&self.tools(), TOOLCHAIN, LINKED_TOOLCHAIN) {
            command.env("RUSTUP_TOOLCHAIN", LINKED_TOOLCHAIN);
        }
        command
    }

    /// Returns a `cargo` command with that environment.
    pub fn cargo(&self, arguments: &[&str]) -> Command {
        let mut command = self.command("cargo");
        command.args(arguments);
        command
    }
}
