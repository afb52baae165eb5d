//! The command `lakefront status`: prints what each part of a running stack reports about itself.

use anyhow::{Result, bail};
use serde_json::Value;

use crate::local_stack::Ports;
use crate::supervisor::get_json_within;

/// Prints one line for each part.
///
/// # Errors
/// Returns an error if the router does not answer on its port.
pub fn run(port_base: Option<u16>) -> Result<()> {
    let ports = port_base.map_or(Ports::DEFAULT, Ports::from_base);
    let parts = [
        ("router", ports.router),
        ("ingest", ports.ingest),
        ("chdb", ports.chdb),
        ("sync", ports.sync),
    ];
    let mut running = false;
    for (name, port) in parts {
        let url = format!("http://127.0.0.1:{port}");
        let line = match get_json_within(&format!("{url}/health"), std::time::Duration::from_secs(3)) {
            Ok(health) => {
                running |= name == "router";
                describe(name, &health)
            }
            Err(_) if name == "sync" => "not running (tier 1 has none)".to_owned(),
            Err(_) => "does not answer".to_owned(),
        };
        println!("{name:<7} {url:<23} {line}");
    }
    if !running {
        bail!(
            "no dashboard answers on port {}: start the stack with `lakefront up`",
            ports.router
        );
    }
    Ok(())
}

/// Returns the most important figures of a health document, in one line.
fn describe(name: &str, health: &Value) -> String {
    let list = |value: &Value, line: fn(&Value) -> String| {
        value
            .as_array()
            .map(|entries| entries.iter().map(line).collect::<Vec<_>>().join("; "))
    };
    let known = match name {
        "router" => list(&health["backends"], |backend| {
            let lag = backend["lagSeconds"]
                .as_f64()
                .map_or(String::new(), |lag| format!(", {lag:.0} s behind"));
            format!("{} {}{lag}", text(&backend["name"]), text(&backend["state"]))
        }),
        "ingest" => health["records_per_second"].as_f64().map(|rate| {
            format!(
                "{rate:.1} records/s, {} not yet in the lake",
                health["wal"]["backlog_records"]
            )
        }),
        "sync" => list(&health["targets"], |target| match target["error"].as_str() {
            Some(error) => format!("{}: {error}", text(&target["name"])),
            None => format!("{} up to date", text(&target["name"])),
        }),
        _ => None,
    };
    known.unwrap_or_else(|| "ready".to_owned())
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or("?")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::describe;

    #[test]
    fn says_the_figures_that_count() {
        let router = json!({"backends": [{"name": "chdb", "state": "up"}, {"name": "us", "state": "down", "lagSeconds": 12.0}]});
        assert_eq!(describe("router", &router), "chdb up; us down, 12 s behind");
        let ingest = json!({"records_per_second": 4.25, "wal": {"backlog_records": 7}});
        assert_eq!(
            describe("ingest", &ingest),
            "4.2 records/s, 7 not yet in the lake"
        );
        assert_eq!(describe("chdb", &json!({})), "ready");
    }
}
