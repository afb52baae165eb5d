//! The release archive, unpacked into an empty folder: it starts the stack without Rust or Node on the path.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// The launcher's own, so that a stack that runs beside this test keeps its ports.
const PORT: u16 = 19_160;
/// From `lakefront up` to the dashboard's address. Two seconds on an idle machine.
const PATIENCE: Duration = Duration::from_secs(60);

struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).ok();
    }
}

/// Ends the launcher, and with it the stack, also when the test fails.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        kill(pid(&self.0), Signal::SIGTERM).ok();
        self.0.wait().ok();
    }
}

fn pid(child: &Child) -> Pid {
    Pid::from_raw(i32::try_from(child.id()).expect("a process id"))
}

/// The launcher with nothing in its environment but a home and the system's own commands.
fn lakefront(archive: &Path, home: &Path) -> Command {
    let mut command = Command::new(archive.join("lakefront"));
    command
        .env_clear()
        .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
        .env("HOME", home);
    command
}

#[test]
fn the_archive_starts_the_stack_in_an_empty_folder() {
    let folder = Folder(std::env::temp_dir().join(format!("lakefront-dist-{}", std::process::id())));
    fs::create_dir_all(&folder.0).expect("a folder");
    let built = Command::new(env!("CARGO_BIN_EXE_xtask"))
        .args(["dist", "--profile", "dev", "--out"])
        .arg(&folder.0)
        .output()
        .expect("xtask can be started");
    assert!(
        built.status.success(),
        "{}",
        String::from_utf8_lossy(&built.stderr)
    );
    let archive = only_entry(&folder.0);
    let unpacked = Command::new("tar")
        .arg("xzf")
        .arg(&archive)
        .current_dir(&folder.0)
        .status();
    assert!(unpacked.expect("tar").success());
    fs::remove_file(&archive).expect("the archive");
    let (root, home) = (only_entry(&folder.0), folder.0.join("home"));

    let ports = ["--port-base", &PORT.to_string()];
    let doctor = lakefront(&root, &home)
        .arg("doctor")
        .args(ports)
        .output()
        .expect("it starts");
    let said = String::from_utf8_lossy(&doctor.stdout);
    assert!(doctor.status.success(), "{said}");
    let deploy = lakefront(&root, &home)
        .args(["deploy", "--help"])
        .output()
        .expect("it starts");
    let said = String::from_utf8_lossy(&deploy.stdout);
    assert!(
        deploy.status.success() && said.contains("lakefront deploy --plan"),
        "{said}"
    );
    let status = lakefront(&root, &home)
        .arg("status")
        .args(ports)
        .output()
        .expect("it starts");
    assert!(!status.status.success(), "nothing runs yet");

    let started = Instant::now();
    let mut child = lakefront(&root, &home)
        .arg("up")
        .args(ports)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    // Kept open to the end: a program that cannot write to its standard error stops.
    let mut lines = BufReader::new(child.stderr.take().expect("a pipe")).lines();
    let up = Running(child);
    let mut said = Vec::new();
    for line in lines.by_ref().map_while(Result::ok) {
        said.push(line);
        if said.last().is_some_and(|line| line.contains("Dashboard")) {
            break;
        }
        assert!(started.elapsed() < PATIENCE, "{}", said.join("\n"));
    }
    println!(
        "from the start to the dashboard's address: {} ms",
        started.elapsed().as_millis()
    );
    assert!(
        said.last().is_some_and(|line| line.contains("Dashboard")),
        "{}",
        said.join("\n")
    );

    let page = Command::new("curl")
        .args(["-sf", &format!("http://127.0.0.1:{PORT}/")])
        .output()
        .expect("curl");
    assert!(page.status.success(), "the dashboard answers");
    assert!(String::from_utf8_lossy(&page.stdout).contains("<title>"));
    let status = lakefront(&root, &home)
        .arg("status")
        .args(ports)
        .output()
        .expect("it starts");
    let said = String::from_utf8_lossy(&status.stdout);
    assert!(status.status.success() && said.contains("records/s"), "{said}");
    // chDB loaded the library of the archive, not one that this machine happens to have.
    let library = root.join("bin/libchdb.so");
    assert!(
        processes_that_map(&library) >= 1,
        "{} is not in use",
        library.display()
    );
    drop(up);
    assert_eq!(processes_that_map(&library), 0, "every program has ended");
}

fn only_entry(folder: &Path) -> PathBuf {
    let entries: Vec<_> = fs::read_dir(folder)
        .expect("a folder")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.file_name().is_some_and(|name| name != "home"))
        .collect();
    assert_eq!(entries.len(), 1, "{entries:?}");
    entries[0].clone()
}

/// Counts the processes that have mapped a file (proc(5), `/proc/<id>/maps`).
fn processes_that_map(file: &Path) -> usize {
    let file = file.to_string_lossy().into_owned();
    fs::read_dir("/proc")
        .expect("Linux")
        .flatten()
        .filter(|entry| fs::read_to_string(entry.path().join("maps")).is_ok_and(|maps| maps.contains(&file)))
        .count()
}
