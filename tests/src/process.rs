//! Child processes of a test, with their last lines of output.

use std::collections::VecDeque;
use std::io::{BufRead as _, BufReader, Read};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::time::Instant;

/// A running program. Dropping the value kills it.
#[derive(Debug)]
pub struct Process {
    name: &'static str,
    child: Child,
    lines: Arc<Mutex<VecDeque<String>>>,
}

/// Number of output lines that are kept for the message of a failure.
const KEPT: usize = 200;

impl Process {
    /// Starts `name` from the folder `LAKEFRONT_BIN`, else from the folder in which cargo built the test.
    ///
    /// # Errors
    /// Returns an error if the program does not exist or cannot be started.
    pub fn start(name: &'static str, arguments: &[&str]) -> Result<Self> {
        let mut command = command(name)?;
        command.args(arguments);
        Self::run(name, command)
    }

    /// Starts a program of another project.
    ///
    /// # Errors
    /// Returns an error if the program cannot be started.
    pub fn run(name: &'static str, mut command: Command) -> Result<Self> {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| format!("{name} can't be started"))?;
        let lines = Arc::default();
        if let Some(stdout) = child.stdout.take() {
            keep(stdout, Arc::clone(&lines));
        }
        if let Some(stderr) = child.stderr.take() {
            keep(stderr, Arc::clone(&lines));
        }
        Ok(Self { name, child, lines })
    }

    /// Waits until `GET url` answers with success.
    ///
    /// # Errors
    /// Returns an error if the program ends, or after 2 minutes.
    pub async fn ready(&mut self, url: &str) -> Result<()> {
        self.answers(url, |status| status.is_success()).await
    }

    /// Waits until `GET url` answers with a status for which `welcome` returns true.
    ///
    /// # Errors
    /// Returns an error if the program ends, or after 2 minutes.
    pub async fn answers(&mut self, url: &str, welcome: impl Fn(reqwest::StatusCode) -> bool) -> Result<()> {
        let deadline = Instant::now() + Duration::from_secs(120);
        loop {
            if let Ok(reply) = reqwest::get(url).await
                && welcome(reply.status())
            {
                return Ok(());
            }
            if let Some(status) = self.child.try_wait()? {
                bail!(
                    "{} ended before it was ready: {status}\n{}",
                    self.name,
                    self.output()
                );
            }
            ensure!(
                Instant::now() < deadline,
                "{} is not ready after 2 minutes\n{}",
                self.name,
                self.output()
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Returns the process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Returns the exit code if the program has ended, and -1 for the end by a signal.
    ///
    /// # Errors
    /// Returns an error if the operating system does not say.
    pub fn ended(&mut self) -> Result<Option<i32>> {
        let status = self.child.try_wait()?;
        Ok(status.map(|status| status.code().unwrap_or(-1)))
    }

    /// Sends a signal to the program.
    ///
    /// # Errors
    /// Returns an error if the program has ended.
    pub fn signal(&self, signal: Signal) -> Result<()> {
        Ok(kill(Pid::from_raw(i32::try_from(self.id())?), signal)?)
    }

    /// Returns the last lines of output, each with the program's name.
    pub fn output(&self) -> String {
        let lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        lines
            .iter()
            .fold(String::new(), |text, line| text + self.name + " | " + line + "\n")
    }
}

impl Process {
    /// Kills the program with SIGKILL.
    pub fn kill(&mut self) {
        // Either call fails only if the process has ended already.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
        if std::thread::panicking() {
            eprint!("{}", self.output());
        }
    }
}

/// Returns a command that runs one of Lakefront's programs.
///
/// # Errors
/// Returns an error if the program was not built.
pub fn command(name: &str) -> Result<Command> {
    let folder = match std::env::var_os("LAKEFRONT_BIN") {
        Some(folder) => PathBuf::from(folder),
        // target/debug/deps/<test> → target/debug
        None => {
            let test = std::env::current_exe()?;
            test.ancestors()
                .nth(2)
                .context("the test is in no folder")?
                .to_owned()
        }
    };
    let program = folder.join(name);
    ensure!(
        program.is_file(),
        "{} is missing: run `cargo build -p {name}`, or all tests by `cargo xtask test`",
        program.display()
    );
    Ok(Command::new(program))
}

/// Returns an address on which no program listens. The port stays free until a program binds it. Other programs
/// are unlikely to get the same one so soon.
///
/// # Errors
/// Returns an error if no port is free.
pub fn free_address() -> Result<String> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.to_string())
}

fn keep(from: impl Read + Send + 'static, lines: Arc<Mutex<VecDeque<String>>>) {
    std::thread::spawn(move || {
        for line in BufReader::new(from).lines().map_while(Result::ok) {
            let mut lines = lines.lock().unwrap_or_else(PoisonError::into_inner);
            if lines.len() == KEPT {
                lines.pop_front();
            }
            lines.push_back(line);
        }
    });
}
