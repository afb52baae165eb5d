//! The command `cargo xtask test`: runs everything that CI runs, the cheapest steps first.
//!
//! Lints run while the tests are compiled. Clippy replaces the compiler for the packages of the workspace, so that no
//! dependency is checked a second time.

mod job;
mod pool;
mod quick;
mod scratch;

use std::time::Instant;

use anyhow::{Result, bail};
use clap::{Parser, ValueEnum};

use crate::build;
use crate::paths::Paths;
use crate::setup::{self, ToolSet, WASM_TARGET};
use crate::test::scratch::Scratch;
use lakefront_launcher::Lake;
use lakefront_launcher::process;
use lakefront_launcher::supervisor::Supervisor;

/// The arguments of `test`.
#[derive(Parser)]
#[command(
    after_help = "Examples:\n  cargo xtask test                             what CI runs\n  cargo xtask test --quick                     lints and unit tests of what changed against main: while you work\n  cargo xtask test --all                       every combination and every suite on S3: before an issue is closed\n  cargo xtask test --only fmt --only build\n  cargo xtask test --only cargo --suite sync   one binary of tests"
)]
pub struct Args {
    /// Only this step (may be repeated)
    #[arg(long, value_enum)]
    only: Vec<Step>,
    /// Only tests of this package, or of this file or folder below `tests/`, in the step `cargo` (may be repeated)
    #[arg(long, value_name = "NAME")]
    suite: Vec<String>,
    /// Formatting, lints and unit tests of the packages that changed against `main`, nothing else
    #[arg(long, conflicts_with_all = ["only", "suite", "all", "screenshots"])]
    quick: bool,
    /// Also the slow tests: all combinations of equivalence, 50,000 names, every suite of the stack on S3, the browser-only dashboard
    #[arg(long)]
    all: bool,
    /// Let the browser step also write the pictures of the README and the guides, in docs/screenshots
    #[arg(long)]
    screenshots: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Step {
    /// cargo fmt --check
    Fmt,
    /// Programs, tests, browser bundle and Worker, with lints on every feature set that ships
    Build,
    /// cargo doc without warnings
    Doc,
    /// Unit and integration tests
    Cargo,
    /// The dashboard in Chromium, on the embedded stack
    Browser,
}

const STEPS: [Step; 5] = [Step::Fmt, Step::Build, Step::Doc, Step::Cargo, Step::Browser];

#[derive(Default)]
struct Count {
    passed: u64,
    failed: u64,
}

/// Runs the steps. A step that fails is the last one; its own tests are all counted first.
pub fn run(args: &Args) -> Result<()> {
    let paths = setup::run(if args.quick {
        ToolSet::Stack
    } else {
        ToolSet::Everything
    })?;
    let paths = paths.with_lints();
    if args.quick {
        return quick::run(&paths);
    }
    let mut count = Count::default();
    let mut times = Vec::new();
    let mut result = Ok(());
    for step in STEPS
        .into_iter()
        .filter(|step| args.only.is_empty() || args.only.contains(step))
    {
        eprintln!("\n── {step:?} ──");
        let started = Instant::now();
        result = match step {
            Step::Fmt => process::run(&paths.cargo(&["fmt", "--all", "--check"])),
            Step::Build => build(&paths, args.all),
            Step::Doc => doc(&paths),
            Step::Cargo => cargo_tests(&paths, args, &mut count),
            Step::Browser => browser(&paths, args.screenshots, &mut count),
        };
        times.push(format!("{step:?} {} s", started.elapsed().as_secs()));
        if result.is_err() {
            break;
        }
    }
    println!("\n{}", times.join(", "));
    println!("{} passed, {} failed", count.passed, count.failed);
    result?;
    if count.failed > 0 {
        bail!("{} tests failed", count.failed);
    }
    Ok(())
}

fn build(paths: &Paths, all: bool) -> Result<()> {
    build::all(paths)?;
    build::bundle(paths)?;
    if all {
        let csr = [
            "build",
            "-p",
            "lakefront-app",
            "--features",
            "csr",
            "--target",
            WASM_TARGET,
        ];
        process::run(&paths.cargo(&csr))?;
    }
    Ok(())
}

fn doc(paths: &Paths) -> Result<()> {
    let mut command = paths.cargo(&["doc", "--workspace", "--no-deps"]);
    process::run(command.env("RUSTDOCFLAGS", "-D warnings"))
}

fn cargo_tests(paths: &Paths, args: &Args, count: &mut Count) -> Result<()> {
    let binaries = job::binaries(paths, &["--workspace", "--lib", "--bins", "--tests"])?;
    build::bundle(paths)?;
    let jobs = job::jobs(&binaries, &args.suite, args.all);
    pool::run(paths, jobs, count)?;
    if args.suite.is_empty() {
        count_lines(
            &mut paths.cargo(&["test", "--workspace", "--doc", "--quiet"]),
            count,
        )?;
    }
    Ok(())
}

/// Runs a command and adds up the closing lines of `cargo test` and of node's test runner.
fn count_lines(command: &mut std::process::Command, count: &mut Count) -> Result<()> {
    process::run_reading(command, |line| count.add(line))
}

impl Count {
    /// Adds the numbers of a line if it is the closing line of a test runner.
    fn add(&mut self, line: &str) {
        if let Some(rest) = line.strip_prefix("test result: ") {
            self.passed += number_before(rest, " passed");
            self.failed += number_before(rest, " failed");
        } else if let Some(number) = line
            .strip_prefix("# pass ")
            .or_else(|| line.strip_prefix("ℹ pass "))
        {
            self.passed += number.trim().parse().unwrap_or(0);
        } else if let Some(number) = line
            .strip_prefix("# fail ")
            .or_else(|| line.strip_prefix("ℹ fail "))
        {
            self.failed += number.trim().parse().unwrap_or(0);
        }
    }
}

fn number_before(text: &str, unit: &str) -> u64 {
    let Some(end) = text.find(unit) else { return 0 };
    text[..end]
        .rsplit(|c: char| !c.is_ascii_digit())
        .next()
        .and_then(|digits| digits.parse().ok())
        .unwrap_or(0)
}

/// Starts a stack with the demo's traffic and its lake on S3, and one with an empty lake in a folder. Then runs
/// Playwright against both.
fn browser(paths: &Paths, screenshots: bool, count: &mut Count) -> Result<()> {
    let scratch = Scratch::create()?;
    let mut supervisor = Supervisor::new(false);
    let full = crate::browser::start_with_demo(paths, &mut supervisor, Lake::S3, scratch.path())?;
    // The Operations page then shows the result of an audit.
    full.audit_yesterday()?;
    let empty = crate::browser::start_empty(paths, &mut supervisor, scratch.path())?;
    let mut command = crate::browser::node(paths, &full);
    command
        .args(["--test", "--test-reporter=spec", "--test-concurrency=1"])
        .env("LAKEFRONT_EMPTY_URL", empty.router_url())
        .env("LAKEFRONT_SCREENSHOTS", paths.cache.join("screenshots"));
    if screenshots {
        command.env("LAKEFRONT_PICTURES", paths.checkout.join("docs/screenshots"));
    }
    if let Some(pid) = supervisor.pid("clickhouse") {
        command.env("LAKEFRONT_CLICKHOUSE_PID", pid.to_string());
    }
    let result = count_lines(&mut command, count);
    supervisor.end();
    result
}

#[cfg(test)]
mod tests {
    use super::Count;

    #[test]
    fn reads_the_closing_lines_of_both_runners() {
        let mut count = Count::default();
        for line in [
            "test result: ok. 12 passed; 3 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s",
            "ℹ pass 7",
            "# fail 1",
            "test something ... ok",
        ] {
            count.add(line);
        }
        assert_eq!((count.passed, count.failed), (19, 4));
    }
}
