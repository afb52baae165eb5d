//! The test binaries that cargo built, and the lakes on which each of them runs.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde::Deserialize;

use crate::paths::Paths;
use lakefront_launcher::process;

/// A test binary.
#[derive(Debug, Clone)]
pub struct Binary {
    /// The package's name, such as `lakefront-sync`.
    pub package: String,
    /// `unit`, or the name of the file or folder below `tests/`.
    pub name: String,
    /// The folder of the package, where its tests run.
    pub folder: PathBuf,
    /// The path of the executable.
    pub program: PathBuf,
}

/// One run of a binary.
#[derive(Debug, Clone)]
pub struct Job {
    pub binary: Binary,
    /// Names of tests, as arguments. Empty if all tests of the binary run.
    pub filters: &'static [&'static str],
    /// True if the lake is on MinIO behind a REST catalog.
    pub on_s3: bool,
    /// True if the tests measure time, so that no other binary may run beside them.
    pub alone: bool,
    /// True if all combinations of tests with many combinations run.
    pub all: bool,
}

impl Job {
    /// Returns the name in messages and in the record of times.
    pub fn title(&self) -> String {
        let package = self.binary.package.trim_start_matches("lakefront-");
        let on_s3 = if self.on_s3 { " on S3" } else { "" };
        format!("{package} {}{on_s3}", self.binary.name)
    }
}

/// Binaries that run a second time with the lake on MinIO behind a REST catalog, with the tests for which the store
/// matters, by package and name. `s3_lake` and the browser step are on S3 in any case. Other binaries use no lake, or
/// start such servers themselves.
const ON_S3: [(&str, &str, &[&str]); 6] = [
    (
        "lakefront-ingest",
        "it",
        &["erase::", "retention::", "schema_conflict::"],
    ),
    (
        "lakefront-tests",
        "failover",
        &["views_answer_while_the_lake_cannot_be_read"],
    ),
    ("lakefront-tests", "one_day", &[]),
    ("lakefront-tests", "readers", &[]),
    ("lakefront-tests", "router", &["the_past_is_answered_as_it_was"]),
    (
        "lakefront-tests",
        "sync",
        &["follows::", "erasure::erased_rows", "old_days::a_day"],
    ),
];
/// Binaries that run on S3 with `--all`, with all of their tests.
const ALL_ON_S3: [&str; 9] = [
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
/// Binaries that run with `--all` or by name only, because they take minutes.
const LONG: [&str; 1] = ["many_names"];
/// Binaries whose tests measure time or use fixed ports.
const ALONE: [&str; 3] = ["dist", "failover", "up"];

/// Returns the runs of the binaries that `suites` names, or of all binaries if `suites` is empty.
pub fn jobs(binaries: &[Binary], suites: &[String], all: bool) -> Vec<Job> {
    let wanted = |binary: &&Binary| {
        (suites.is_empty() && (all || !LONG.contains(&binary.name.as_str())))
            || suites.iter().any(|suite| {
                [&binary.name, &binary.package].contains(&suite)
                    || binary.package == format!("lakefront-{suite}")
            })
    };
    let mut jobs = Vec::new();
    for binary in binaries.iter().filter(wanted) {
        let name = binary.name.as_str();
        let job = Job {
            binary: binary.clone(),
            filters: &[],
            on_s3: false,
            alone: ALONE.contains(&name),
            all,
        };
        let again = if all && ALL_ON_S3.contains(&name) {
            Some(&[][..])
        } else {
            ON_S3
                .iter()
                .find(|(package, suite, _)| *package == binary.package && *suite == name)
                .map(|(_, _, filters)| *filters)
        };
        jobs.extend(again.map(|filters| Job {
            filters,
            on_s3: true,
            ..job.clone()
        }));
        jobs.push(job);
    }
    jobs
}

/// Builds the tests of a selection and returns their binaries.
///
/// # Errors
/// Returns an error if the tests do not build, or cargo's messages cannot be read.
pub fn binaries(paths: &Paths, selection: &[&str]) -> Result<Vec<Binary>> {
    let command = [
        &["test", "--no-run", "--message-format=json-render-diagnostics"],
        selection,
    ]
    .concat();
    let mut binaries = Vec::new();
    process::run_parsing(&paths.cargo(&command), |line| {
        binaries.extend(binary(line)?);
        Ok(())
    })?;
    if binaries.is_empty() {
        bail!("cargo built no tests");
    }
    Ok(binaries)
}

/// The fields of cargo's messages that describe tests:
/// <https://doc.rust-lang.org/cargo/reference/external-tools.html#json-messages>.
#[derive(Deserialize)]
struct Message {
    reason: String,
    manifest_path: Option<PathBuf>,
    target: Option<Target>,
    profile: Option<Profile>,
    executable: Option<PathBuf>,
}

#[derive(Deserialize)]
struct Target {
    name: String,
    kind: Vec<String>,
}

#[derive(Deserialize)]
struct Profile {
    test: bool,
}

fn binary(line: &str) -> Result<Option<Binary>> {
    let message: Message =
        serde_json::from_str(line).with_context(|| format!("no message of cargo: {line}"))?;
    let Message {
        manifest_path: Some(manifest),
        target: Some(target),
        profile: Some(Profile { test: true }),
        executable: Some(program),
        ..
    } = message
    else {
        return Ok(None);
    };
    if message.reason != "compiler-artifact" {
        return Ok(None);
    }
    let folder = manifest.parent().unwrap_or(Path::new(".")).to_owned();
    let manifest = std::fs::read_to_string(&manifest)?;
    let package = toml::from_str::<toml::Table>(&manifest)?;
    let package = package["package"]["name"]
        .as_str()
        .context("a package without a name")?
        .to_owned();
    let name = match target.kind.iter().any(|kind| kind == "test") {
        true => target.name,
        false => "unit".to_owned(),
    };
    Ok(Some(Binary {
        package,
        name,
        folder,
        program,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(package: &str, name: &str) -> Binary {
        Binary {
            package: package.into(),
            name: name.into(),
            folder: PathBuf::new(),
            program: PathBuf::new(),
        }
    }

    #[test]
    fn a_suite_is_a_package_or_a_file() {
        let binaries = [
            named("lakefront-sync", "unit"),
            named("lakefront-tests", "sync"),
            named("xtask", "up"),
        ];
        let titles = |suite: &str| {
            let suites = [suite.to_owned()];
            jobs(&binaries, &suites, false)
                .iter()
                .map(Job::title)
                .collect::<Vec<_>>()
        };
        assert_eq!(titles("sync"), ["sync unit", "tests sync on S3", "tests sync"]);
        assert_eq!(titles("xtask"), ["xtask up"]);
        assert_eq!(jobs(&binaries, &[], false).len(), 4);
    }

    #[test]
    fn with_all_the_whole_suite_runs_on_s3() {
        let binaries = [
            named("lakefront-tests", "sync"),
            named("lakefront-tests", "equivalence"),
            named("lakefront-ingest", "it"),
            named("lakefront-lake", "it"),
        ];
        let filters = |all| {
            jobs(&binaries, &[], all)
                .iter()
                .filter(|job| job.on_s3)
                .map(|job| job.filters.len())
                .collect::<Vec<_>>()
        };
        assert_eq!(filters(false), [3, 3]);
        assert_eq!(filters(true), [0, 0, 3]);
    }

    #[test]
    fn programs_and_libraries_without_tests_are_none() {
        let line = r#"{"reason":"build-finished","success":true}"#;
        assert!(binary(line).unwrap().is_none());
    }
}
