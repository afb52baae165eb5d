//! The thresholds past which something is a problem.

use serde::Deserialize;
use serde_json::{Map, Value};

/// The thresholds that count where `WATCH` names no other.
const DEFAULTS: &str = include_str!("thresholds.json");

/// The thresholds. `None` turns a check off.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Thresholds {
    /// The time for which an engine fails its checks, in seconds.
    pub engine_down_seconds: Option<u32>,
    /// The time by which a ClickHouse is behind the lake, in seconds.
    pub clickhouse_lag_seconds: Option<u32>,
    /// The time for which ingest does not answer or refuses telemetry, in seconds.
    pub ingest_down_seconds: Option<u32>,
    /// The share of its limit that ingest's log takes on disk, from 0 to 1.
    pub ingest_log_share: Option<f64>,
    /// The time for which the commits of a table fail, in seconds.
    pub commits_fail_seconds: Option<u32>,
    /// The time for which the keeper fails or has not run, in seconds.
    pub keeper_down_seconds: Option<u32>,
    /// The number of rows that streams accepted and that did not land.
    pub landing_missing_rows: Option<u64>,
    /// The time for which a problem is not found before it has ended, in seconds. One that comes and goes is one problem.
    pub ended_after_seconds: u32,
}

impl Thresholds {
    /// Reads the variable `WATCH`, a JSON object with those thresholds that differ from the defaults.
    ///
    /// # Errors
    /// Returns the reason why the text is not one.
    pub fn read(text: &str) -> Result<Self, String> {
        let defaults: Map<String, Value> =
            serde_json::from_str(DEFAULTS).map_err(|error| error.to_string())?;
        let given: Map<String, Value> = serde_json::from_str(text).map_err(|error| error.to_string())?;
        let all: Map<String, Value> = defaults.into_iter().chain(given).collect();
        let read: Self = serde_json::from_value(all.into()).map_err(|error| error.to_string())?;
        match read.ingest_log_share {
            Some(share) if !(0.0..=1.0).contains(&share) => {
                Err("ingestLogShare is a number from 0 to 1".into())
            }
            _ => Ok(read),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_named_has_its_default() {
        let defaults = Thresholds::read("{}").unwrap();
        assert_eq!(defaults.clickhouse_lag_seconds, Some(1_200));
        let given = Thresholds::read(r#"{"clickhouseLagSeconds": 60, "ingestLogShare": null}"#).unwrap();
        assert_eq!(
            given,
            Thresholds {
                clickhouse_lag_seconds: Some(60),
                ingest_log_share: None,
                ..defaults
            }
        );
    }

    #[test]
    fn a_wrong_text_is_refused() {
        for wrong in [
            "",
            "[]",
            r#"{"lag": 3}"#,
            r#"{"engineDownSeconds": -1}"#,
            r#"{"engineDownSeconds": "5"}"#,
            r#"{"ingestLogShare": 1.5}"#,
        ] {
            assert!(Thresholds::read(wrong).is_err(), "{wrong}");
        }
    }
}
