use std::path::Path;
use std::process::{Command, ExitStatus};

use anyhow::Result;

use super::output::Output;
use crate::process::Group;

/// A program of the stack.
pub struct Service {
    /// What it is called on screen and in the log folder.
    pub name: &'static str,
    /// How it is started.
    pub command: Command,
    /// When it counts as started.
    pub ready: Ready,
}

/// When a service counts as started.
#[derive(Clone)]
pub enum Ready {
    /// When this URL answers 200.
    Url(String),
    /// At once.
    AtOnce,
}

/// A started service.
pub struct Running {
    pub name: &'static str,
    pub group: Group,
    output: Output,
}

impl Running {
    pub fn start(service: Service, logs: &Path, verbose: bool) -> Result<Self> {
        let mut group = Group::spawn_supervised(&service.command)?;
        let output = Output::follow(service.name, &mut group.child, logs, verbose)?;
        Ok(Self {
            name: service.name,
            group,
            output,
        })
    }

    /// What to say when it has died.
    pub fn obituary(&self, status: ExitStatus) -> String {
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
