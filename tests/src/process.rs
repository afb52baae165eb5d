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

/// A program of ours that runs until this is dropped.
#[derive(Debug)]
pub struct Process {
    name: &'static str,
    child: Child,
    lines: Arc<Mutex<VecDeque<String>>>,
}

/// Lines of output that are kept for the moment something fails.
const KEPT: usize = 200;

impl Process {
    /// Starts `name` from `LAKEFRONT_BIN`, else from the folder the test was built in.
    ///
    /// # Errors
    /// When there is no such program, or it can't be started.
    pub fn start(name: &'static str, arguments: &[&str]) -> Result<Self> {
        let mut command = command(name)?;
        command.args(arguments);
        Self::run(name, command)
    }

    /// Starts a program of others.
    ///
    /// # Errors
    /// When it can't be started.
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

    /// Waits until `GET url` answers 200.
    ///
    /// # Errors
    /// When the program ends, or half a minute passes.
    pub async fn ready(&mut self, url: &str) -> Result<()> {
        self.answers(url, |status| status.is_success()).await
    }

    /// Waits until `GET url` answers with a status that is welcome.
    ///
    /// # Errors
    /// When the program ends, or half a minute passes.
    pub async fn answers(&mut self, url: &str, welcome: impl Fn(reqwest::StatusCode) -> bool) -> Result<()> {
        let deadline = Instant::now() + Duration::from_secs(30);
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
                "{} is not ready after 30 s\n{}",
                self.name,
                self.output()
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// The process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends it a signal.
    ///
    /// # Errors
    /// When it is gone.
    pub fn signal(&self, signal: Signal) -> Result<()> {
        Ok(kill(Pid::from_raw(i32::try_from(self.id())?), signal)?)
    }

    /// Its last lines of output.
    pub fn output(&self) -> String {
        let lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        lines
            .iter()
            .fold(String::new(), |text, line| text + self.name + " | " + line + "\n")
    }
}

impl Process {
    /// Kills it, as `kill -9` does.
    pub fn kill(&mut self) {
        // Either may fail only because the process is gone already.
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

/// A command that runs one of our programs.
///
/// # Errors
/// When it was not built.
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

/// An address nobody listens on. The port is free again when a program binds it; nobody else asks for it so soon.
///
/// # Errors
/// When there is none.
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
