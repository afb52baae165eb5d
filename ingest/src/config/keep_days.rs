//! The number of days that each table keeps in the lake.

use std::{collections::BTreeMap, str::FromStr};

use clap::Args;
use lakefront_otel::Table;

use crate::commands::parse_table;

/// Retention of the lake: days that a table no longer keeps are dropped.
#[derive(Clone, Debug, Args)]
pub struct RetentionConfig {
    /// Days before today that a table keeps, as TABLE=DAYS separated by commas; a table that is not named keeps all
    #[arg(
        long,
        env = "LAKEFRONT_INGEST_KEEP_DAYS",
        default_value = "",
        hide_default_value = true,
        value_name = "TABLE=DAYS,…"
    )]
    pub keep_days: KeepDays,
}

/// The number of days that each table keeps, by its name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeepDays(pub BTreeMap<&'static str, u16>);

impl FromStr for KeepDays {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut tables = BTreeMap::new();
        for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            let (table, days) = parse(part)?;
            if tables.insert(table.name, days).is_some() {
                return Err(format!("{} is named twice", table.name));
            }
        }
        Ok(Self(tables))
    }
}

/// Parses `otel_logs=400`. Refuses fewer days than a view of the table declares.
fn parse(part: &str) -> Result<(&'static Table, u16), String> {
    let expected = || format!("expected TABLE=DAYS such as otel_logs=400, got {part:?}");
    let (table, days) = part.split_once('=').ok_or_else(expected)?;
    let table = parse_table(table.trim())?;
    let days: u16 = days.trim().parse().map_err(|_| expected())?;
    let reads = |view: &&lakefront_hot_tier::View| view.sources.iter().any(|source| source == table.name);
    let views = lakefront_hot_tier::views().iter().filter(reads);
    let longest = views.max_by_key(|view| view.least_lake_days());
    match longest {
        _ if days == 0 => Err(format!("{} must keep at least 1 day", table.name)),
        Some(view) if days < view.least_lake_days() => Err(format!(
            "LAKEFRONT_INGEST_KEEP_DAYS keeps {} for {days} days, but view {} needs {} days of it; keep at least that \
             many, or lower retention_days of the view",
            table.name,
            view.name,
            view.least_lake_days(),
        )),
        _ => Ok((table, days)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_named_with_days() {
        let parsed: KeepDays = "otel_logs=400, traces=500".parse().unwrap();
        assert_eq!(
            parsed.0,
            BTreeMap::from([("otel_logs", 400), ("otel_traces", 500)])
        );
        assert_eq!("".parse(), Ok(KeepDays::default()));
        for wrong in ["otel_logs", "otel_logs=x", "nothing=400", "otel_logs=70000"] {
            assert!(wrong.parse::<KeepDays>().is_err(), "{wrong}");
        }
        assert!("otel_metrics_gauge=0".parse::<KeepDays>().is_err());
        assert!(
            "logs=400,otel_logs=500"
                .parse::<KeepDays>()
                .unwrap_err()
                .contains("twice")
        );
    }

    #[test]
    fn no_view_loses_a_day_that_it_declares() {
        for view in lakefront_hot_tier::views() {
            for source in &view.sources {
                let short = view.least_lake_days() - 1;
                let refused = format!("{source}={short}").parse::<KeepDays>().unwrap_err();
                assert!(
                    refused.contains("KEEP_DAYS") && refused.contains("view mv_"),
                    "{refused}"
                );
            }
        }
    }
}
