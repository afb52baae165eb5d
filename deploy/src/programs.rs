//! The external programs: wrangler uploads the Worker and the images of its containers, flyctl the apps.
//!
//! A secret reaches them by standard input alone. Tokens are in their environment, as they document it.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Stdio;

use secrecy::{ExposeSecret as _, SecretString};
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

use crate::error::{Error, Result};

/// The external programs, by name or path.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Programs {
    /// `wrangler`, 4.86 or newer.
    pub wrangler: PathBuf,
    /// `flyctl`.
    pub flyctl: PathBuf,
    /// `docker`, with which wrangler builds images.
    pub docker: PathBuf,
    /// Variables of their environment, with the tokens.
    pub environment: BTreeMap<&'static str, SecretString>,
}

/// An external program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Program {
    /// `wrangler`
    Wrangler,
    /// `flyctl`
    Flyctl,
    /// `docker`
    Docker,
}

impl Programs {
    /// Returns the programs without tokens.
    pub fn new(wrangler: PathBuf, flyctl: PathBuf, docker: PathBuf) -> Self {
        Self {
            wrangler,
            flyctl,
            docker,
            environment: BTreeMap::new(),
        }
    }

    fn command(&self, program: Program, arguments: &[&str]) -> Command {
        let mut command = Command::new(self.path(program));
        command
            .args(arguments)
            .env("CI", "1")
            .env("WRANGLER_DOCKER_BIN", &self.docker)
            .env("WRANGLER_SEND_METRICS", "false")
            .kill_on_drop(true);
        for (name, value) in &self.environment {
            command.env(name, value.expose_secret());
        }
        command
    }

    /// Runs a program. Its output goes to standard error, for a person who waits.
    ///
    /// # Errors
    /// Returns an error if the program does not start or fails.
    pub async fn run(
        &self,
        program: Program,
        arguments: &[&str],
        input: Option<&SecretString>,
        doing: &str,
    ) -> Result<()> {
        let mut command = self.command(program, arguments);
        command
            .stdin(if input.is_some() {
                Stdio::piped()
            } else {
                Stdio::null()
            })
            .stdout(Stdio::from(std::io::stderr()))
            .stderr(Stdio::inherit());
        let mut child = command
            .spawn()
            .map_err(|cause| self.missing(program, doing, &cause))?;
        if let (Some(input), Some(mut stdin)) = (input, child.stdin.take()) {
            // A program that ends without reading its input reports the reason by its exit status.
            let _ = stdin.write_all(input.expose_secret().as_bytes()).await;
        }
        let status = child
            .wait()
            .await
            .map_err(|cause| self.missing(program, doing, &cause))?;
        if status.success() {
            return Ok(());
        }
        Err(Error::Program {
            doing: doing.to_owned(),
            problem: format!(
                "`{} {}` failed ({status}), its own message is above; run the same command again when the reason is gone",
                self.path(program).display(),
                arguments.first().copied().unwrap_or_default()
            ),
        })
    }

    /// Runs a program and returns its standard output.
    ///
    /// # Errors
    /// Returns an error if the program does not start or fails.
    pub async fn output(&self, program: Program, arguments: &[&str], doing: &str) -> Result<String> {
        let output = self
            .command(program, arguments)
            .stdin(Stdio::null())
            .output()
            .await;
        let output = output.map_err(|cause| self.missing(program, doing, &cause))?;
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
        }
        let message: String = String::from_utf8_lossy(&output.stderr)
            .chars()
            .take(300)
            .collect();
        Err(Error::Program {
            doing: doing.to_owned(),
            problem: format!(
                "`{}` failed ({}): {}",
                self.path(program).display(),
                output.status,
                message.trim()
            ),
        })
    }

    fn path(&self, program: Program) -> &PathBuf {
        match program {
            Program::Wrangler => &self.wrangler,
            Program::Flyctl => &self.flyctl,
            Program::Docker => &self.docker,
        }
    }

    fn missing(&self, program: Program, doing: &str, cause: &std::io::Error) -> Error {
        let (flag, how) = match program {
            Program::Wrangler => ("--wrangler", "npm install --global wrangler"),
            Program::Flyctl => ("--flyctl", "https://fly.io/docs/flyctl/install/"),
            Program::Docker => ("--docker", "https://docs.docker.com/engine/install/"),
        };
        Error::Program {
            doing: doing.to_owned(),
            problem: format!(
                "cannot start {}: {cause}; install it ({how}), or name it with {flag}",
                self.path(program).display()
            ),
        }
    }
}
