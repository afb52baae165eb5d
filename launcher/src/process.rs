//! Child processes: each in a group of its own, all of them ended when we are.

use std::io::{BufRead, BufReader, Read as _, Seek as _};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::{Context, Result, bail};
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

/// Process groups, and whether a [`crate::stack::Stack`] ends them itself, in order.
static GROUPS: Mutex<Vec<(i32, bool)>> = Mutex::new(Vec::new());
static INTERRUPTS: AtomicU32 = AtomicU32::new(0);

/// Ctrl-C, SIGTERM and SIGHUP end the children; a second one kills them.
pub fn end_children_on_interrupt() {
    let handler = || {
        let first = INTERRUPTS.fetch_add(1, Ordering::SeqCst) == 0;
        let signal = if first { Signal::SIGTERM } else { Signal::SIGKILL };
        for (group, _) in groups().iter().filter(|(_, supervised)| !(first && *supervised)) {
            // The group may be gone already: that is what we want.
            let _ = killpg(Pid::from_raw(*group), signal);
        }
    };
    if let Err(error) = ctrlc::set_handler(handler) {
        eprintln!("cannot handle Ctrl-C ({error}): child processes may stay behind");
    }
}

/// Whether somebody asked us to stop.
pub fn interrupted() -> bool {
    INTERRUPTS.load(Ordering::SeqCst) > 0
}

fn groups() -> std::sync::MutexGuard<'static, Vec<(i32, bool)>> {
    GROUPS.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// A child that leads a process group and is told to end when we die, however we die.
pub struct Group {
    /// The child itself.
    pub child: Child,
}

impl Group {
    /// Starts it with our own output and no input.
    pub fn spawn(command: &Command) -> Result<Self> {
        Self::start(dying_with_us(command), false)
    }

    /// Starts it as a part of the stack, with its output in pipes: the stack ends it when we are interrupted.
    pub fn spawn_supervised(command: &Command) -> Result<Self> {
        let mut command = dying_with_us(command);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        Self::start(command, true)
    }

    fn start(mut command: Command, supervised: bool) -> Result<Self> {
        use std::os::unix::process::CommandExt;
        if interrupted() {
            bail!("interrupted");
        }
        let child = command
            .stdin(Stdio::null())
            .process_group(0)
            .spawn()
            .with_context(|| format!("cannot start {}", shown(&command)))?;
        groups().push((i32::try_from(child.id())?, supervised));
        Ok(Self { child })
    }

    /// Sends a signal to the whole group.
    pub fn signal(&self, signal: Signal) {
        if let Ok(id) = i32::try_from(self.child.id()) {
            let _ = killpg(Pid::from_raw(id), signal);
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            self.signal(Signal::SIGKILL);
            let _ = self.child.wait();
        }
        groups().retain(|(group, _)| u32::try_from(*group) != Ok(self.child.id()));
    }
}

/// The same command under `setpriv --pdeathsig`, where util-linux has it: then not even SIGKILL leaves a child behind.
fn dying_with_us(command: &Command) -> Command {
    let setpriv = std::path::Path::new("/usr/bin/setpriv");
    let mut wrapped = if setpriv.exists() {
        let mut wrapped = Command::new(setpriv);
        wrapped
            .args(["--pdeathsig", "TERM", "--"])
            .arg(command.get_program());
        wrapped
    } else {
        Command::new(command.get_program())
    };
    wrapped.args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => wrapped.env(name, value),
            None => wrapped.env_remove(name),
        };
    }
    if let Some(folder) = command.get_current_dir() {
        wrapped.current_dir(folder);
    }
    wrapped
}

/// Runs a command with its output shown as it comes.
pub fn run(command: &Command) -> Result<()> {
    finish(Group::spawn(command)?, command)
}

/// Runs a command and gives each line of its standard output to `each`, after showing it.
pub fn run_reading(command: &Command, mut each: impl FnMut(&str)) -> Result<()> {
    let mut wrapped = dying_with_us(command);
    wrapped.stdout(Stdio::piped());
    let mut group = Group::start(wrapped, false)?;
    let output = group.child.stdout.take().context("no standard output")?;
    for line in BufReader::new(output).lines() {
        let line = line?;
        println!("{line}");
        each(&line);
    }
    finish(group, command)
}

/// Runs a command and gives each line of its standard output to `each`, which may refuse it.
pub fn run_parsing(command: &Command, mut each: impl FnMut(&str) -> Result<()>) -> Result<()> {
    let mut wrapped = dying_with_us(command);
    wrapped.stdout(Stdio::piped());
    let mut group = Group::start(wrapped, false)?;
    let output = group.child.stdout.take().context("no standard output")?;
    for line in BufReader::new(output).lines() {
        each(&line?)?;
    }
    finish(group, command)
}

/// Runs a command; returns what it wrote to standard output and error, and whether it succeeded.
pub fn captured(command: &Command) -> Result<(String, bool)> {
    // A file, not a pipe: a process that the command left behind would keep a pipe open.
    let mut file = tempfile::tempfile()?;
    let mut wrapped = dying_with_us(command);
    wrapped.stdout(file.try_clone()?).stderr(file.try_clone()?);
    let mut group = Group::start(wrapped, false)?;
    let status = group.child.wait()?;
    file.rewind()?;
    let mut output = Vec::new();
    file.read_to_end(&mut output)?;
    if interrupted() {
        bail!("interrupted");
    }
    Ok((String::from_utf8_lossy(&output).into_owned(), status.success()))
}

fn finish(mut group: Group, command: &Command) -> Result<()> {
    let status = group.child.wait()?;
    if interrupted() {
        bail!("interrupted");
    }
    if !status.success() {
        bail!("`{}` failed: {status}", shown(command));
    }
    Ok(())
}

/// The command's standard output, or nothing when it fails or is not there.
pub fn output(command: &mut Command) -> Option<String> {
    let output = command.stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    output
        .status
        .success()
        .then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

fn shown(command: &Command) -> String {
    let mut text = command.get_program().to_string_lossy().into_owned();
    for argument in command.get_args() {
        text.push(' ');
        text.push_str(&argument.to_string_lossy());
    }
    text
}
