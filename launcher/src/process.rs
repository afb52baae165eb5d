//! Child processes: each in its own process group, all of them ended when this program ends.

use std::io::{BufRead, BufReader, Read as _, Seek as _};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::{Context, Result, bail};
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

/// Process groups. The flag is true if a supervisor ends the group itself, in order.
static GROUPS: Mutex<Vec<(i32, bool)>> = Mutex::new(Vec::new());
static INTERRUPTS: AtomicU32 = AtomicU32::new(0);

/// Installs a handler for Ctrl-C, SIGTERM and SIGHUP. The first signal ends the children, a second one kills them.
pub fn end_children_on_interrupt() {
    let handler = || {
        let first = INTERRUPTS.fetch_add(1, Ordering::SeqCst) == 0;
        let signal = if first { Signal::SIGTERM } else { Signal::SIGKILL };
        for (group, _) in groups().iter().filter(|(_, supervised)| !(first && *supervised)) {
            // An error means that the group has ended already.
            let _ = killpg(Pid::from_raw(*group), signal);
        }
    };
    if let Err(error) = ctrlc::set_handler(handler) {
        eprintln!("cannot handle Ctrl-C ({error}): child processes may stay behind");
    }
}

/// Returns true if this program has received a signal to end.
pub fn interrupted() -> bool {
    INTERRUPTS.load(Ordering::SeqCst) > 0
}

fn groups() -> std::sync::MutexGuard<'static, Vec<(i32, bool)>> {
    GROUPS.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// A child that leads a process group. The child receives SIGTERM when this program dies for any reason.
pub struct ProcessGroup {
    /// The leader of the group.
    pub child: Child,
}

impl ProcessGroup {
    /// Starts a child that shares this program's output and has no input.
    ///
    /// # Errors
    /// Returns an error if the program cannot be started, or this program was interrupted.
    pub fn spawn(command: &Command) -> Result<Self> {
        Self::start(with_parent_death_signal(command), false)
    }

    /// Starts a child of the stack, with its output in pipes. On an interrupt the stack ends the child.
    ///
    /// # Errors
    /// Returns an error if the program cannot be started, or this program was interrupted.
    pub fn spawn_supervised(command: &Command) -> Result<Self> {
        let mut command = with_parent_death_signal(command);
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

impl Drop for ProcessGroup {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            self.signal(Signal::SIGKILL);
            let _ = self.child.wait();
        }
        groups().retain(|(group, _)| u32::try_from(*group) != Ok(self.child.id()));
    }
}

/// Returns the command under `setpriv --pdeathsig` if util-linux has it, so that not even SIGKILL leaves a child
/// behind.
fn with_parent_death_signal(command: &Command) -> Command {
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

/// Runs a command that shares this program's output.
///
/// # Errors
/// Returns an error if the command cannot be started or fails.
pub fn run(command: &Command) -> Result<()> {
    finish(ProcessGroup::spawn(command)?, command)
}

/// Runs a command, prints each line of its standard output and then passes the line to `each`.
///
/// # Errors
/// Returns an error if the command cannot be started or fails.
pub fn run_reading(command: &Command, mut each: impl FnMut(&str)) -> Result<()> {
    run_parsing(command, |line| {
        println!("{line}");
        each(line);
        Ok(())
    })
}

/// Runs a command and passes each line of its standard output to `each`.
///
/// # Errors
/// Returns an error if the command cannot be started or fails, or `each` fails.
pub fn run_parsing(command: &Command, mut each: impl FnMut(&str) -> Result<()>) -> Result<()> {
    let mut wrapped = with_parent_death_signal(command);
    wrapped.stdout(Stdio::piped());
    let mut group = ProcessGroup::start(wrapped, false)?;
    let output = group.child.stdout.take().context("no standard output")?;
    for line in BufReader::new(output).lines() {
        each(&line?)?;
    }
    finish(group, command)
}

/// Runs a command. Returns its standard output and error together, and true if the command succeeded.
///
/// # Errors
/// Returns an error if the command cannot be started, or this program was interrupted.
pub fn captured(command: &Command) -> Result<(String, bool)> {
    // A file, not a pipe: a background process of the command would keep a pipe open.
    let mut file = tempfile::tempfile()?;
    let mut wrapped = with_parent_death_signal(command);
    wrapped.stdout(file.try_clone()?).stderr(file.try_clone()?);
    let mut group = ProcessGroup::start(wrapped, false)?;
    let status = group.child.wait()?;
    file.rewind()?;
    let mut output = Vec::new();
    file.read_to_end(&mut output)?;
    if interrupted() {
        bail!("interrupted");
    }
    Ok((String::from_utf8_lossy(&output).into_owned(), status.success()))
}

fn finish(mut group: ProcessGroup, command: &Command) -> Result<()> {
    let status = group.child.wait()?;
    if interrupted() {
        bail!("interrupted");
    }
    if !status.success() {
        bail!("`{}` failed: {status}", shown(command));
    }
    Ok(())
}

/// Returns the command's standard output, or `None` if the command fails or does not exist.
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
