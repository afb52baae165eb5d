//! Runs `cargo xtask up`: it prints the dashboard's address, and leaves no process behind, however it ends.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// Time limit for setup, build and start. Everything was built before the tests.
const PATIENCE: Duration = Duration::from_secs(120);

/// A running `up` over a lake of its own.
struct Up {
    child: Child,
    lines: Receiver<String>,
    seen: Vec<String>,
    data: PathBuf,
}

impl Up {
    /// Starts `up` and waits for the dashboard's address.
    fn start(name: &str, port_base: u16) -> Self {
        let data = std::env::temp_dir().join(format!("lakefront-up-{name}-{}", std::process::id()));
        let mut child = Command::new(env!("CARGO_BIN_EXE_xtask"))
            .args(["up", "--no-demo", "--port-base", &port_base.to_string(), "--data"])
            .arg(&data)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("xtask can be started");
        let (send, lines) = channel();
        let output = BufReader::new(child.stderr.take().expect("its output is a pipe"));
        std::thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                if send.send(line).is_err() {
                    break;
                }
            }
        });
        let mut up = Self {
            child,
            lines,
            seen: Vec::new(),
            data,
        };
        up.wait_for_line(&format!("Dashboard   http://127.0.0.1:{port_base}"));
        up
    }

    fn wait_for_line(&mut self, part: &str) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            match self
                .lines
                .recv_timeout(deadline.saturating_duration_since(Instant::now()))
            {
                Ok(line) => {
                    let found = line.contains(part);
                    self.seen.push(line);
                    if found {
                        return;
                    }
                }
                Err(RecvTimeoutError::Timeout) => panic!("no {part:?} in\n{}", self.seen.join("\n")),
                Err(RecvTimeoutError::Disconnected) => {
                    panic!("ended without {part:?}\n{}", self.seen.join("\n"))
                }
            }
        }
    }

    /// Returns the processes below it, with their names.
    fn descendants(&self) -> BTreeMap<i32, String> {
        let processes = processes();
        let mut found = BTreeMap::new();
        let mut parents = vec![i32::try_from(self.child.id()).expect("a process id")];
        while let Some(parent) = parents.pop() {
            for (id, (_, name)) in processes.iter().filter(|(_, (of, _))| *of == parent) {
                found.insert(*id, name.clone());
                parents.push(*id);
            }
        }
        found
    }

    fn send(&self, signal: Signal) {
        let id = i32::try_from(self.child.id()).expect("a process id");
        kill(Pid::from_raw(id), signal).expect("it runs");
    }

    /// Waits for its end, and returns its status and output.
    fn ended(mut self) -> (ExitStatus, String) {
        let deadline = Instant::now() + PATIENCE;
        let status = await_some(deadline, "up does not end", || {
            self.child.try_wait().expect("our child")
        });
        self.seen.extend(self.lines.iter());
        std::fs::remove_dir_all(&self.data).expect("its folder can be removed");
        (status, self.seen.join("\n"))
    }
}

/// Returns the parent and the name of every process, from `/proc/<id>/stat` (proc(5)).
fn processes() -> BTreeMap<i32, (i32, String)> {
    let entries = std::fs::read_dir("/proc").expect("Linux").flatten();
    entries
        .filter_map(|entry| {
            let id = entry.file_name().to_str()?.parse().ok()?;
            let stat = std::fs::read_to_string(entry.path().join("stat")).ok()?;
            let (head, tail) = stat.rsplit_once(") ")?;
            let mut fields = tail.split(' ');
            let state = fields.next()?;
            let parent = fields.next()?.parse().ok()?;
            // One that nobody waited for yet is gone all the same.
            (state != "Z").then(|| {
                (
                    id,
                    (
                        parent,
                        head.split_once('(').map_or("", |(_, name)| name).to_owned(),
                    ),
                )
            })
        })
        .collect()
}

fn await_some<T>(deadline: Instant, otherwise: &str, mut look: impl FnMut() -> Option<T>) -> T {
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < deadline, "{otherwise}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn await_gone(processes_then: &BTreeMap<i32, String>) {
    await_some(Instant::now() + PATIENCE, "a process stays behind", || {
        let now = processes();
        processes_then
            .iter()
            .all(|(id, name)| now.get(id).is_none_or(|(_, now)| now != name))
            .then_some(())
    });
}

#[test]
fn an_interrupt_ends_every_part_in_order() {
    let up = Up::start("interrupted", 19_100);
    let parts = up.descendants();
    assert!(
        parts.len() >= 3,
        "ingest, chDB and the Worker at least: {parts:?}"
    );
    up.send(Signal::SIGINT);
    let (status, said) = up.ended();
    assert_eq!(status.code(), Some(130), "{said}");
    assert!(!said.contains("killed"), "{said}");
    await_gone(&parts);
}

#[test]
fn a_part_that_dies_is_named_and_takes_the_rest_down() {
    let up = Up::start("bereaved", 19_120);
    let parts = up.descendants();
    let (chdb, _) = parts
        .iter()
        .find(|(_, name)| name.starts_with("lakefront-chdb"))
        .expect("chDB runs");
    kill(Pid::from_raw(*chdb), Signal::SIGKILL).expect("it runs");
    let (status, said) = up.ended();
    assert_eq!(status.code(), Some(1), "{said}");
    assert!(
        said.contains("chdb ended: signal: 9") && said.contains("Its last lines:"),
        "{said}"
    );
    await_gone(&parts);
}

#[test]
fn not_even_a_kill_leaves_a_process_behind() {
    let up = Up::start("killed", 19_140);
    let parts = up.descendants();
    up.send(Signal::SIGKILL);
    drop(up.ended());
    await_gone(&parts);
}
