//! The configuration with which wrangler deploys the Worker: `router/wrangler.toml` with the values of this system.

use serde_json::{Map, Value, json};

use super::{DEPLOYMENT, Files, Streams, System, shown, template};
use crate::config::{Landing, region};
use crate::error::{Error, Result};

/// The file that every fact about the Worker comes from.
const TEMPLATE: &str = include_str!("../../../router/wrangler.toml");

/// The class of the keeper's Durable Object.
const KEEPER: &str = "KeeperContainer";

/// The classes of Durable Objects that only a Worker needs that takes telemetry itself.
const OF_LANDING: [&str; 3] = [KEEPER, "Tail", "Budgets"];

/// Returns the configuration. `deployment` names the state of all files and values.
///
/// # Errors
/// Returns an error if the template has another form than this function knows.
pub fn configuration(system: &System, files: &Files, streams: &Streams, deployment: &str) -> Result<Value> {
    let config = &system.config;
    let mut worker = object(serde_json::to_value(template("router/wrangler.toml", TEMPLATE)?))?;
    worker.insert("name".into(), config.name.as_str().into());
    worker.insert("account_id".into(), config.account.as_str().into());
    worker.insert("main".into(), shown(&files.bundle.join("worker/index.js")).into());
    worker.insert("preview_urls".into(), false.into());
    worker.insert("workers_dev".into(), config.worker.domain.is_none().into());
    if let Some(domain) = &config.worker.domain {
        let route = json!([{ "pattern": domain, "custom_domain": true }]);
        worker.insert("routes".into(), route);
    }
    worker["assets"]["directory"] = shown(&files.bundle.join("site")).into();
    worker.insert("vars".into(), variables(system, streams, deployment).into());
    containers(system, files, &mut worker)?;
    if !config.lands_by_pipelines() {
        let bindings = &mut worker["durable_objects"]["bindings"];
        if let Some(bindings) = bindings.as_array_mut() {
            bindings.retain(|binding| OF_LANDING.iter().all(|class| binding["class_name"] != *class));
        }
    }
    Ok(Value::Object(worker))
}

/// Returns the Worker's variables, without its secrets.
pub fn variables(system: &System, streams: &Streams, deployment: &str) -> Map<String, Value> {
    let config = &system.config;
    let mut variables = Map::new();
    let mut set = |name: &str, value: String| drop(variables.insert(name.into(), value.into()));
    set("ALLOWED_HOSTS", config.access.hosts.join(","));
    match &config.landing {
        Landing::Pipelines { .. } => {
            set("LANDING", "pipelines".into());
            set("LANDING_STREAMS", json!(streams).to_string());
            set("SELF_OBSERVATION", "off".into());
            for (name, value) in config.key_variables() {
                set(name, value);
            }
        }
        Landing::Ingest { url } => {
            set("INGEST_URL", url.clone());
            set("SELF_OBSERVATION", "on".into());
        }
    }
    if !config.funnels.is_empty() {
        set("FUNNELS", config.funnels.join("\n"));
    }
    if !config.watch.thresholds.is_empty() {
        set("WATCH", config.watch.variable());
    }
    if config.containers.chdb_instances > 1 {
        set("CHDB_INSTANCES", config.containers.chdb_instances.to_string());
    }
    if !config.clickhouse.is_empty() {
        let servers = config.clickhouse.iter().map(|server| {
            let place = region(&server.region);
            json!({
                "name": server.name,
                "url": format!("https://{}.fly.dev:8443", config.clickhouse_app(server)),
                "region": server.region,
                "latitude": place.map(|place| place.latitude),
                "longitude": place.map(|place| place.longitude),
            })
        });
        set("CLICKHOUSE", Value::from_iter(servers).to_string());
    }
    for (name, value) in system.lake_variables() {
        set(name, value);
    }
    set(DEPLOYMENT, deployment.to_owned());
    variables
}

/// Sets names, instance types and files of the containers, and leaves out the keeper if there is none.
fn containers(system: &System, files: &Files, worker: &mut Map<String, Value>) -> Result<()> {
    let config = &system.config;
    let changed = || Error::value("router/wrangler.toml", "expected a list of containers");
    let containers = worker.get_mut("containers").and_then(Value::as_array_mut);
    let containers = containers.ok_or_else(changed)?;
    containers.retain(|container| container["class_name"] != KEEPER || config.lands_by_pipelines());
    for container in containers {
        let (name, kind, instances) = match container["class_name"] == KEEPER {
            true => ("keeper", &config.containers.keeper, 1),
            false => ("chdb", &config.containers.chdb, config.containers.chdb_instances),
        };
        let image = container["image"]
            .as_str()
            .and_then(|image| image.strip_prefix("../"));
        let image = files.path(image.ok_or_else(changed)?);
        container["name"] = format!("{}-{name}", config.name).into();
        container["instance_type"] = kind.as_str().into();
        container["max_instances"] = instances.into();
        container["image"] = image.into();
        container["image_build_context"] = shown(&files.source).into();
    }
    Ok(())
}

fn object(value: serde_json::Result<Value>) -> Result<Map<String, Value>> {
    match value {
        Ok(Value::Object(object)) => Ok(object),
        _ => Err(Error::value("router/wrangler.toml", "expected a table")),
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use lakefront_landing::landing_tables;

    use super::*;
    use crate::config::Config;

    fn system(text: &str) -> System {
        System::of(Config::parse("lakefront.toml", text).unwrap())
    }

    fn files() -> Files {
        Files::new(PathBuf::from("/src"), None)
    }

    fn streams() -> Streams {
        let tables = landing_tables().iter();
        tables
            .map(|table| {
                (
                    table.of.to_owned(),
                    format!("https://{}.ingest.cloudflare.com", table.of),
                )
            })
            .collect()
    }

    const TIER_1: &str = include_str!("../../examples/tier-1.toml");
    const TIER_3: &str = include_str!("../../examples/tier-3.toml");

    #[test]
    fn the_worker_of_tier_1_has_both_containers() {
        let worker = configuration(&system(TIER_1), &files(), &streams(), "d1").unwrap();
        assert_eq!(worker["name"], "lakefront");
        assert_eq!(worker["main"], "/src/router/build/worker/index.js");
        assert_eq!(worker["assets"]["directory"], "/src/router/build/site");
        assert_eq!(worker["workers_dev"], true);
        assert_eq!(worker["triggers"]["crons"][0], "*/2 * * * *");
        let names: Vec<_> = worker["containers"]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| &one["name"])
            .collect();
        assert_eq!(names, ["lakefront-chdb", "lakefront-keeper"]);
        assert_eq!(worker["containers"][1]["image"], "/src/ingest/Dockerfile");
        assert_eq!(worker["containers"][1]["image_build_context"], "/src");
        assert_eq!(worker["vars"]["DEPLOYMENT"], "d1");
    }

    #[test]
    fn with_ingest_there_is_no_keeper_and_the_migrations_stay() {
        let text = TIER_1.replace(
            "by = \"pipelines\"\nsenders = \"keys\"",
            "by = \"ingest\"\nurl = \"https://i.example\"",
        );
        let worker = configuration(&system(&text), &files(), &Streams::new(), "d").unwrap();
        let all = worker.to_string();
        assert!(!all.contains("keeper"), "{all}");
        assert_eq!(
            worker["triggers"]["crons"][0], "*/2 * * * *",
            "it watches all the same"
        );
        assert_eq!(worker["vars"]["INGEST_URL"], "https://i.example");
        assert_eq!(worker["durable_objects"]["bindings"].as_array().unwrap().len(), 2);
        assert_eq!(worker["migrations"][1]["new_sqlite_classes"][0], KEEPER);
    }

    #[test]
    fn a_domain_takes_the_worker_from_workers_dev() {
        let text = format!("{TIER_1}\n[worker]\ndomain = \"t.example\"\n");
        let worker = configuration(&system(&text), &files(), &streams(), "d").unwrap();
        assert_eq!(worker["workers_dev"], false);
        assert_eq!(worker["routes"][0]["pattern"], "t.example");
    }

    #[test]
    fn several_instances_of_chdb_are_allowed_and_used() {
        let text = format!("{TIER_1}\n[containers]\nchdb_instances = 3\n");
        let worker = configuration(&system(&text), &files(), &streams(), "d").unwrap();
        let most: Vec<_> = (0..2)
            .map(|at| worker["containers"][at]["max_instances"].as_u64())
            .collect();
        assert_eq!(most, [Some(3), Some(1)]);
        let lookup = |name: &str| worker["vars"][name].as_str().map(str::to_owned);
        let containers = lakefront_router::config::Containers::from_lookup(lookup).unwrap();
        assert_eq!(containers.instances.get(), 3);
    }

    #[test]
    fn thresholds_reach_the_worker() {
        let text = format!(
            "{TIER_1}\n[watch]\nwebhook = true\nthresholds = {{ clickhouseLagSeconds = 3600, ingestLogShare = \"off\" }}\n"
        );
        let system = system(&text);
        let variables = variables(&system, &streams(), "d");
        assert_eq!(
            variables["WATCH"],
            r#"{"clickhouseLagSeconds":3600,"ingestLogShare":null}"#
        );
        assert!(system.secrets.iter().any(|secret| secret.name == "WATCH_WEBHOOK"));
        let wrong = text.replace("clickhouseLagSeconds", "lag");
        let error = Config::parse("lakefront.toml", &wrong).unwrap_err().to_string();
        assert!(
            error.contains("watch.thresholds") && error.contains("lag"),
            "{error}"
        );
    }

    /// The router reads what is rendered here.
    #[test]
    fn the_router_reads_its_variables_and_secrets() {
        for text in [
            TIER_1.to_owned(),
            TIER_3.to_owned(),
            TIER_1.replace(
                "by = \"pipelines\"\nsenders = \"keys\"",
                "by = \"ingest\"\nurl = \"https://i.example\"",
            ),
        ] {
            let system = system(&text);
            let variables = variables(&system, &streams(), "d");
            let is_secret = |name: &str| {
                system
                    .secrets
                    .iter()
                    .flat_map(|secret| &secret.places)
                    .any(|(place, variable)| *place == crate::secrets::Place::Worker && *variable == name)
            };
            let lookup = |name: &str| match variables.get(name) {
                Some(value) => value.as_str().map(str::to_owned),
                None => is_secret(name).then(|| "0123456789abcdef".to_owned()),
            };
            let router = lakefront_router::config::Config::from_lookup(lookup, true).unwrap();
            assert!(router.viewer_token.is_some() && router.engine_secret.is_some());
            assert_eq!(router.clickhouse.len(), system.config.clickhouse.len());
            assert_eq!(router.landing.is_some(), system.config.lands_by_pipelines());
            if let Some(landing) = &router.landing {
                assert!(
                    landing.token.is_some() && landing.visitor_secret.is_some() && !landing.keys.is_open()
                );
            }
            if let Some(server) = router.clickhouse.first() {
                assert_eq!(
                    server.url.as_str(),
                    "https://lakefront-clickhouse-us.fly.dev:8443/"
                );
                assert!(server.place.is_some() && router.login.password.is_some());
            }
        }
    }
}
