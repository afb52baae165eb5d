//! Refusals of the APIs: the message has the code, the purpose, and what to do.

use lakefront_deploy::Error;

use crate::world::{TIER_1, TIER_2, World};

#[tokio::test]
async fn a_message_says_what_to_do() {
    for (path, status, expected) in [
        ("/r2/buckets/", 401, "CLOUDFLARE_API_TOKEN is no valid token"),
        ("/r2/buckets", 403, "the permission Workers R2 Storage: Edit"),
        (
            "/r2-catalog/",
            403,
            "the permission Workers R2 Data Catalog: Edit",
        ),
        ("/pipelines/v1/sinks", 403, "the permission Pipelines: Edit"),
        ("/workers/scripts", 403, "the permission Workers Scripts: Edit"),
        ("/containers/", 403, "the permission Containers: Edit"),
        ("/r2-catalog/", 409, "choose another name"),
        ("/pipelines/v1/streams", 500, "run the same command again"),
        ("/v1/apps", 403, "fly tokens create org"),
        ("/v1/apps", 422, "the name is taken"),
        ("/v1/apps", 429, "wait some minutes"),
    ] {
        let world = World::start().await;
        world.account.get().refuses = Some((path.to_owned(), status, 100));
        let error = world.deploy(TIER_2, &[]).await.expect_err("a refusal");
        let text = error.to_string();
        assert!(text.contains(expected), "{path} {status}: {text}");
        assert!(
            text.contains(&format!("{status}: as the test says (code 10{status})")),
            "{text}"
        );
        assert!(!text.contains("token-of"), "{text}");
    }
}

#[tokio::test]
async fn a_call_that_came_too_often_is_repeated() {
    let world = World::start().await;
    world.account.get().refuses = Some(("/pipelines/v1/streams".to_owned(), 429, 3));
    world.deploy(TIER_1, &[]).await.expect("a deployment");
    // A write is not repeated after another failure: its effect is unknown.
    let world = World::start().await;
    world.account.get().fails = Some((3, false));
    let error = world.deploy(TIER_1, &[]).await.expect_err("a failure");
    assert!(
        matches!(
            error,
            Error::Api {
                status: Some(500),
                ..
            }
        ),
        "{error:?}"
    );
    assert_eq!(world.account.get().writes.len(), 3);
}

#[tokio::test]
async fn an_api_that_is_not_there_is_an_error() {
    let world = World::start().await;
    let system = world.system(TIER_1);
    let mut deployer = world.deployer(&system);
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = format!("http://{}", listener.local_addr().expect("an address"));
    drop(listener);
    deployer.cloudflare =
        lakefront_deploy::api::Cloudflare::new(&address, &system.config, "x".into()).expect("a client");
    let call = deployer
        .cloudflare
        .make_bucket(None)
        .await
        .expect_err("nobody listens");
    let text = call.to_string();
    assert!(
        text.contains("making the bucket: Cloudflare was not reached") && text.contains("check the network"),
        "{text}"
    );
}

#[tokio::test]
async fn a_missing_program_is_named() {
    let world = World::start().await;
    std::fs::remove_file(world.path("wrangler")).expect("a program");
    let error = world.deploy(TIER_1, &[]).await.expect_err("no wrangler");
    assert!(error.to_string().contains("name it with --wrangler"), "{error}");
}

#[tokio::test]
async fn a_host_that_access_does_not_protect_is_refused() {
    let text = TIER_1.replace(
        "viewers = \"token\"",
        "viewers = \"cloudflare-access\"\nhosts = [\"t.example\"]",
    );
    let text = format!("{text}\n[worker]\ndomain = \"t.example\"\n");
    let world = World::start().await;
    world.account.get().protected = vec!["other.example".to_owned(), "t.example/path".to_owned()];
    let error = world.deploy(&text, &[]).await.expect_err("an open Worker");
    assert!(
        error
            .to_string()
            .starts_with("access.hosts: no application of Cloudflare Access protects t.example"),
        "{error}"
    );
    assert!(world.account.get().writes.is_empty());
    world.account.get().protected = vec!["t.example".to_owned()];
    world.deploy(&text, &[]).await.expect("a deployment");
    let account = world.account.get();
    let worker = account.worker.as_ref().expect("a Worker");
    assert_eq!(worker.variables["ALLOWED_HOSTS"], "t.example");
    assert!(!worker.secrets.contains_key("VIEWER_TOKEN"));
}
