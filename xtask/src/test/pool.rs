//! Runs binaries of tests beside each other: many of them wait, for intervals, deadlines and servers that start.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use super::Count;
use super::job::Job;
use crate::paths::Paths;
use lakefront_launcher::process;

/// The record of how many seconds each took, in the target folder: those that take longest start first.
const TIMES: &str = "test-times.json";
/// Binaries beside each other. Each runs as many tests at once as there are cores.
const BESIDE: usize = 2;

type Times = BTreeMap<String, u64>;

/// Runs all jobs, those that need the machine for themselves at the end, and counts their tests.
///
/// Shows the output of a job only if a test in it failed.
///
/// # Errors
/// When a program cannot be started, or on Ctrl-C. Tests that fail are counted.
pub fn run(paths: &Paths, mut jobs: Vec<Job>, count: &mut Count) -> Result<()> {
    let file = paths.target.join(TIMES);
    let mut times: Times = std::fs::read(&file)
        .ok()
        .and_then(|text| serde_json::from_slice(&text).ok())
        .unwrap_or_default();
    // One that never ran may take longest.
    jobs.sort_by_key(|job| times.get(&job.title()).copied().unwrap_or(u64::MAX));
    let (alone, beside): (Vec<_>, Vec<_>) = jobs.into_iter().partition(|job| job.alone);
    let total = alone.len() + beside.len();
    let progress = Mutex::new(Progress {
        count,
        times: &mut times,
        done: 0,
        total,
    });
    in_turns(paths, beside, BESIDE, &progress)?;
    in_turns(paths, alone, 1, &progress)?;
    std::fs::write(&file, serde_json::to_vec(&times)?)
        .with_context(|| format!("cannot write {}", file.display()))
}

struct Progress<'a> {
    count: &'a mut Count,
    times: &'a mut Times,
    done: usize,
    total: usize,
}

fn in_turns(paths: &Paths, jobs: Vec<Job>, workers: usize, progress: &Mutex<Progress>) -> Result<()> {
    let left = Mutex::new(jobs);
    let next = || left.lock().ok().and_then(|mut left| left.pop());
    std::thread::scope(|scope| {
        let work = || -> Result<()> {
            while let Some(job) = next() {
                let started = Instant::now();
                let (output, succeeded) = process::captured(&command(paths, &job))?;
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

/// The binary as cargo would start it.
fn command(paths: &Paths, job: &Job) -> std::process::Command {
    let mut command = paths.command(&job.binary.program);
    command
        .current_dir(&job.binary.folder)
        .env("CARGO_MANIFEST_DIR", &job.binary.folder)
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
            // One that died has no closing line.
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
