//! `cargo xtask test`: everything CI runs, one step after the other, the cheapest first.

use std::time::Instant;

use anyhow::{Result, bail};
use clap::{Parser, ValueEnum};

use crate::local::Lake;
use crate::paths::Paths;
use crate::setup::{self, WASM_TARGET, Wanted};
use crate::stack::Stack;
use crate::{build, process};

/// What `test` takes.
#[derive(Parser)]
#[command(after_help = "Examples:\n  cargo xtask test\n  cargo xtask test --only fmt --only clippy")]
pub struct Args {
    /// Only this step (may be repeated)
    #[arg(long, value_enum)]
    only: Vec<Step>,
    /// Let the browser step also write the pictures of the README and the guides, in docs/screenshots
    #[arg(long)]
    screenshots: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Step {
    /// cargo fmt --check
    Fmt,
    /// Lints, on every feature set that ships
    Clippy,
    /// cargo doc without warnings
    Doc,
    /// Unit and integration tests
    Cargo,
    /// The dashboard in Chromium, on the embedded stack
    Browser,
}

const STEPS: [Step; 5] = [Step::Fmt, Step::Clippy, Step::Doc, Step::Cargo, Step::Browser];
/// Tests of several programs that run a second time, on MinIO behind a REST catalog. The others start such servers by themselves, or
/// are about no lake.
const ON_EITHER_LAKE: [&str; 9] = [
    "equivalence",
    "failover",
    "named_queries",
    "one_day",
    "python_errors",
    "query_cases",
    "readers",
    "router",
    "sync",
];
const WASM: [&str; 4] = ["--target", WASM_TARGET, "--profile", "wasm"];

#[derive(Default)]
struct Count {
    passed: u64,
    failed: u64,
}

/// Runs the steps; the first that fails ends it, after its own tests have all been counted.
pub fn run(args: &Args) -> Result<()> {
    let paths = setup::run(Wanted::Everything)?;
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
            Step::Clippy => clippy(&paths),
            Step::Doc => doc(&paths),
            Step::Cargo => cargo_tests(&paths, &mut count),
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

fn clippy(paths: &Paths) -> Result<()> {
    let deny = ["--", "-D", "warnings"];
    process::run(&paths.cargo(&[&["clippy", "--workspace", "--all-targets"][..], &deny].concat()))?;
    for features in ["hydrate", "csr"] {
        let package = ["clippy", "-p", "lakefront-app", "--features", features];
        process::run(&paths.cargo(&[&package[..], &WASM, &deny].concat()))?;
    }
    process::run(&paths.cargo(&[&["clippy", "-p", "lakefront-router"], &WASM[..], &deny].concat()))
}

fn doc(paths: &Paths) -> Result<()> {
    let mut command = paths.cargo(&["doc", "--workspace", "--no-deps"]);
    process::run(command.env("RUSTDOCFLAGS", "-D warnings"))
}

fn cargo_tests(paths: &Paths, count: &mut Count) -> Result<()> {
    build::programs(paths)?;
    build::bundle(paths)?;
    count_lines(
        &mut paths.cargo(&["test", "--workspace", "--no-fail-fast"]),
        count,
    )?;
    eprintln!("\n── Cargo, the lake on S3 ──");
    for test in ON_EITHER_LAKE {
        let mut again = paths.cargo(&["test", "--workspace", "--no-fail-fast", "--test", test]);
        count_lines(again.env("LAKEFRONT_TEST_LAKE", "s3"), count)?;
    }
    Ok(())
}

/// Adds up what the closing lines of `cargo test` and of node's runner say.
fn count_lines(command: &mut std::process::Command, count: &mut Count) -> Result<()> {
    process::run_reading(command, |line| {
        if let Some(rest) = line.strip_prefix("test result: ") {
            count.passed += number_before(rest, " passed");
            count.failed += number_before(rest, " failed");
        } else if let Some(number) = line
            .strip_prefix("# pass ")
            .or_else(|| line.strip_prefix("ℹ pass "))
        {
            count.passed += number.trim().parse().unwrap_or(0);
        } else if let Some(number) = line
            .strip_prefix("# fail ")
            .or_else(|| line.strip_prefix("ℹ fail "))
        {
            count.failed += number.trim().parse().unwrap_or(0);
        }
    })
}

fn number_before(text: &str, unit: &str) -> u64 {
    let Some(end) = text.find(unit) else { return 0 };
    text[..end]
        .rsplit(|c: char| !c.is_ascii_digit())
        .next()
        .and_then(|digits| digits.parse().ok())
        .unwrap_or(0)
}

/// A stack with the demo's traffic, its lake on S3, and one with an empty lake in a folder; and Playwright against them.
fn browser(paths: &Paths, screenshots: bool, count: &mut Count) -> Result<()> {
    let mut stack = Stack::new();
    let full = crate::browser::with_demo(paths, &mut stack, Lake::S3)?;
    // What the Operations page then tells of.
    full.audit_yesterday()?;
    let empty = crate::browser::with_nothing(paths, &mut stack)?;
    let mut command = crate::browser::node(paths, &full);
    command
        .args(["--test", "--test-reporter=spec", "--test-concurrency=1"])
        .env("LAKEFRONT_EMPTY_URL", empty.router_url())
        .env("LAKEFRONT_SCREENSHOTS", paths.cache.join("screenshots"));
    if screenshots {
        command.env("LAKEFRONT_PICTURES", paths.checkout.join("docs/screenshots"));
    }
    if let Some(pid) = stack.pid("clickhouse") {
        command.env("LAKEFRONT_CLICKHOUSE_PID", pid.to_string());
    }
    let result = count_lines(&mut command, count);
    stack.end();
    result
}

#[cfg(test)]
mod tests {
    use super::number_before;

    #[test]
    fn reads_cargos_closing_line() {
        let line = "ok. 12 passed; 3 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s";
        assert_eq!(
            (number_before(line, " passed"), number_before(line, " failed")),
            (12, 3)
        );
    }
}
