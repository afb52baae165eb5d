//! The program itself: arguments, output, exit status.

use std::process::{Command, Output, Stdio};

use serde_json::Value;

use crate::account::{FLY_TOKEN, TOKEN};
use crate::world::{CATALOG_TOKEN, LANDING_TOKEN, TIER_1, TIER_2, World};

fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lakefront-deploy"));
    for name in [
        "CLOUDFLARE_API_TOKEN",
        "FLY_API_TOKEN",
        "LAKEFRONT_SOURCE",
        "LAKEFRONT_BUNDLE",
    ] {
        command.env_remove(name);
    }
    command.stdin(Stdio::null());
    command
}

/// Runs the program in a world with tokens.
async fn run(world: &World, text: &str, arguments: &[&str]) -> (bool, String, String) {
    let file = world.path("lakefront.toml");
    std::fs::write(&file, text).expect("a file");
    let mut command = tokio::process::Command::from(program());
    command
        .arg("--file")
        .arg(&file)
        .arg("--source")
        .arg(world.folder.path())
        .args(arguments)
        .env("CLOUDFLARE_API_TOKEN", TOKEN)
        .env("FLY_API_TOKEN", FLY_TOKEN)
        .env("CATALOG_TOKEN", CATALOG_TOKEN)
        .env("LANDING_TOKEN", LANDING_TOKEN)
        .env(
            "CLOUDFLARE_API_BASE_URL",
            format!("{}/cloudflare", world.account.url),
        )
        .env("FLY_API_HOSTNAME", format!("{}/fly", world.account.url));
    for name in ["wrangler", "flyctl", "docker"] {
        command.arg(format!("--{name}")).arg(world.path(name));
    }
    let output = command.output().await.expect("the program");
    texts(&output)
}

fn texts(output: &Output) -> (bool, String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (
        output.status.success(),
        text(&output.stdout),
        text(&output.stderr),
    )
}

#[test]
fn every_example_prints_the_whole_system_without_a_network() {
    for (tier, lines) in [(1, 36), (2, 40), (3, 42)] {
        let file = format!("examples/tier-{tier}.toml");
        // No address is reachable, so that a call would fail.
        let output = program()
            .args([
                "--file",
                &file,
                "--plan",
                "--json",
                "--api",
                "http://127.0.0.1:9",
                "--fly-api",
                "http://127.0.0.1:9",
            ])
            .output()
            .expect("the program");
        let (ok, printed, errors) = texts(&output);
        assert!(ok, "{errors}");
        let plan: Value = serde_json::from_str(&printed).expect("JSON");
        assert_eq!(plan["tier"], tier);
        assert_eq!(plan["compared"], false);
        assert_eq!(
            plan["resources"].as_array().expect("a list").len(),
            lines,
            "{printed}"
        );
        let cost = |key: &str| plan["cost"][key].as_f64().expect("a number");
        assert!(
            cost("expected_month") > cost("base_month") && cost("base_month") > 5.0,
            "{printed}"
        );
    }
}

#[test]
fn the_plan_is_a_short_list_with_costs() {
    let output = program()
        .args(["--file", "examples/tier-2.toml", "--plan"])
        .output()
        .expect("the program");
    let (ok, printed, _) = texts(&output);
    assert!(ok);
    expect_test::expect_file!["../expected/tier-2.plan"].assert_eq(&printed);
}

#[test]
fn an_open_worker_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("lakefront.toml");
    std::fs::write(&file, TIER_1.replace("viewers = \"token\"", "")).expect("a file");
    let output = program()
        .arg("--file")
        .arg(&file)
        .arg("--plan")
        .output()
        .expect("the program");
    assert_eq!(output.status.code(), Some(1));
    let (_, _, errors) = texts(&output);
    assert!(
        errors.contains("access.viewers: it is not set, so that anybody could read"),
        "{errors}"
    );
    let output = program()
        .args(["--plan", "--destroy"])
        .output()
        .expect("the program");
    assert_eq!(output.status.code(), Some(2), "arguments that exclude each other");
}

#[tokio::test]
async fn a_deployment_asks_shows_secrets_once_and_does_nothing_again() {
    let world = World::start().await;
    let (ok, printed, errors) = run(&world, TIER_2, &[]).await;
    assert!(
        !ok && errors.contains("pass --yes") && printed.contains("39 to create"),
        "{printed}{errors}"
    );
    assert!(world.account.get().writes.is_empty());

    let (ok, printed, errors) = run(&world, TIER_2, &["--yes"]).await;
    assert!(ok, "{errors}");
    let worker = world.account.get().worker.clone().expect("a Worker");
    assert_eq!(
        printed
            .matches(&format!("VIEWER_TOKEN={}", worker.secrets["VIEWER_TOKEN"]))
            .count(),
        1
    );
    for (name, value) in &worker.secrets {
        let is_shown = ["VIEWER_TOKEN", "INGEST_KEYS"].contains(&name.as_str());
        assert_eq!(printed.contains(value.as_str()), is_shown, "{name}");
        assert!(!errors.contains(value.as_str()), "{name}");
    }
    assert!(
        errors.contains("✓ deploying the Worker")
            && errors.contains("open https://lakefront.my-subdomain.workers.dev")
    );

    let (ok, printed, errors) = run(&world, TIER_2, &[]).await;
    assert!(ok && printed.contains("Nothing to do"), "{printed}{errors}");
    assert!(!printed.contains(&worker.secrets["VIEWER_TOKEN"]));
    world.assert_well();
}

#[tokio::test]
async fn the_landing_alone_needs_no_worker() {
    let world = World::start().await;
    let (ok, printed, errors) = run(&world, TIER_1, &["--landing-only", "--yes"]).await;
    assert!(ok, "{errors}");
    let streams = printed
        .lines()
        .find_map(|line| line.strip_prefix("LANDING_STREAMS="))
        .expect("the streams");
    let streams: Value = serde_json::from_str(streams).expect("JSON");
    assert_eq!(streams.as_object().expect("an object").len(), 8);
    assert!(world.account.get().worker.is_none());
    let (ok, again, _) = run(&world, TIER_1, &["--landing-only"]).await;
    assert!(
        ok && again.contains("Nothing to do") && again.contains("LANDING_STREAMS={"),
        "{again}"
    );
}

#[tokio::test]
async fn a_check_fails_by_its_exit_status() {
    let world = World::start().await;
    let (ok, printed, errors) = run(&world, TIER_1, &["--check"]).await;
    assert!(ok && printed.contains("0 wrong"), "{printed}{errors}");
    world.account.get().refuses = Some(("/pipelines/".to_owned(), 403, 100));
    let (ok, printed, _) = run(&world, TIER_1, &["--check", "--json"]).await;
    let checks: Value = serde_json::from_str(&printed).expect("JSON");
    assert!(!ok && checks["ok"] == false, "{printed}");
}

#[tokio::test]
async fn a_destruction_needs_the_name() {
    let world = World::start().await;
    run(&world, TIER_1, &["--yes"]).await;
    for arguments in [&["--destroy"][..], &["--destroy", "--confirm", "lakefron"]] {
        let (ok, printed, errors) = run(&world, TIER_1, arguments).await;
        assert!(!ok && errors.contains("nothing was removed"), "{errors}");
        assert!(
            printed.contains("- Worker lakefront") && printed.contains("stays, with the lake"),
            "{printed}"
        );
        assert!(world.account.get().worker.is_some());
    }
    let (ok, _, errors) = run(&world, TIER_1, &["--destroy", "--confirm", "lakefront"]).await;
    assert!(ok && world.account.get().worker.is_none(), "{errors}");
}

#[tokio::test]
async fn a_failure_says_how_to_go_on() {
    let world = World::start().await;
    world.account.get().fails = Some((5, false));
    let (ok, _, errors) = run(&world, TIER_1, &["--yes"]).await;
    assert!(
        !ok && errors.contains("what was made stays; run the same command again to go on"),
        "{errors}"
    );
    assert!(errors.contains("internal error (code 10001)"), "{errors}");
}
