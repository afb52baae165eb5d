//! The monthly costs of a system, from prices that are data.

mod prices;

use serde::Serialize;

pub(crate) use self::prices::prices;
use self::prices::{Assumed, Instance};
use crate::config::Config;

const MONTH_SECONDS: f64 = 30.0 * 86_400.0;

/// The time between two files of a sink, in seconds, as `crates/landing` sets it.
const SINK_SECONDS: f64 = 60.0;

/// The time between two runs of the keeper, in seconds, as `router/wrangler.toml` sets it.
const KEEPER_SECONDS: f64 = 120.0;

/// The costs of a month.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Cost {
    /// The day on which the prices were read.
    pub read: String,
    /// What is paid without any event, with the reason.
    pub base: Vec<Item>,
    /// What each further million events costs, beyond what is included. Keeping it is a price per month that it is kept.
    pub million_events: Vec<Item>,
    /// The expected month: base, and the expected events after what is included.
    pub expected_month: f64,
    /// The pages of the prices.
    pub sources: Vec<String>,
}

/// One item of the costs.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Item {
    /// The item.
    pub what: String,
    /// US dollars.
    pub dollars: f64,
}

impl Cost {
    /// Returns the sum of the base.
    pub fn base_month(&self) -> f64 {
        sum(&self.base)
    }

    /// Returns the price of a million further events.
    pub fn million(&self) -> f64 {
        sum(&self.million_events)
    }
}

fn sum(items: &[Item]) -> f64 {
    items.iter().map(|item| item.dollars).sum()
}

fn item(what: impl Into<String>, dollars: f64) -> Item {
    Item {
        what: what.into(),
        dollars,
    }
}

/// Returns the part of a use that is not included.
fn beyond(used: f64, included: f64) -> f64 {
    (used - included).max(0.0)
}

/// Returns the costs of a system.
pub fn cost(config: &Config) -> Cost {
    let prices = prices();
    let mut base = vec![item("Workers Paid plan", prices.workers.month)];
    base.push(containers(config));
    if config.lands_by_pipelines() {
        base.push(commits());
    }
    for server in &config.clickhouse {
        let machine = prices.fly.machines[&server.size];
        let memory = beyond(f64::from(server.memory_gb), machine.memory_gb) * prices.fly.memory_gb_month;
        let volume = f64::from(server.volume_gb) * prices.fly.volume_gb_month;
        base.push(item(
            format!(
                "ClickHouse {} in {}: {} with {} GB, volume of {} GB",
                server.name, server.region, server.size, server.memory_gb, server.volume_gb
            ),
            machine.month + memory + volume,
        ));
        let sync = prices.fly.machines["shared-cpu-1x"];
        let memory = beyond(SYNC_MEMORY_GB, sync.memory_gb) * prices.fly.memory_gb_month;
        base.push(item(
            format!(
                "sync beside {}: shared-cpu-1x with {SYNC_MEMORY_GB} GB",
                server.name
            ),
            sync.month + memory,
        ));
    }
    let million_events = million(config, Included::Used);
    let millions = config.traffic.million_events_a_month;
    let expected = sum(&million(config, Included::Of(millions))) * millions;
    Cost {
        read: prices.read.clone(),
        expected_month: sum(&base) + expected,
        base,
        million_events,
        sources: sources(config),
    }
}

/// Memory of a machine with sync, as `sync/fly.toml` sets it.
const SYNC_MEMORY_GB: f64 = 1.0;

/// Returns the containers' price. The included use counts once for both.
fn containers(config: &Config) -> Item {
    let prices = &prices().containers;
    let assumed = &prices_assumed();
    let chdb = config.traffic.chdb_hours_a_day * 30.0 * 3600.0;
    let keeper = match config.lands_by_pipelines() {
        true => MONTH_SECONDS / KEEPER_SECONDS * assumed.keeper_seconds_a_run,
        false => 0.0,
    };
    let used = |of: fn(&Instance) -> f64| {
        of(&prices.types[&config.containers.chdb]) * chdb
            + of(&prices.types[&config.containers.keeper]) * keeper
    };
    let memory = beyond(used(|kind| kind.memory_gib), prices.included_gib_hours * 3600.0) * prices.gib_second;
    let vcpu = beyond(used(|kind| kind.vcpu), prices.included_vcpu_minutes * 60.0) * prices.vcpu_second;
    let disk =
        beyond(used(|kind| kind.disk_gb), prices.included_disk_gb_hours * 3600.0) * prices.disk_gb_second;
    let hours = |seconds: f64| (seconds / 3600.0).round();
    let mut what = format!(
        "container of chDB, {} hours of {}",
        hours(chdb),
        config.containers.chdb
    );
    if keeper > 0.0 {
        what += &format!(
            "; keeper, {} hours of {}",
            hours(keeper),
            config.containers.keeper
        );
    }
    item(what, memory + vcpu + disk)
}

fn prices_assumed() -> &'static Assumed {
    &prices().assumed
}

/// Returns the price of the commits of sinks and keeper, if events arrive in every interval. It does not grow with events.
fn commits() -> Item {
    let prices = prices();
    let sinks = 8.0 * MONTH_SECONDS / SINK_SECONDS;
    // The keeper commits a table of the lake, and takes the moved files out of the landing table.
    let keeper = 2.0 * 7.0 * MONTH_SECONDS / KEEPER_SECONDS;
    let writes = (sinks + keeper) * prices.assumed.writes_a_commit / 1e6;
    let operations = (sinks + keeper) * prices.assumed.operations_a_commit / 1e6;
    item(
        format!(
            "commits to the lake: {writes:.1} million writes to R2, {operations:.1} million of the catalog, at most"
        ),
        beyond(writes, prices.r2.included_million_writes) * prices.r2.million_writes
            + beyond(operations, prices.catalog.included_million_operations)
                * prices.catalog.million_operations,
    )
}

/// The included use that counts for a million events.
#[derive(Clone, Copy)]
enum Included {
    /// None: it is used up.
    Used,
    /// That of a month with so many millions, spread over all of them.
    Of(f64),
}

/// Returns the price of a million events.
fn million(config: &Config, included: Included) -> Vec<Item> {
    let prices = prices();
    let assumed = &prices.assumed;
    let price = |used: f64, free: f64, price: f64| match included {
        Included::Used => used * price,
        Included::Of(millions) if millions > 0.0 => beyond(used * millions, free) / millions * price,
        Included::Of(_) => 0.0,
    };
    let requests = 1.0 / assumed.events_a_request;
    let mut items = vec![item(
        "requests and CPU time of the Worker",
        price(
            requests,
            prices.workers.included_million_requests,
            prices.workers.million_requests,
        ) + price(
            assumed.cpu_ms_an_event,
            prices.workers.included_million_cpu_ms,
            prices.workers.million_cpu_ms,
        ),
    )];
    if config.lands_by_pipelines() {
        let gb = assumed.event_json_bytes / 1e3;
        let pipelines = &prices.pipelines;
        items.push(item(
            format!("Pipelines: {gb:.1} GB through SQL and into Iceberg"),
            price(gb, pipelines.included_gb, pipelines.sql_gb)
                + price(gb, pipelines.included_gb, pipelines.iceberg_gb),
        ));
    }
    let kept = assumed.event_lake_bytes / 1e3 * config.traffic.months_kept;
    items.push(item(
        format!("R2: kept for {} months", config.traffic.months_kept),
        price(kept, prices.r2.included_gb_month, prices.r2.gb_month),
    ));
    items
}

fn sources(config: &Config) -> Vec<String> {
    let prices = prices();
    let mut sources = vec![
        &prices.workers.source,
        &prices.containers.source,
        &prices.r2.source,
    ];
    if config.lands_by_pipelines() {
        sources.extend([&prices.pipelines.source, &prices.catalog.source]);
    }
    if !config.clickhouse.is_empty() {
        sources.push(&prices.fly.source);
    }
    sources.into_iter().cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Cost {
        cost(&Config::parse("lakefront.toml", text).unwrap())
    }

    fn near(value: f64, expected: f64) -> bool {
        (value - expected).abs() < 0.005
    }

    #[test]
    fn tiers_cost_more_by_their_machines_alone() {
        let tier_1 = of(include_str!("../examples/tier-1.toml"));
        let tier_2 = of(include_str!("../examples/tier-2.toml"));
        let tier_3 = of(include_str!("../examples/tier-3.toml"));
        // performance-2x with its own 4 GB, 20 GB of volume; shared-cpu-1x and 0.75 GB.
        let server = 62.0 + 20.0 * 0.15 + 1.94 + 0.75 * 5.0;
        let machines = |cost: &Cost| cost.base.iter().skip(3).map(|item| item.dollars).sum::<f64>();
        assert!(near(machines(&tier_1), 0.0));
        assert!(near(machines(&tier_2), server));
        assert!(near(machines(&tier_3), 2.0 * server));
        assert_eq!(tier_1.million_events, tier_2.million_events);
    }

    #[test]
    fn a_million_events_is_computed_from_the_prices() {
        let cost = of(include_str!("../examples/tier-1.toml"));
        let worker = 0.01 * 0.30 + 0.02 * 0.02;
        let pipelines = 1.0 * (0.04 + 0.06);
        let kept = 0.1 * 12.0 * 0.015;
        assert!(near(cost.million(), worker + pipelines + kept), "{cost:?}");
        // 10 million events: 10 GB through Pipelines are included, and 12 GB-month kept are 2 beyond the included 10.
        let extra = cost.expected_month - cost.base_month();
        assert!(near(extra, 2.0 * 0.015), "{extra}");
    }

    #[test]
    fn no_traffic_costs_the_base() {
        let text = include_str!("../examples/tier-1.toml")
            .replace("million_events_a_month = 10", "million_events_a_month = 0");
        let cost = of(&text);
        assert!(near(cost.expected_month, cost.base_month()));
    }

    #[test]
    fn every_price_has_its_page_and_day() {
        let cost = of(include_str!("../examples/tier-3.toml"));
        assert_eq!(cost.sources.len(), 6);
        assert!(cost.sources.iter().all(|source| source.starts_with("https://")));
        assert_eq!(cost.read.len(), 10);
    }
}
