//! A service of the stack: its command, and the condition for it to be ready.

use std::path::Path;
use std::process::{Command, ExitStatus};

use anyhow::Result;

use super::output::Output;
use crate::process::ProcessGroup;

/// A program of the stack.
pub struct Service {
    /// Name of the service on screen and in the log folder.
    pub name: &'static str,
    /// Command that starts the service.
    pub command: Command,
    /// Condition for the service to be ready.
    pub ready: Ready,
}

/// The condition for a service to be ready.
#[derive(Clone)]
pub enum Ready {
    /// The service is ready when this URL answers 200.
    Url(String),
    /// The service is ready at once.
    AtOnce,
}

/// A started service.
pub struct Running {
    pub name: &'static str,
    pub group: ProcessGroup,
    output: Output,
}

impl Running {
    pub fn start(service: Service, logs: &Path, verbose: bool) -> Result<Self> {
        let mut group = ProcessGroup::spawn_supervised(&service.command)?;
        let output = Output::follow(service.name, &mut group.child, logs, verbose)?;
        Ok(Self {
            name: service.name,
            group,
            output,
        })
    }

    /// Returns the message for the service's end, with its last lines.
    pub fn exit_report(&self, status: ExitStatus) -> String {
        let last = self.output.last_lines();
        if last.is_empty() {
            return format!("{} ended: {status}, without a word", self.name);
        }
        format!(
            "{} ended: {status}. Its last lines:\n    {}",
            self.name,
            last.join("\n    ")
        )
    }
}
