//! From empty accounts to a system, and nothing to do afterwards.

use lakefront_deploy::plan::Action;
use lakefront_deploy::print;

use crate::account::Catalog;
use crate::world::{CATALOG_TOKEN, LANDING_TOKEN, TIER_1, TIER_2, TIER_3, World};

#[tokio::test]
async fn every_tier_is_made_once() {
    for (text, steps) in [(TIER_1, 28), (TIER_2, 34), (TIER_3, 40)] {
        let world = World::start().await;
        let (outcome, shown) = world.deploy(text, &[]).await.expect("a deployment");
        assert_eq!(outcome.steps, steps);
        assert_eq!(outcome.streams.len(), 8);
        let names: Vec<_> = shown.iter().map(|(name, _)| *name).collect();
        assert_eq!(names, ["VIEWER_TOKEN", "INGEST_KEYS"]);
        world.assert_well();
        world.assert_agrees(text);
        assert_eq!(
            world.account.get().worker.as_ref().expect("a Worker").secrets["VIEWER_TOKEN"],
            shown[0].1
        );

        let before = world.account.get().writes.len();
        assert_eq!(before, steps);
        let (_, plan) = world.plan(text, &[]).await.expect("a plan");
        assert!(plan.steps.is_empty(), "{:?}", plan.steps);
        assert!(
            plan.lines.iter().all(|line| line.action == Action::Exists),
            "{:?}",
            plan.lines
        );
        assert!(print::summary(&plan.lines).starts_with("Nothing to do"));
        let (again, shown) = world.deploy(text, &[]).await.expect("nothing to do");
        assert_eq!((again.steps, shown.len()), (0, 0));
        assert_eq!(world.account.get().writes.len(), before);
    }
}

#[tokio::test]
async fn each_part_has_the_values_that_it_needs() {
    let world = World::start().await;
    world.deploy(TIER_2, &[]).await.expect("a deployment");
    let account = world.account.get();
    assert_eq!(account.bucket.as_deref(), Some("lakefront-lake"));
    assert_eq!(
        account.catalog,
        Some(Catalog {
            active: true,
            compacts: false
        })
    );
    for ((list, name), body) in account.landing.iter().filter(|((list, _), _)| list == "sinks") {
        assert_eq!(body["config"]["token"], CATALOG_TOKEN, "{list} {name}");
        assert_eq!(body["config"]["bucket"], "lakefront-lake", "{list} {name}");
    }
    let worker = account.worker.as_ref().expect("a Worker");
    assert_eq!(worker.secrets["LANDING_TOKEN"], LANDING_TOKEN);
    assert_eq!(worker.secrets["LAKEFRONT_CATALOG_TOKEN"], CATALOG_TOKEN);
    let streams: serde_json::Value =
        serde_json::from_str(&worker.variables["LANDING_STREAMS"]).expect("JSON");
    let expected = "https://id-of-lakefront_otel_logs_v1-in-streams.ingest.cloudflare.com";
    assert_eq!(streams["otel_logs"], expected);
    let sync = &account.apps["lakefront-sync-us"];
    assert_eq!(sync.secrets["LAKEFRONT_CATALOG_TOKEN"], CATALOG_TOKEN);
    assert!(sync.staged.is_empty());
    assert_eq!(sync.organization, "personal");
    let server = &account.apps["lakefront-clickhouse-us"];
    assert_eq!(
        server.secrets["LAKEFRONT_ROUTER_PASSWORD"],
        worker.secrets["CLICKHOUSE_PASSWORD"]
    );
    assert_eq!(server.configuration["mounts"]["initial_size"], "20gb");
    let syncs = account
        .arguments
        .iter()
        .filter(|line| line.contains("--no-public-ips"));
    assert!(
        syncs
            .map(String::as_str)
            .all(|line| line.contains("--app lakefront-sync-us"))
    );
}

#[tokio::test]
async fn with_an_ingest_nothing_lands_by_pipelines() {
    let text = TIER_1.replace(
        "by = \"pipelines\"\nsenders = \"keys\"",
        "by = \"ingest\"\nurl = \"https://ingest.example\"",
    );
    let world = World::start().await;
    world.deploy(&text, &[]).await.expect("a deployment");
    {
        let account = world.account.get();
        assert!(account.landing.is_empty());
        assert_eq!(account.containers.iter().collect::<Vec<_>>(), ["lakefront-chdb"]);
        let worker = account.worker.as_ref().expect("a Worker");
        assert_eq!(worker.variables["INGEST_URL"], "https://ingest.example");
        assert_eq!(worker.secrets["INGEST_KEY"], "key-of-the-router");
        assert!(!worker.secrets.contains_key("LANDING_TOKEN"));
    }
    // From there to Pipelines, without a new Worker by another name.
    world.deploy(TIER_1, &[]).await.expect("a deployment");
    assert_eq!(world.account.get().landing.len(), 24);
    world.assert_agrees(TIER_1);
    world.assert_well();
}

#[tokio::test]
async fn what_was_there_before_is_used() {
    let world = World::start().await;
    {
        let mut account = world.account.get();
        account.bucket = Some("lakefront-lake".to_owned());
        account.catalog = Some(Catalog {
            active: true,
            compacts: true,
        });
    }
    let (_, plan) = world.plan(TIER_1, &[]).await.expect("a plan");
    let actions: Vec<_> = plan.lines.iter().take(3).map(|line| line.action).collect();
    assert_eq!(actions, [Action::Exists, Action::Exists, Action::Change]);
    world.deploy(TIER_1, &[]).await.expect("a deployment");
    assert!(!world.account.get().catalog.as_ref().expect("a catalog").compacts);
}

#[tokio::test]
async fn a_missing_secret_is_noticed_before_anything_is_made() {
    let world = World::start().await;
    let system = world.system(TIER_1);
    let deployer = world.deployer(&system);
    let (existing, plan) = deployer.plan(&system, &Default::default()).await.expect("a plan");
    let error = deployer
        .deploy(&system, &existing, &plan, &|_| None, &mut |_| {})
        .await
        .expect_err("no token");
    assert!(error.to_string().contains("environment variable"), "{error}");
    assert!(world.account.get().writes.is_empty());
}

#[tokio::test]
async fn missing_files_are_noticed_before_anything_is_made() {
    let world = World::start().await;
    std::fs::remove_file(world.path("router/build/worker/index.js")).expect("a file");
    let error = world.deploy(TIER_1, &[]).await.expect_err("no Worker");
    assert!(error.to_string().contains("cargo xtask bundle"), "{error}");
    assert!(world.account.get().writes.is_empty());
}
