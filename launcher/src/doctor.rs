//! The command `lakefront doctor`: reports faults of this machine and of the configuration, in sentences.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, bail};

use crate::installation::{Installation, data_folder};
use crate::local_stack::Ports;
use crate::process::output;
use crate::supervisor::get_ok;

/// Free bytes of the disk below which ingest soon refuses records.
const FREE_BYTES: u64 = 2 << 30;
/// Available bytes of memory below which the engines slow each other down.
const MEMORY_BYTES: u64 = 2 << 30;

/// The result of one check: a sentence that confirms it, or a sentence with the fault and its remedy.
type Finding = std::result::Result<String, String>;

/// Checks the machine, the installation and the configuration, and prints one line for each check.
///
/// # Errors
/// Returns an error if a check fails.
pub fn run(installation: &Installation, data: Option<PathBuf>, port_base: Option<u16>) -> Result<()> {
    let ports = port_base.map_or(Ports::DEFAULT, Ports::from_base);
    let data = match data {
        Some(folder) => folder,
        None => data_folder()?,
    };
    let mut findings = vec![platform(), files(installation)];
    if findings.iter().all(Result::is_ok) {
        findings.push(starts(
            "chDB",
            installation.command("lakefront-chdb-container").arg("--version"),
        ));
        findings.push(starts(
            "the Worker's runtime",
            Command::new(&installation.workerd).arg("--version"),
        ));
    }
    findings.push(writable(&data));
    findings.push(space(&data));
    findings.push(memory());
    findings.extend(busy_ports(ports));
    findings.extend(variables());
    for finding in &findings {
        match finding {
            Ok(sentence) => println!("  ✓ {sentence}"),
            Err(sentence) => println!("  ✗ {sentence}"),
        }
    }
    let wrong = findings.iter().filter(|finding| finding.is_err()).count();
    if wrong > 0 {
        bail!(
            "{wrong} of {} checks failed; the lines with ✗ say what to do",
            findings.len()
        );
    }
    Ok(())
}

fn platform() -> Finding {
    let (system, machine) = (std::env::consts::OS, std::env::consts::ARCH);
    if (system, machine) == ("linux", "x86_64") {
        Ok("Linux on x86_64".to_owned())
    } else {
        Err(format!(
            "{system} on {machine}: chDB has a library for Linux on x86_64 only; use a virtual machine of that kind"
        ))
    }
}

fn files(installation: &Installation) -> Finding {
    let missing = installation.missing();
    match missing.first() {
        None => Ok("all files of the stack are there".to_owned()),
        Some(first) => Err(format!(
            "{} files are missing, {} first: unpack the archive again",
            missing.len(),
            first.display()
        )),
    }
}

fn starts(what: &str, command: &mut Command) -> Finding {
    match output(command) {
        Some(version) => Ok(format!(
            "{what} starts ({})",
            version.lines().next().unwrap_or_default()
        )),
        None => Err(format!(
            "{what} does not start: run `{} --version` to see why; a C library older than 2.35 is the usual reason",
            command.get_program().to_string_lossy()
        )),
    }
}

fn writable(data: &Path) -> Finding {
    let probe = data.join(format!(".doctor-{}", std::process::id()));
    let written = fs::create_dir_all(data).and_then(|()| fs::write(&probe, "probe"));
    // A probe that cannot be deleted takes only a few bytes.
    let _ = fs::remove_file(&probe);
    match written {
        Ok(()) => Ok(format!("{} can be written", data.display())),
        Err(error) => Err(format!(
            "{} cannot be written ({error}): pass --data with a folder of yours",
            data.display()
        )),
    }
}

fn space(data: &Path) -> Finding {
    let Ok(disk) = nix::sys::statvfs::statvfs(data) else {
        return Err(format!("the free space below {} is unknown", data.display()));
    };
    let free = disk.blocks_available().saturating_mul(disk.fragment_size());
    let sentence = format!("{} GiB are free below {}", free >> 30, data.display());
    if free >= FREE_BYTES {
        Ok(sentence)
    } else {
        Err(format!("only {sentence}: at least 2 are needed"))
    }
}

fn memory() -> Finding {
    let text = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let available = text
        .lines()
        .find_map(|line| line.strip_prefix("MemAvailable:"))
        .and_then(|rest| rest.trim().trim_end_matches(" kB").parse::<u64>().ok())
        .map(|kilobytes| kilobytes * 1024);
    match available {
        Some(bytes) if bytes < MEMORY_BYTES => Err(format!(
            "only {} MiB of memory are available: tier 2 wants 2048, tier 1 half of it",
            bytes >> 20
        )),
        Some(bytes) => Ok(format!("{} MiB of memory are available", bytes >> 20)),
        None => Ok("the available memory is unknown (/proc/meminfo)".to_owned()),
    }
}

fn busy_ports(ports: Ports) -> Vec<Finding> {
    if get_ok(&format!("http://127.0.0.1:{}/health", ports.router)) {
        return vec![Ok(format!("a stack runs at http://127.0.0.1:{}", ports.router))];
    }
    let named = [
        ("the dashboard", ports.router),
        ("ingest", ports.ingest),
        ("ingest by gRPC", ports.grpc),
        ("chDB", ports.chdb),
        ("ClickHouse", ports.clickhouse[0]),
        ("ClickHouse of the second region", ports.clickhouse[1]),
        ("sync", ports.sync),
    ];
    let busy: Vec<_> = named
        .into_iter()
        .filter(|(_, port)| TcpListener::bind(("127.0.0.1", *port)).is_err())
        .collect();
    if busy.is_empty() {
        return vec![Ok(format!("the ports are free, {} first", ports.router))];
    }
    busy.iter()
        .map(|(what, port)| {
            Err(format!(
                "port {port}, of {what}, is taken by another program: end it, or pass --port-base"
            ))
        })
        .collect()
}

/// Checks the environment variables that `up` passes on.
fn variables() -> Vec<Finding> {
    let mut findings = Vec::new();
    if let Some(url) = set("CLICKHOUSE_URL") {
        findings.push(if get_ok(&format!("{}/ping", url.trim_end_matches('/'))) {
            Ok(format!("CLICKHOUSE_URL answers at {url}"))
        } else {
            Err(format!("CLICKHOUSE_URL names {url}, where no ClickHouse answers /ping: start it, or unset the variable"))
        });
    }
    for (given, other) in [
        ("LAKEFRONT_ROUTER_PASSWORD", "LAKEFRONT_SYNC_PASSWORD"),
        ("LAKEFRONT_SYNC_PASSWORD", "LAKEFRONT_ROUTER_PASSWORD"),
    ] {
        if set(given).is_some() && set(other).is_none() && set("CLICKHOUSE_URL").is_some() {
            findings.push(Err(format!(
                "{given} is set but {other} is not: a ClickHouse of your own needs both"
            )));
        }
    }
    findings
}

fn set(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
