//! The real wrangler reads what is rendered. It needs no account for `deploy --dry-run`, but docker, for which a script stands that
//! builds nothing.

use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use lakefront_deploy::config::Config;
use lakefront_deploy::system::{Files, System, worker};
use lakefront_landing::landing_tables;

#[test]
fn wrangler_accepts_the_rendered_worker() {
    let variable = |name: &str| {
        PathBuf::from(
            std::env::var_os(name).unwrap_or_else(|| panic!("set {name}, as `cargo xtask test` does")),
        )
    };
    let wrangler = variable("LAKEFRONT_NODE_MODULES").join("wrangler/bin/wrangler.js");
    let checkout = std::path::absolute("..")
        .expect("a folder")
        .canonicalize()
        .expect("a folder");
    let files = Files::new(checkout, Some(variable("LAKEFRONT_BUNDLE")));
    let streams = landing_tables()
        .iter()
        .map(|table| (table.of.to_owned(), "https://0.ingest.cloudflare.com".to_owned()))
        .collect();
    for text in [
        include_str!("../../examples/tier-1.toml").to_owned(),
        include_str!("../../examples/tier-3.toml").to_owned() + "\n[worker]\ndomain = \"t.example\"\n",
    ] {
        let system = System::of(Config::parse("lakefront.toml", &text).expect("valid"));
        let rendered = worker::configuration(&system, &files, &streams, "d").expect("a configuration");
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("wrangler.json");
        std::fs::write(&file, rendered.to_string()).expect("a file");
        let docker = folder.path().join("docker");
        std::fs::write(&docker, "#!/bin/sh\necho \"$@\" >> \"$0.log\"\ncat > /dev/null\n").expect("a script");
        std::fs::set_permissions(&docker, std::fs::Permissions::from_mode(0o755)).expect("a program");
        let output = Command::new("node")
            .arg(&wrangler)
            .args(["deploy", "--dry-run", "--config"])
            .arg(&file)
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .env("WRANGLER_SEND_METRICS", "false")
            .env("CI", "1")
            .env("WRANGLER_DOCKER_BIN", &docker)
            .env("HOME", folder.path())
            .output()
            .expect("node");
        let printed = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{printed}");
        assert!(!printed.contains("WARNING"), "{printed}");
        let size = printed
            .lines()
            .find(|line| line.contains("Total Upload"))
            .expect("a size");
        println!("tier {}: {size}", system.config.tier());
        let built = std::fs::read_to_string(folder.path().join("docker.log")).unwrap_or_default();
        for image in ["lakefront-chdb", "lakefront-keeper"] {
            // The Dockerfile comes by standard input, so that the ignore file is the one in the context.
            let build = built.lines().find(|line| line.contains(&format!("-t {image}:")));
            let build = build.unwrap_or_else(|| panic!("{image} is not built: {built}"));
            assert!(
                build.ends_with(&format!("-f - {}", files.source.display())),
                "{build}"
            );
        }
        for expected in [
            "CHDB_CONTAINER",
            "KEEPER_CONTAINER",
            "TAIL",
            "KEY_BUDGETS",
            "LANDING_STREAMS",
        ] {
            assert!(printed.contains(expected), "{expected}: {printed}");
        }
    }
}
