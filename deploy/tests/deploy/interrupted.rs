//! A run that breaks off at any step goes on, and ends in the same state.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::world::{TIER_1, TIER_2, TIER_3, World};

/// Returns everything that is in the accounts, without the values of secrets.
fn state(world: &World) -> Value {
    let account = world.account.get();
    let worker = account.worker.clone().unwrap_or_default();
    let apps: BTreeMap<_, _> = account
        .apps
        .iter()
        .map(|(name, app)| {
            let secrets: Vec<_> = app.secrets.keys().collect();
            (
                name,
                json!([
                    app.organization,
                    secrets,
                    app.staged,
                    app.environment,
                    app.volume_gb
                ]),
            )
        })
        .collect();
    let landing: Vec<_> = account
        .landing
        .iter()
        .map(|((list, name), body)| json!([list, name, body]))
        .collect();
    json!({
        "bucket": account.bucket,
        "catalog": account.catalog.as_ref().map(|catalog| catalog.active),
        "landing": landing,
        "variables": worker.variables,
        "secrets": worker.secrets.keys().collect::<Vec<_>>(),
        "containers": account.containers,
        "apps": apps,
    })
}

/// Deploys `first` whole and then `text`, breaks off at each write, goes on, and compares the end with an unbroken run.
async fn goes_on(first: Option<&str>, text: &str, rotate: &[&str]) -> usize {
    let prepared = || async {
        let world = World::start().await;
        if let Some(first) = first {
            world.deploy(first, &[]).await.expect("a deployment");
        }
        world.account.get().writes.clear();
        world
    };
    let unbroken = prepared().await;
    unbroken.deploy(text, rotate).await.expect("a deployment");
    let writes = unbroken.account.get().writes.len();
    for has_effect in [false, true] {
        for number in 1..=writes {
            let world = prepared().await;
            world.account.get().fails = Some((number, has_effect));
            let error = world.deploy(text, rotate).await.expect_err("a failure");
            let failed = world.account.get().writes.last().cloned().unwrap_or_default();
            let message = error.to_string();
            assert!(message.contains("again"), "{failed}: {message}");
            world.account.get().fails = None;
            world
                .deploy(text, rotate)
                .await
                .unwrap_or_else(|error| panic!("after {failed}: {error}"));
            assert_eq!(
                state(&world),
                state(&unbroken),
                "after {failed} with effect {has_effect}"
            );
            world.assert_well();
            world.assert_agrees(text);
            let (_, plan) = world.plan(text, &[]).await.expect("a plan");
            assert!(plan.steps.is_empty(), "after {failed}: {:?}", plan.steps);
        }
    }
    writes
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_deployment() {
    assert_eq!(goes_on(None, TIER_3, &[]).await, 40);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_region() {
    // The passwords of both regions and of the Worker change together.
    assert_eq!(goes_on(Some(TIER_2), TIER_3, &[]).await, 12);
}

#[tokio::test(flavor = "multi_thread")]
async fn from_tier_1_to_tier_2() {
    assert!(goes_on(Some(TIER_1), TIER_2, &[]).await > 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_larger_volume() {
    let larger = TIER_2.replace("volume_gb = 20", "volume_gb = 40");
    assert_eq!(goes_on(Some(TIER_2), &larger, &[]).await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rotated_secret() {
    assert!(goes_on(Some(TIER_2), TIER_2, &["SYNC_PASSWORD", "VIEWER_TOKEN"]).await > 3);
}
