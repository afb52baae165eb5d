//! A destruction removes what a deployment made, and nothing else.

use serde_json::json;

use crate::account::App;
use crate::world::{TIER_2, World};

#[tokio::test]
async fn what_others_made_stays() {
    let world = World::start().await;
    let other = ("streams".to_owned(), "of_somebody_else".to_owned());
    {
        let mut account = world.account.get();
        account.landing.insert(other.clone(), json!({ "name": other.1 }));
        account.containers.insert("of-somebody-else".to_owned());
        account.apps.insert("of-somebody-else".to_owned(), App::default());
    }
    world.deploy(TIER_2, &[]).await.expect("a deployment");
    world.account.get().objects = 3;
    let (plan, notes) = world.destroy(TIER_2, false).await.expect("a destruction");
    // The Worker, two containers, two apps, and 24 resources of Pipelines.
    assert_eq!((plan.removals.len(), notes.len()), (29, 0));
    {
        let account = world.account.get();
        assert!(account.worker.is_none());
        assert_eq!(account.landing.keys().collect::<Vec<_>>(), [&other]);
        assert_eq!(
            account.containers.iter().collect::<Vec<_>>(),
            ["of-somebody-else"]
        );
        assert_eq!(account.apps.keys().collect::<Vec<_>>(), ["of-somebody-else"]);
        assert_eq!(account.bucket.as_deref(), Some("lakefront-lake"));
        assert!(account.catalog.as_ref().expect("a catalog").active && !account.expires);
    }
    let (plan, _) = world.destroy(TIER_2, false).await.expect("nothing to remove");
    assert!(plan.removals.is_empty());
    world.assert_well();
}

#[tokio::test]
async fn data_is_deleted_only_if_told_so() {
    let world = World::start().await;
    world.deploy(TIER_2, &[]).await.expect("a deployment");
    world.account.get().objects = 3;
    let (plan, notes) = world.destroy(TIER_2, true).await.expect("a destruction");
    assert!(
        plan.lines
            .iter()
            .any(|line| line.note == "WITH ALL DATA of the lake")
    );
    assert!(notes[0].contains("run the same command again"), "{notes:?}");
    assert!(world.account.get().expires && world.account.get().bucket.is_some());
    world.account.get().objects = 0;
    let (_, notes) = world.destroy(TIER_2, true).await.expect("a destruction");
    assert!(notes.is_empty() && world.account.get().bucket.is_none());
    world.assert_well();
}

#[tokio::test]
async fn a_destruction_that_breaks_off_goes_on() {
    let writes = {
        let world = World::start().await;
        world.deploy(TIER_2, &[]).await.expect("a deployment");
        world.account.get().writes.clear();
        world.destroy(TIER_2, true).await.expect("a destruction");
        world.account.get().writes.len()
    };
    for number in 1..=writes {
        let world = World::start().await;
        world.deploy(TIER_2, &[]).await.expect("a deployment");
        world.account.get().writes.clear();
        world.account.get().fails = Some((number, number % 2 == 0));
        world.destroy(TIER_2, true).await.expect_err("a failure");
        world.account.get().fails = None;
        world.destroy(TIER_2, true).await.expect("a destruction");
        let account = world.account.get();
        assert!(
            account.worker.is_none() && account.landing.is_empty() && account.apps.is_empty(),
            "{number}"
        );
        assert!(
            account.containers.is_empty() && account.bucket.is_none(),
            "{number}"
        );
    }
}
