//! The supervisor of the local stack: starts each service, waits until it is ready, and ends all services together.

mod http;
mod output;
mod service;

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use nix::sys::signal::Signal;

use crate::process;
pub use http::{get_json, get_json_within, get_ok, post_json};
use service::Running;
pub use service::{Ready, Service};

/// Longest time until a service must answer.
const READY_WITHIN: Duration = Duration::from_secs(60);
/// Longest time until a condition of running services must hold, such as that sync has loaded all. It depends on the data and the machine.
const HOLDS_WITHIN: Duration = Duration::from_secs(300);
/// Longest time that a service may take to flush and end before it is killed.
const END_WITHIN: Duration = Duration::from_secs(20);
const POLL: Duration = Duration::from_millis(50);

/// The running services, in the order they were started.
pub struct Supervisor {
    running: Vec<Running>,
    verbose: bool,
}

impl Supervisor {
    /// Returns a supervisor without services. A verbose one shows every line of its services, others only warnings and
    /// errors.
    pub fn new(verbose: bool) -> Self {
        Self {
            running: Vec::new(),
            verbose,
        }
    }

    /// Starts a service and waits until it is ready. Its output goes to a file in `logs`.
    ///
    /// # Errors
    /// Returns an error if the service cannot be started or is not ready in time, or any service has ended.
    pub fn start(&mut self, service: Service, logs: &Path) -> Result<()> {
        let started = Instant::now();
        let name = service.name;
        let ready = service.ready.clone();
        self.running.push(Running::start(service, logs, self.verbose)?);
        if let Ready::Url(url) = ready {
            while !get_ok(&url) {
                self.check()?;
                if started.elapsed() > READY_WITHIN {
                    bail!(
                        "{name} did not answer at {url} within {} s; its log is in {}",
                        READY_WITHIN.as_secs(),
                        logs.display()
                    );
                }
                std::thread::sleep(POLL);
            }
            eprintln!("  ✓ {name} ready in {:.1} s", started.elapsed().as_secs_f64());
        }
        Ok(())
    }

    /// Returns the process id of the first service with that name.
    pub fn pid(&self, name: &str) -> Option<u32> {
        let mut running = self.running.iter();
        Some(running.find(|running| running.name == name)?.group.child.id())
    }

    /// Waits for the end of a service that ends by itself.
    ///
    /// # Errors
    /// Returns an error if the service fails, or another service ends.
    pub fn wait_for(&mut self, name: &str) -> Result<()> {
        loop {
            let index = self
                .running
                .iter()
                .position(|running| running.name == name)
                .context("no such service")?;
            if let Some(status) = self.running[index].group.child.try_wait()? {
                let ended = self.running.remove(index);
                if !status.success() {
                    bail!("{}", ended.exit_report(status));
                }
                return Ok(());
            }
            self.check()?;
            std::thread::sleep(POLL);
        }
    }

    /// Waits until `holds` returns true, for five minutes at most. `what` names the condition in the error.
    ///
    /// # Errors
    /// Returns an error if the time is over, `holds` fails, or a service has ended.
    pub fn wait_until(&mut self, what: &str, mut holds: impl FnMut() -> Result<bool>) -> Result<()> {
        let started = Instant::now();
        while !holds()? {
            self.check()?;
            if started.elapsed() > HOLDS_WITHIN {
                bail!("not within {} s: {what}", HOLDS_WITHIN.as_secs());
            }
            std::thread::sleep(POLL);
        }
        Ok(())
    }

    /// Waits for an interrupt and calls `idle` repeatedly.
    ///
    /// # Errors
    /// Returns an error if a service ends.
    pub fn watch(&mut self, mut idle: impl FnMut()) -> Result<()> {
        loop {
            if process::interrupted() {
                return Ok(());
            }
            self.check()?;
            idle();
            std::thread::sleep(POLL);
        }
    }

    /// Returns an error if a service has ended, with its last lines, or if this program was interrupted.
    fn check(&mut self) -> Result<()> {
        if process::interrupted() {
            bail!("interrupted");
        }
        for running in &mut self.running {
            if let Some(status) = running.group.child.try_wait()? {
                bail!("{}", running.exit_report(status));
            }
        }
        Ok(())
    }

    /// Ends every service in reverse order, so that each ends before the service it sends to. Each has time to flush.
    pub fn end(&mut self) {
        while let Some(mut running) = self.running.pop() {
            running.group.signal(Signal::SIGTERM);
            let deadline = Instant::now() + END_WITHIN;
            while matches!(running.group.child.try_wait(), Ok(None)) && Instant::now() < deadline {
                std::thread::sleep(POLL);
            }
            if matches!(running.group.child.try_wait(), Ok(None)) {
                eprintln!(
                    "  {} did not end in {} s: killed",
                    running.name,
                    END_WITHIN.as_secs()
                );
            }
        }
    }
}

impl Drop for Supervisor {
    fn drop(&mut self) {
        self.end();
    }
}
