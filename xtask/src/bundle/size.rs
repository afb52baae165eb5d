use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

/// What a browser loads to hydrate a page: brotli, as an edge sends it.
const BROWSER_LIMIT: usize = 250_000;
/// What the Worker's modules may weigh: gzip, as Cloudflare counts it.
const WORKER_LIMIT: usize = 1_000_000;

/// Prints the sizes of both, and fails past their limits.
pub fn check(site: &Path, worker: &Path) -> Result<()> {
    let browser: usize = compressed(
        "brotli",
        &["--stdout", "--quality=11"],
        site,
        &["wasm", "js", "css"],
    )?;
    let worker = compressed("gzip", &["--stdout", "-9"], worker, &["wasm", "js"])?;
    println!(
        "  browser bundle {:>6.1} kB brotli (limit {} kB)",
        kilobytes(browser),
        BROWSER_LIMIT / 1000
    );
    println!(
        "  Worker         {:>6.1} kB gzip   (limit {} kB)",
        kilobytes(worker),
        WORKER_LIMIT / 1000
    );
    for (name, size, limit) in [
        ("browser bundle", browser, BROWSER_LIMIT),
        ("Worker", worker, WORKER_LIMIT),
    ] {
        if size > limit {
            bail!(
                "the {name} has {size} bytes compressed, {} too many",
                size - limit
            );
        }
    }
    Ok(())
}

#[expect(clippy::cast_precision_loss, reason = "a size to print")]
fn kilobytes(bytes: usize) -> f64 {
    bytes as f64 / 1e3
}

/// The sum over all files below a folder with one of the extensions.
fn compressed(program: &str, arguments: &[&str], folder: &Path, extensions: &[&str]) -> Result<usize> {
    let mut sum = 0;
    for entry in std::fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))? {
        let path = entry?.path();
        if path.is_dir() {
            sum += compressed(program, arguments, &path, extensions)?;
        } else if path
            .extension()
            .is_some_and(|found| extensions.iter().any(|wanted| found == *wanted))
        {
            let output = Command::new(program)
                .args(arguments)
                .arg(&path)
                .stderr(Stdio::inherit())
                .output()
                .with_context(|| format!("cannot start {program}"))?;
            if !output.status.success() {
                bail!("{program} could not compress {}", path.display());
            }
            sum += output.stdout.len();
        }
    }
    Ok(sum)
}
