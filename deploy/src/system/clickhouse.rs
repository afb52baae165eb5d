//! The configurations with which flyctl deploys ClickHouse and sync: the files `fly.toml` with the values of a server.

use toml::{Table, Value};

use super::{App, DEPLOYMENT, Files, Program, System, template};
use crate::error::{Error, Result};

const CLICKHOUSE: &str = include_str!("../../../clickhouse/fly.toml");
const SYNC: &str = include_str!("../../../sync/fly.toml");

/// Returns the `fly.toml` of an app. `deployment` names the state of all files and values.
///
/// # Errors
/// Returns an error if the template has another form than this function knows.
pub fn configuration(system: &System, app: &App, files: &Files, deployment: &str) -> Result<String> {
    let (file, text) = match app.program {
        Program::Clickhouse => ("clickhouse/fly.toml", CLICKHOUSE),
        Program::Sync => ("sync/fly.toml", SYNC),
    };
    let folder = file.strip_suffix("fly.toml").unwrap_or_default();
    let mut fly = template(file, text)?;
    fly.insert("app".into(), app.name.as_str().into());
    fly.insert("primary_region".into(), app.server.region.as_str().into());
    let mut set = |path: [&str; 2], value: Value| {
        let table = fly.get_mut(path[0]).and_then(Value::as_table_mut);
        let table = table.ok_or_else(|| Error::value(file, format!("expected [{}]", path[0])))?;
        table.insert(path[1].to_owned(), value);
        Ok(())
    };
    set(["env", DEPLOYMENT], deployment.into())?;
    match app.program {
        Program::Clickhouse => {
            set(
                ["mounts", "initial_size"],
                format!("{}gb", app.server.volume_gb).into(),
            )?;
            let machine = Table::from_iter([
                ("size".to_owned(), Value::from(app.server.size.as_str())),
                ("memory".to_owned(), format!("{}gb", app.server.memory_gb).into()),
            ]);
            fly.insert("vm".into(), Value::Array(vec![machine.into()]));
            // Files are found relative to the configuration.
            let listed = fly.get_mut("files").and_then(Value::as_array_mut);
            for listed in listed.into_iter().flatten() {
                let local = listed.get("local_path").and_then(Value::as_str);
                let local = files.path(&format!("{folder}{}", local.unwrap_or_default()));
                if let Some(listed) = listed.as_table_mut() {
                    listed.insert("local_path".into(), local.into());
                }
            }
        }
        Program::Sync => {
            let server = system.config.clickhouse_app(&app.server);
            set(
                ["env", "LAKEFRONT_CLICKHOUSE"],
                format!("http://{server}.internal:8123").into(),
            )?;
            set(
                ["env", "LAKEFRONT_SYNC_INTERVAL"],
                app.server.sync_interval.as_str().into(),
            )?;
            for (name, value) in system.lake_variables() {
                set(["env", name], value.into())?;
            }
            set(["build", "dockerfile"], files.path("sync/Dockerfile").into())?;
            set(["build", "ignorefile"], files.path(".dockerignore").into())?;
        }
    }
    Ok(fly.to_string())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::path::PathBuf;

    use super::*;
    use crate::config::Config;

    fn rendered(text: &str) -> BTreeMap<String, Table> {
        let system = System::of(Config::parse("lakefront.toml", text).unwrap());
        let files = Files::new(PathBuf::from("/src"), None);
        let apps = system.apps.iter();
        apps.map(|app| {
            let text = configuration(&system, app, &files, "d1").unwrap();
            (app.name.clone(), text.parse().unwrap())
        })
        .collect()
    }

    #[test]
    fn each_region_has_a_server_and_a_sync_beside_it() {
        let apps = rendered(include_str!("../../examples/tier-3.toml"));
        let names: Vec<&str> = apps.keys().map(String::as_str).collect();
        let expected =
            ["clickhouse-eu", "clickhouse-us", "sync-eu", "sync-us"].map(|name| format!("lakefront-{name}"));
        assert_eq!(names, expected);
        for (app, region) in [("lakefront-clickhouse-eu", "fra"), ("lakefront-sync-us", "iad")] {
            assert_eq!(apps[app]["primary_region"].as_str(), Some(region));
            assert_eq!(apps[app]["env"][DEPLOYMENT].as_str(), Some("d1"));
        }
        let server = &apps["lakefront-clickhouse-us"];
        assert_eq!(
            server["files"][1]["local_path"].as_str(),
            Some("/src/clickhouse/users.d/lakefront.xml")
        );
        assert_eq!(server["mounts"]["initial_size"].as_str(), Some("20gb"));
        assert_eq!(server["vm"][0]["memory"].as_str(), Some("4gb"));
        assert_eq!(
            server["services"][0]["ports"][0]["handlers"][0].as_str(),
            Some("tls")
        );
        let sync = &apps["lakefront-sync-eu"];
        assert_eq!(
            sync["env"]["LAKEFRONT_CLICKHOUSE"].as_str(),
            Some("http://lakefront-clickhouse-eu.internal:8123")
        );
        assert_eq!(
            sync["env"]["LAKEFRONT_CATALOG_WAREHOUSE"].as_str(),
            Some("0123456789abcdef0123456789abcdef_lakefront-lake")
        );
        assert_eq!(sync["build"]["dockerfile"].as_str(), Some("/src/sync/Dockerfile"));
        // Nothing of sync is reached from the internet.
        assert!(!sync.contains_key("services") && !sync.contains_key("http_service"));
    }

    /// The keys that <https://fly.io/docs/reference/configuration/> documents, as read on 2026-11-29. A key that Fly.io does not
    /// know is ignored without a word.
    #[test]
    fn every_key_is_documented() {
        let documented: BTreeMap<&str, &[&str]> = BTreeMap::from([
            ("app", &[][..]),
            ("primary_region", &[]),
            ("kill_signal", &[]),
            ("kill_timeout", &[]),
            ("build", &["image", "dockerfile", "ignorefile"]),
            ("deploy", &["strategy", "release_command"]),
            ("files", &["guest_path", "local_path"]),
            (
                "mounts",
                &["source", "destination", "initial_size", "scheduled_snapshots"],
            ),
            (
                "services",
                &[
                    "protocol",
                    "internal_port",
                    "auto_stop_machines",
                    "auto_start_machines",
                    "min_machines_running",
                    "ports",
                    "http_checks",
                ],
            ),
            ("metrics", &["port", "path"]),
            ("restart", &["policy"]),
            ("vm", &["size", "memory"]),
        ]);
        for (app, fly) in rendered(include_str!("../../examples/tier-2.toml")) {
            for (key, value) in &fly {
                if matches!(key.as_str(), "env" | "checks") {
                    continue;
                }
                let known = documented.get(key.as_str());
                let known = known.unwrap_or_else(|| panic!("{app}: {key}"));
                let tables = match value {
                    Value::Table(table) => vec![table],
                    Value::Array(list) => list.iter().filter_map(Value::as_table).collect(),
                    _ => Vec::new(),
                };
                for name in tables.into_iter().flat_map(Table::keys) {
                    assert!(known.contains(&name.as_str()), "{app}: {key}.{name}");
                }
            }
        }
    }
}
