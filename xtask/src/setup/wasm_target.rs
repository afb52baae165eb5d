//! The standard library of `wasm32-unknown-unknown`: installed by rustup, else built from Debian's sources.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::announce;
use crate::installed;
use crate::paths::{LINKED_TOOLCHAIN, Paths, TOOLCHAIN};
use lakefront_launcher::process;

/// The target of the code for the browser and the Worker.
pub const WASM_TARGET: &str = "wasm32-unknown-unknown";
/// Installs the target for the compiler in use, if it is missing.
pub fn install(paths: &Paths) -> Result<()> {
    if has_target(&mut paths.command("rustc")) {
        return Ok(());
    }
    // The cache may come from another system, on which the toolchain was linked.
    installed::remove(&paths.tools(), TOOLCHAIN)?;
    announce(&format!("the {WASM_TARGET} target by rustup"));
    let by_rustup = process::run(paths.command("rustup").args(["target", "add", WASM_TARGET]));
    if by_rustup.is_ok() && has_target(&mut paths.command("rustc")) {
        return Ok(());
    }
    if process::interrupted() {
        bail!("interrupted");
    }
    announce(&format!(
        "the {WASM_TARGET} target from Debian's sources: about 2 minutes"
    ));
    super::apt::install(&[
        ("rustc-web", "/usr/bin/rustc"),
        ("cargo-web", "/usr/bin/cargo"),
        ("rustfmt-web", "/usr/bin/cargo-fmt"),
        ("rust-web-clippy", "/usr/bin/cargo-clippy"),
        ("rust-web-src", "/usr/src/rustc-*/library/std/Cargo.toml"),
    ])?;
    build_from_source(paths).context("rustup target add failed, and so did building it from Debian's sources")
}

fn has_target(rustc: &mut Command) -> bool {
    process::output(rustc.args(["--print", "target-libdir", "--target", WASM_TARGET]))
        .is_some_and(|folder| std::fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some()))
}

fn build_from_source(paths: &Paths) -> Result<()> {
    process::run(
        paths
            .command("rustup")
            .args(["toolchain", "link", LINKED_TOOLCHAIN, "/usr"]),
    )?;
    let sysroot = Path::new("/usr/lib/rustlib");
    // Debian's toolchain has no rust-lld. A link, not a copy, because rust-lld needs the libLLVM beside it.
    let rustup_sysroot =
        process::output(paths.command("rustc").args(["--print", "sysroot"])).context("no rustc")?;
    let host_bin = sysroot.join("x86_64-unknown-linux-gnu/bin");
    if !host_bin.exists() {
        let original = Path::new(&rustup_sysroot).join("lib/rustlib/x86_64-unknown-linux-gnu/bin");
        std::os::unix::fs::symlink(&original, &host_bin)
            .with_context(|| format!("cannot link {} to {}", host_bin.display(), original.display()))?;
    }
    let scratch = paths.cache.join("wasm-std");
    std::fs::create_dir_all(scratch.join("src"))?;
    std::fs::write(
        scratch.join("Cargo.toml"),
        "[package]\nname = \"empty\"\nversion = \"0.0.0\"\nedition = \"2021\"\n[workspace]\n",
    )?;
    std::fs::write(scratch.join("src/lib.rs"), "")?;
    let target = scratch.join("target");
    process::run(
        Command::new("cargo")
            .args([
                &format!("+{LINKED_TOOLCHAIN}"),
                "build",
                "--release",
                "--target",
                WASM_TARGET,
            ])
            .arg("-Zbuild-std=std,panic_abort,panic_unwind,test")
            .current_dir(&scratch)
            .env("CARGO_TARGET_DIR", &target)
            // build-std is an unstable flag on a stable compiler. Without bitcode, `lto = true` fails later.
            .env("RUSTC_BOOTSTRAP", "1")
            .env("RUSTFLAGS", "-Cembed-bitcode=yes"),
    )?;
    let to = sysroot.join(WASM_TARGET).join("lib");
    std::fs::create_dir_all(&to)?;
    for library in libraries(&target.join(WASM_TARGET).join("release/deps"))? {
        let name = library
            .file_name()
            .context("a library without a name")?
            .to_owned();
        std::fs::copy(&library, to.join(name))?;
    }
    installed::record(&paths.tools(), TOOLCHAIN, LINKED_TOOLCHAIN)?;
    if !has_target(&mut paths.command("rustc")) {
        bail!("built, but rustc does not find it in {}", to.display());
    }
    Ok(())
}

fn libraries(folder: &Path) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        if name.ends_with(".rlib") && !name.starts_with("libempty-") {
            found.push(path);
        }
    }
    Ok(found)
}
