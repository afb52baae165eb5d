//! Runs test binaries in parallel, because many of them wait for intervals, deadlines and starting servers.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use super::Count;
use super::job::Job;
use super::scratch::Scratch;
use crate::paths::Paths;
use lakefront_launcher::process;

/// Name of the record in the target folder with the seconds of each job. The slowest jobs start first.
const TIMES: &str = "test-times.json";
/// Number of binaries that run in parallel. Each runs as many tests at once as there are cores.
const BESIDE: usize = 2;

type Times = BTreeMap<String, u64>;

/// Runs all jobs and counts their tests. Jobs that need the whole machine run at the end.
///
/// Shows the output of a job only if a test in it failed.
///
/// # Errors
/// Returns an error if a program cannot be started, or on Ctrl-C. Failed tests are counted instead.
pub fn run(paths: &Paths, mut jobs: Vec<Job>, count: &mut Count) -> Result<()> {
    let scratch = Scratch::create()?;
    let file = paths.target.join(TIMES);
    let mut times: Times = std::fs::read(&file)
        .ok()
        .and_then(|text| serde_json::from_slice(&text).ok())
        .unwrap_or_default();
    // A job without a record may be the slowest. The last job of the list starts first.
    jobs.sort_by_key(|job| times.get(&job.title()).copied().unwrap_or(u64::MAX));
    let (alone, beside): (Vec<_>, Vec<_>) = jobs.into_iter().partition(|job| job.alone);
    let total = alone.len() + beside.len();
    let progress = Mutex::new(Progress {
        count,
        times: &mut times,
        done: 0,
        total,
    });
    in_turns(paths, beside, BESIDE, &scratch, &progress)?;
    in_turns(paths, alone, 1, &scratch, &progress)?;
    std::fs::write(&file, serde_json::to_vec(&times)?)
        .with_context(|| format!("cannot write {}", file.display()))
}

struct Progress<'a> {
    count: &'a mut Count,
    times: &'a mut Times,
    done: usize,
    total: usize,
}

fn in_turns(
    paths: &Paths,
    jobs: Vec<Job>,
    workers: usize,
    scratch: &Scratch,
    progress: &Mutex<Progress>,
) -> Result<()> {
    let left = Mutex::new(jobs);
    let next = || left.lock().ok().and_then(|mut left| left.pop());
    std::thread::scope(|scope| {
        let work = || -> Result<()> {
            while let Some(job) = next() {
                let started = Instant::now();
                let (output, succeeded) = process::captured(&command(paths, &job, scratch))?;
                if let Ok(mut progress) = progress.lock() {
                    progress.ended(&job, &output, succeeded, started.elapsed());
                }
            }
            Ok(())
        };
        let threads: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
        threads.into_iter().try_for_each(|thread| {
            thread
                .join()
                .unwrap_or_else(|_| Err(anyhow::anyhow!("a worker panicked")))
        })
    })
}

/// Returns the command that cargo would run for the binary.
fn command(paths: &Paths, job: &Job, scratch: &Scratch) -> std::process::Command {
    let mut command = paths.command(&job.binary.program);
    command
        .current_dir(&job.binary.folder)
        .env("CARGO_MANIFEST_DIR", &job.binary.folder)
        .env("TMPDIR", scratch.path())
        .args(job.filters);
    if job.on_s3 {
        command.env("LAKEFRONT_TEST_LAKE", "s3");
    }
    if job.all {
        command.env("LAKEFRONT_TEST_ALL", "1");
    }
    command
}

impl Progress<'_> {
    fn ended(&mut self, job: &Job, output: &str, succeeded: bool, took: Duration) {
        let before = self.count.passed + self.count.failed;
        output.lines().for_each(|line| self.count.add(line));
        let tests = self.count.passed + self.count.failed - before;
        self.done += 1;
        self.times.insert(job.title(), took.as_secs());
        if !succeeded {
            print!("{output}");
            // A binary that died has printed no closing line.
            if !output.lines().any(|line| line.starts_with("test result: ")) {
                self.count.failed += 1;
            }
        }
        println!(
            "{:>3}/{} {:<30} {tests:>3} tests {:>4} s{}",
            self.done,
            self.total,
            job.title(),
            took.as_secs(),
            if succeeded { "" } else { "  FAILED" }
        );
    }
}
