//! Limits on the compressed sizes of the browser bundle, the modules of some pages, `otel.js` and the Worker.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use super::module::{EDITOR as SQL, LIVE as ROWS, SEARCH as COMPLETION};
use super::script;

/// A set of files with a limit on their compressed size, in bytes.
struct Limit {
    name: &'static str,
    compressor: Compressor,
    bytes: usize,
}

/// The files that a browser loads to hydrate a page.
const BROWSER: Limit = Limit {
    name: "browser bundle",
    compressor: BROTLI,
    bytes: 300_000,
};
/// The script that every page with Lakefront's tag loads.
const SCRIPT: Limit = Limit {
    name: "otel.js",
    compressor: BROTLI,
    bytes: 17_500,
};
/// The editor of the SQL page, which no other page loads. Nearly all of it is CodeMirror.
const EDITOR: Limit = Limit {
    name: "SQL editor",
    compressor: BROTLI,
    bytes: 120_000,
};
/// Live rows, which only Logs and Traces load, and only while they are on.
const LIVE: Limit = Limit {
    name: "live rows",
    compressor: BROTLI,
    bytes: 4_500,
};
/// The completion of searches, which Logs and Traces load when somebody is about to type one.
const SEARCH: Limit = Limit {
    name: "completion",
    compressor: BROTLI,
    bytes: 2_500,
};
/// The modules of the Worker. Cloudflare's free plan accepts 3 MB. The page of metrics, which the server renders, took
/// 31 kB, that of SQL 20 kB, live rows 23 kB, the container's life cycle with formulas and estimates 70 kB, watching
/// 32 kB, usage 13 kB, budgets with shared answers 25 kB, and searches in SQL, with columns, as files and from charts, 12 kB. Taking telemetry, with the mapping of ingest, took 475 kB: `docs/adr/rows-land-through-pipelines.md`.
const WORKER: Limit = Limit {
    name: "Worker",
    compressor: GZIP,
    bytes: 1_895_000,
};

struct Compressor {
    program: &'static str,
    arguments: [&'static str; 2],
}

/// The compression with which an edge sends files.
const BROTLI: Compressor = Compressor {
    program: "brotli",
    arguments: ["--stdout", "--quality=11"],
};
/// The compression with which Cloudflare measures a Worker.
const GZIP: Compressor = Compressor {
    program: "gzip",
    arguments: ["--stdout", "-9"],
};

/// Prints the sizes.
///
/// # Errors
/// Returns an error if a size is past its limit.
pub fn check(site: &Path, worker: &Path) -> Result<()> {
    let otel = site.join(script::NAME);
    let app = files(site, &["wasm", "js", "css"])?
        .into_iter()
        .filter(|file| *file != otel);
    let is = |file: &PathBuf, name: &str| file.file_name().is_some_and(|of_file| of_file == name);
    let (sql, app): (Vec<_>, Vec<_>) = app.partition(|file| is(file, SQL.name));
    let (live, app): (Vec<_>, Vec<_>) = app.into_iter().partition(|file| is(file, ROWS.name));
    let (search, app) = app.into_iter().partition(|file| is(file, COMPLETION.name));
    let measured = [
        (BROWSER, app),
        (EDITOR, sql),
        (LIVE, live),
        (SEARCH, search),
        (SCRIPT, vec![otel]),
        (WORKER, files(worker, &["wasm", "js"])?),
    ]
    .into_iter()
    .map(|(limit, files)| Ok((limit.compressor.size(&files)?, limit)))
    .collect::<Result<Vec<_>>>()?;
    for (size, limit) in &measured {
        println!(
            "  {:<14} {:>6.1} kB {:<6} (limit {} kB)",
            limit.name,
            kilobytes(*size),
            limit.compressor.program,
            kilobytes(limit.bytes)
        );
    }
    for (size, limit) in measured {
        if size > limit.bytes {
            bail!(
                "{} has {size} bytes compressed, {} too many",
                limit.name,
                size - limit.bytes
            );
        }
    }
    Ok(())
}

#[expect(clippy::cast_precision_loss, reason = "a size to print")]
fn kilobytes(bytes: usize) -> f64 {
    bytes as f64 / 1e3
}

/// Returns all files below a folder that have one of the extensions.
fn files(folder: &Path, extensions: &[&str]) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(files(&path, extensions)?);
        } else if path
            .extension()
            .is_some_and(|extension| extensions.iter().any(|wanted| extension == *wanted))
        {
            found.push(path);
        }
    }
    Ok(found)
}

impl Compressor {
    /// Returns the sum of the files' compressed sizes, in bytes.
    fn size(&self, files: &[PathBuf]) -> Result<usize> {
        let mut sum = 0;
        for file in files {
            let output = Command::new(self.program)
                .args(self.arguments)
                .arg(file)
                .stderr(Stdio::inherit())
                .output()
                .with_context(|| format!("cannot start {}", self.program))?;
            if !output.status.success() {
                bail!("{} could not compress {}", self.program, file.display());
            }
            sum += output.stdout.len();
        }
        Ok(sum)
    }
}
