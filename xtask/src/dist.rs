//! The command `cargo xtask dist`: packs one archive with everything the stack needs, for machines without Rust or
//! Node.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use clap::{Parser, ValueEnum};
use lakefront_launcher::process;

use crate::bundle;
use crate::paths::Paths;
use crate::setup::{self, ToolSet};

/// The arguments of `dist`.
#[derive(Parser)]
#[command(
    after_help = "Examples:\n  cargo xtask dist                  lakefront-<version>-linux-amd64.tar.gz in target/dist of the cache\n  cargo xtask dist --out ~/archives\n\nThen, anywhere:\n  tar xzf lakefront-*.tar.gz && ./lakefront-*/lakefront up"
)]
pub struct Args {
    /// The folder of the archive [default: dist in the target folder]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// The build profile of the programs: `dev` takes those of `up`, for tests
    #[arg(long, value_enum, default_value = "release")]
    profile: Profile,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Profile {
    Release,
    Dev,
}

/// The launcher. The programs that it starts are in the folder beside it.
const LAUNCHER: &str = "lakefront";
const PROGRAMS: [&str; 5] = [
    "lakefront-chdb-container",
    "lakefront-demo",
    "lakefront-deploy",
    "lakefront-ingest",
    "lakefront-sync",
];
/// Files of the checkout that are copied into the archive.
const DOCUMENTS: [&str; 2] = ["LICENSE", "CHANGELOG.md"];

/// Builds, copies and packs everything, and prints the archive's path.
pub fn run(args: &Args) -> Result<()> {
    let paths = setup::run(ToolSet::Stack)?;
    build(&paths, args.profile)?;
    bundle::bundle(&paths)?;
    let out = match &args.out {
        Some(folder) => std::path::absolute(folder)?,
        None => paths.target.join("dist"),
    };
    let name = format!("lakefront-{}-linux-{}", env!("CARGO_PKG_VERSION"), machine()?);
    let folder = out.join(&name);
    lay_out(&paths, args.profile, &folder)?;
    let archive = pack(&out, &name, args.profile)?;
    fs::remove_dir_all(&folder)?;
    let bytes = fs::metadata(&archive)?.len();
    println!("{} ({} MB)", archive.display(), bytes / 1_000_000);
    Ok(())
}

/// Returns the architecture's name in archives and container images.
fn machine() -> Result<&'static str> {
    match std::env::consts::ARCH {
        "x86_64" => Ok("amd64"),
        other => bail!("chDB's library is packaged for x86_64 only, not for {other}"),
    }
}

fn build(paths: &Paths, profile: Profile) -> Result<()> {
    match profile {
        Profile::Dev => crate::build::programs(paths),
        Profile::Release => {
            let mut cargo = paths.cargo(&["build", "--release", "--workspace", "--bins", "--test", "up"]);
            // With this variable the programs look for libchdb in their own folder only.
            process::run(cargo.env("LAKEFRONT_RELOCATABLE", "1"))
        }
    }
}

/// Copies all files of the archive into an empty folder.
fn lay_out(paths: &Paths, profile: Profile, folder: &Path) -> Result<()> {
    let built = paths.target.join(match profile {
        Profile::Release => "release",
        Profile::Dev => "debug",
    });
    if folder.exists() {
        fs::remove_dir_all(folder).with_context(|| format!("cannot empty {}", folder.display()))?;
    }
    fs::create_dir_all(folder.join("bin")).with_context(|| format!("cannot make {}", folder.display()))?;
    copy(&built.join(LAUNCHER), &folder.join(LAUNCHER))?;
    for program in PROGRAMS {
        copy(&built.join(program), &folder.join("bin").join(program))?;
    }
    let installation = paths.installation();
    copy(&installation.workerd, &folder.join("bin/workerd"))?;
    copy(
        &paths.tools().join("libchdb/libchdb.so"),
        &folder.join("bin/libchdb.so"),
    )?;
    bundle::copy(&installation.bundle, &folder.join("bundle"))?;
    for document in DOCUMENTS {
        copy(&paths.checkout.join(document), &folder.join(document))?;
    }
    fs::write(folder.join("README"), README).context("cannot write README")
}

const README: &str = "Lakefront: telemetry in open Iceberg tables on your own disk, with dashboards.

  ./lakefront up            starts the stack over your lake, prints the dashboard's address
  ./lakefront up --demo     with the traffic of a small web shop
  ./lakefront status        what each part of a running stack reports
  ./lakefront doctor        what is wrong with this machine or configuration
  ./lakefront deploy        the same system on Cloudflare and Fly.io, from a checkout: --help
  ./lakefront --help

Linux on x86_64 with glibc 2.35 or newer. Nothing else has to be installed.
";

fn copy(from: &Path, to: &Path) -> Result<()> {
    fs::copy(from, to)
        .map(drop)
        .with_context(|| format!("cannot copy {} to {}", from.display(), to.display()))
}

/// Packs a folder of `out` into an archive beside it.
fn pack(out: &Path, name: &str, profile: Profile) -> Result<PathBuf> {
    let archive = out.join(format!("{name}.tar.gz"));
    // libchdb alone has 566 MB. The best level takes minutes to save a tenth, and the fastest is enough for a test.
    let gzip = if profile == Profile::Dev {
        "gzip -1"
    } else {
        "gzip -6"
    };
    let mut tar = Command::new("tar");
    tar.current_dir(out)
        .args([
            "--create",
            "--owner=0",
            "--group=0",
            "--sort=name",
            "--use-compress-program",
            gzip,
            "--file",
        ])
        .args([&archive, Path::new(name)]);
    eprintln!("  … packing {}", archive.display());
    process::run(&tar)?;
    Ok(archive)
}
