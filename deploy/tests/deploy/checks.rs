//! `--check`: everything that can be checked without a change.

use lakefront_deploy::check::{Check, check};
use serde_json::json;

use crate::world::{TIER_1, TIER_2, World, variable};

async fn wrong(world: &World, text: &str) -> Vec<Check> {
    let system = world.system(text);
    let mut checks = check(&world.deployer(&system), &system, &variable).await;
    assert!(checks.len() >= 12, "{checks:?}");
    checks.retain(|check| !check.ok);
    checks
}

#[tokio::test]
async fn a_good_system_has_nothing_wrong_and_nothing_changes() {
    let world = World::start().await;
    for text in [TIER_1, TIER_2] {
        assert_eq!(wrong(&world, text).await, []);
    }
    assert!(world.account.get().writes.is_empty());
    world.assert_well();
}

#[tokio::test]
async fn each_fault_is_found_alone() {
    let world = World::start().await;
    world.account.get().refuses = Some(("/containers/".to_owned(), 403, 1));
    let found = wrong(&world, TIER_1).await;
    assert_eq!(
        (found.len(), found[0].what.as_str()),
        (1, "permission: Containers"),
        "{found:?}"
    );
    assert!(found[0].note.contains("Containers: Edit"));

    let world = World::start().await;
    for number in 0..13 {
        let name = format!("other_{number}");
        let key = ("sinks".to_owned(), name.clone());
        world.account.get().landing.insert(key, json!({ "name": name }));
    }
    let found = wrong(&world, TIER_1).await;
    assert_eq!(
        (found.len(), found[0].what.as_str()),
        (1, "permission and limit: sinks"),
        "{found:?}"
    );
    assert!(found[0].note.contains("21"), "{found:?}");

    let world = World::start().await;
    std::fs::remove_file(world.path("sync/Dockerfile")).expect("a file");
    assert_eq!(wrong(&world, TIER_1).await, []);
    let found = wrong(&world, TIER_2).await;
    assert_eq!((found.len(), found[0].what.as_str()), (1, "files"), "{found:?}");

    let world = World::start().await;
    std::fs::write(world.path("wrangler"), "#!/bin/sh\necho 3.99.0\n").expect("a script");
    let found = wrong(&world, TIER_1).await;
    assert_eq!(
        (found.len(), found[0].what.as_str()),
        (1, "wrangler"),
        "{found:?}"
    );
    assert!(found[0].note.contains("4.86"), "{found:?}");
}

#[tokio::test]
async fn a_wrong_token_is_found() {
    let world = World::start().await;
    let system = world.system(TIER_1);
    let checks = check(&world.deployer_with(&system, "another-token"), &system, &variable).await;
    let token = checks
        .iter()
        .find(|check| check.what == "Cloudflare's token")
        .expect("a check");
    assert!(
        !token.ok && token.note.contains("CLOUDFLARE_API_TOKEN"),
        "{token:?}"
    );
    assert!(
        checks.iter().all(|check| !check.note.contains("another-token")),
        "{checks:?}"
    );
}
