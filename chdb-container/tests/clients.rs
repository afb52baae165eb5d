//! Tests with third-party clients, in Python and Node.js.

mod common;

use std::path::Path;
use std::process::Command;

use common::{Container, NOVEMBER, commit_logs, lake};
use tempfile::TempDir;

async fn start() -> (TempDir, Container) {
    let folder = TempDir::new().expect("a folder");
    let lake = lake(folder.path()).await;
    commit_logs(&lake, NOVEMBER, 0, 1000).await;
    let container = Container::start(folder.path(), &[]);
    (folder, container)
}

fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set: run the tests with `cargo xtask test`"))
}

fn run(command: &mut Command) {
    let output = command.output().expect("it starts");
    let (out, err) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    assert!(output.status.success(), "{out}\n{err}");
    assert!(out.ends_with("all good\n"), "{out}\n{err}");
}

#[tokio::test]
async fn clickhouse_connect() {
    let (_folder, container) = start().await;
    let script = Path::new("tests/clients/python.py");
    run(Command::new(variable("LAKEFRONT_PYTHON"))
        .arg(script)
        .arg(container.port()));
}

#[tokio::test]
async fn clickhouse_client_for_node() {
    let (_folder, container) = start().await;
    let script = Path::new("tests/clients/node.cjs");
    let modules = variable("LAKEFRONT_NODE_MODULES");
    run(Command::new("node")
        .env("NODE_PATH", modules)
        .arg(script)
        .arg(container.port()));
}
