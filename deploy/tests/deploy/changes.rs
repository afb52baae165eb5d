//! Changes of a system that runs.

use lakefront_deploy::plan::{Action, Plan};

use crate::world::{TIER_1, TIER_2, TIER_3, World};

fn steps(plan: &Plan) -> Vec<String> {
    plan.steps.iter().map(ToString::to_string).collect()
}

#[tokio::test]
async fn a_key_with_a_name_needs_new_keys() {
    let world = World::start().await;
    world.deploy(TIER_1, &[]).await.expect("a deployment");
    let rules = "[landing.keys.shop]\ndaily_budget = \"2GiB\"\n[landing.keys.blog]\n[access]";
    let named = TIER_1.replace("[access]", rules);
    // The Worker would refuse rules for keys that it does not have.
    let problem = world.plan(&named, &[]).await.expect_err("other keys").to_string();
    assert!(
        problem.contains("blog, shop") && problem.contains("--rotate INGEST_KEYS"),
        "{problem}"
    );
    let (_, shown) = world
        .deploy(&named, &["INGEST_KEYS"])
        .await
        .expect("a deployment");
    let (_, keys) = shown
        .iter()
        .find(|(name, _)| *name == "INGEST_KEYS")
        .expect("keys");
    let keys: Vec<_> = keys.split(',').filter_map(|key| key.split_once('=')).collect();
    assert_eq!(
        keys.iter().map(|(name, _)| *name).collect::<Vec<_>>(),
        ["blog", "shop"]
    );
    assert!(keys[0].1.len() == 43 && keys[0].1 != keys[1].1, "{keys:?}");

    let (_, plan) = world.plan(&named, &[]).await.expect("a plan");
    assert!(steps(&plan).is_empty(), "{plan:?}");
    let other_budget = named.replace("2GiB", "3GiB");
    let (_, plan) = world.plan(&other_budget, &[]).await.expect("a plan");
    assert_eq!(steps(&plan), ["deploying the Worker and its containers"]);
    let problem = world.plan(TIER_1, &[]).await.expect_err("no names").to_string();
    assert!(problem.contains("without names"), "{problem}");
}

#[tokio::test]
async fn a_change_touches_what_it_concerns_alone() {
    let world = World::start().await;
    world.deploy(TIER_2, &[]).await.expect("a deployment");
    let worker = "deploying the Worker and its containers";
    for (from, to, expected) in [
        (
            "memory_gb = 4",
            "memory_gb = 8",
            "deploying lakefront-clickhouse-us",
        ),
        (
            "sync_interval = \"1m\"",
            "sync_interval = \"5m\"",
            "deploying lakefront-sync-us",
        ),
        ("[traffic]", "[worker]\ndomain = \"t.example\"\n[traffic]", worker),
        (
            "[traffic]",
            "[containers]\nchdb = \"standard-3\"\n[traffic]",
            worker,
        ),
    ] {
        let (_, plan) = world
            .plan(&TIER_2.replacen(from, to, 1), &[])
            .await
            .expect("a plan");
        assert_eq!(steps(&plan), [expected], "{to}");
    }
    for (file, expected) in [
        ("router/build/site/_headers", vec![worker]),
        (
            "clickhouse/users.d/lakefront.xml",
            vec!["deploying lakefront-clickhouse-us"],
        ),
        ("sync/Dockerfile", vec!["deploying lakefront-sync-us"]),
        ("Cargo.toml", vec!["deploying lakefront-sync-us", worker]),
    ] {
        let before = std::fs::read(world.path(file)).expect("a file");
        std::fs::write(world.path(file), "changed").expect("a file");
        let (_, plan) = world.plan(TIER_2, &[]).await.expect("a plan");
        assert_eq!(steps(&plan), expected, "{file}");
        std::fs::write(world.path(file), before).expect("a file");
    }
    std::fs::remove_file(world.path("router/build/worker/index.js")).expect("a file");
    let (_, plan) = world.plan(TIER_2, &[]).await.expect("a plan");
    assert!(
        plan.lines
            .iter()
            .any(|line| line.note.contains("files are missing")),
        "{:?}",
        plan.lines
    );
    std::fs::write(
        world.path("router/build/worker/index.js"),
        "router/build/worker/index.js",
    )
    .expect("a file");
    let grown = TIER_2.replace("volume_gb = 20", "volume_gb = 40");
    let (_, plan) = world.plan(&grown, &[]).await.expect("a plan");
    assert_eq!(
        steps(&plan),
        [
            "extending the volume of lakefront-clickhouse-us to 40 GB",
            "deploying lakefront-clickhouse-us"
        ]
    );
    let smaller = TIER_2.replace("volume_gb = 20", "volume_gb = 10");
    let error = world.plan(&smaller, &[]).await.expect_err("a smaller one");
    assert!(error.to_string().contains("a volume only grows"), "{error}");
    let (_, plan) = world
        .plan(&TIER_2.replace("= 100", "= 7"), &[])
        .await
        .expect("a plan");
    assert!(plan.steps.is_empty(), "traffic is for the costs alone");
}

#[tokio::test]
async fn a_secret_survives_until_it_is_rotated() {
    let world = World::start().await;
    let (_, first) = world.deploy(TIER_2, &[]).await.expect("a deployment");
    let changed = TIER_2.replacen("volume_gb = 20", "volume_gb = 40", 1);
    let (_, none) = world.deploy(&changed, &[]).await.expect("a deployment");
    assert!(none.is_empty());
    let held = world.account.get().worker.clone().expect("a Worker").secrets;
    assert_eq!(held["VIEWER_TOKEN"], first[0].1);

    let (outcome, shown) = world
        .deploy(&changed, &["VIEWER_TOKEN"])
        .await
        .expect("a deployment");
    assert_eq!(outcome.steps, 1, "the Worker has a new secret at once");
    assert_eq!(shown.len(), 1);
    assert_ne!(shown[0].1, first[0].1);
    let now = world.account.get().worker.clone().expect("a Worker").secrets;
    assert_eq!(now["VIEWER_TOKEN"], shown[0].1);
    assert_eq!(now["ENGINE_SECRET"], held["ENGINE_SECRET"]);

    world
        .deploy(&changed, &["CLICKHOUSE_PASSWORD"])
        .await
        .expect("a deployment");
    world.assert_agrees(&changed);
    assert_ne!(
        world.account.get().worker.clone().expect("a Worker").secrets["CLICKHOUSE_PASSWORD"],
        held["CLICKHOUSE_PASSWORD"]
    );
    world.assert_well();

    let error = world
        .plan(TIER_1, &["CLICKHOUSE_PASSWORD"])
        .await
        .expect_err("tier 1 has none");
    assert!(
        error.to_string().contains("VIEWER_TOKEN, ENGINE_SECRET"),
        "{error}"
    );
}

#[tokio::test]
async fn a_region_that_is_gone_from_the_file_stays_and_is_named() {
    let world = World::start().await;
    world.deploy(TIER_3, &[]).await.expect("a deployment");
    let (_, plan) = world.plan(TIER_2, &[]).await.expect("a plan");
    assert_eq!(
        steps(&plan),
        ["deploying the Worker and its containers"],
        "the Worker forgets the server"
    );
    let kept: Vec<&str> = plan
        .lines
        .iter()
        .filter(|line| line.action == Action::Keep)
        .map(|line| line.what.as_str())
        .collect();
    assert_eq!(
        kept,
        [
            "Fly.io app lakefront-clickhouse-eu",
            "Fly.io app lakefront-sync-eu"
        ]
    );
    assert!(!plan.lines.iter().any(|line| line.action == Action::Remove));
    let (plan, _) = world.destroy(TIER_2, false).await.expect("a destruction");
    let kept = plan
        .lines
        .iter()
        .filter(|line| line.action == Action::Keep)
        .count();
    assert_eq!((kept, world.account.get().apps.len()), (3, 2), "with the bucket");
}

#[tokio::test]
async fn another_sql_is_refused() {
    let world = World::start().await;
    world.deploy(TIER_1, &[]).await.expect("a deployment");
    let key = (
        "pipelines".to_owned(),
        "lakefront_otel_logs_v1_pipeline".to_owned(),
    );
    world.account.get().landing.get_mut(&key).expect("a pipeline")["sql"] =
        "INSERT INTO a SELECT * FROM b".into();
    let error = world.plan(TIER_1, &[]).await.expect_err("another SQL");
    assert!(
        error
            .to_string()
            .starts_with("pipeline lakefront_otel_logs_v1_pipeline"),
        "{error}"
    );
}
