//! What a check finds wrong, by the health documents of the parts and the thresholds.

use jiff::Timestamp;
use lakefront_api::{BackendHealth, BackendKind, BackendState, ContainerState, IngestHealth, Thresholds};
use serde::{Deserialize, Serialize};

/// The longest text about a problem, in characters. Errors of engines may be long.
const LONGEST_TEXT: usize = 300;

/// A problem that a check has found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// What is wrong, in a word such as `engine-down`.
    pub problem: String,
    /// The part: an engine, a table, `ingest` or `keeper`.
    pub part: String,
    /// The time for which it has to be found before somebody is told, in seconds.
    pub after_seconds: u32,
    /// The figures, as a text for people.
    pub text: String,
}

impl Finding {
    fn new(problem: &str, part: &str, after_seconds: u32, text: String) -> Self {
        Self {
            problem: problem.into(),
            part: part.into(),
            after_seconds,
            text: text.chars().take(LONGEST_TEXT).collect(),
        }
    }
}

/// Returns what is wrong with an engine that was just checked.
pub fn of_engine(engine: &BackendHealth, thresholds: &Thresholds) -> Vec<Finding> {
    let mut found = Vec::new();
    let name = engine.name.as_str();
    let detail = engine.detail.as_deref().unwrap_or("no answer");
    let has_failed = engine
        .container
        .is_some_and(|container| container.state == ContainerState::Failed);
    if let Some(after) = thresholds.engine_down_seconds {
        if has_failed {
            let text = "its container fails to start".to_owned();
            found.push(Finding::new("engine-down", name, after, text));
        } else if matches!(engine.state, BackendState::Down | BackendState::Unknown) {
            found.push(Finding::new("engine-down", name, after, detail.to_owned()));
        }
    }
    if engine.kind == BackendKind::Clickhouse
        && engine.state == BackendState::Healthy
        && let Some(limit) = thresholds.clickhouse_lag_seconds
    {
        match engine.lag_seconds {
            Some(lag) if lag > limit.into() => {
                let text = format!("{lag} s behind the lake, and {limit} s are allowed");
                found.push(Finding::new("clickhouse-lag", name, 0, text));
            }
            Some(_) => {}
            // A new ClickHouse is filled by sync first.
            None => {
                let text = "sync has not loaded the lake into it".to_owned();
                found.push(Finding::new("clickhouse-lag", name, limit, text));
            }
        }
    }
    found
}

/// Returns what is wrong with ingest, by its health document or the reason for which there is none.
pub fn of_ingest(
    ingest: &Result<IngestHealth, String>,
    thresholds: &Thresholds,
    now: Timestamp,
) -> Vec<Finding> {
    let mut found = Vec::new();
    let health = match ingest {
        Ok(health) => health,
        Err(failure) => {
            let down = thresholds
                .ingest_down_seconds
                .map(|after| Finding::new("ingest-down", "ingest", after, failure.clone()));
            return Vec::from_iter(down);
        }
    };
    if let (false, Some(after)) = (health.ready, thresholds.ingest_down_seconds) {
        let reason = health.refusing.as_deref().unwrap_or("it does not say why");
        let text = format!("it refuses telemetry: {reason}");
        found.push(Finding::new("ingest-refuses", "ingest", after, text));
    }
    let log = &health.wal;
    if let Some(share) = thresholds.ingest_log_share
        && log.limit_bytes > 0
        && log.disk_bytes as f64 > share * log.limit_bytes as f64
    {
        let text = format!(
            "its log has {} of {} bytes; when it is full, ingest refuses telemetry",
            log.disk_bytes, log.limit_bytes
        );
        found.push(Finding::new("ingest-log", "ingest", 0, text));
    }
    if let (Some(after), Some(error)) = (thresholds.commits_fail_seconds, &health.last_error) {
        let committed = health.last_commit.get(&error.table).map(|commit| commit.at);
        if committed.is_none_or(|at| at < error.at) {
            let text = format!("no commit since: {}", error.message);
            found.push(Finding::new("commits-fail", &error.table, after, text));
        }
    }
    let landing = health.landing.iter().filter(|landing| landing.enabled);
    for landing in landing {
        if let Some(limit) = thresholds.keeper_down_seconds
            && let Some(silent) = landing.last_run.map(|at| now.duration_since(at).as_secs())
            && silent > limit.into()
        {
            let text = format!("its last run ended {silent} s ago, and {limit} s are allowed");
            found.push(Finding::new("keeper-down", "keeper", 0, text));
        }
        if let Some(limit) = thresholds.landing_missing_rows {
            for (table, hours) in &landing.tables {
                let missing = hours.hours.values().filter_map(|hour| hour.missing).sum::<u64>();
                if missing >= limit.max(1) {
                    let text = format!("{missing} rows were accepted and did not land within their hour");
                    found.push(Finding::new("landing-missing", table, 0, text));
                }
            }
        }
    }
    found
}

/// Returns what is wrong with a keeper in a container, by the outcome of its run.
pub fn of_keeper(outcome: &Result<(), String>, thresholds: &Thresholds) -> Vec<Finding> {
    let failure = outcome.as_ref().err();
    let down = failure.zip(thresholds.keeper_down_seconds);
    Vec::from_iter(down.map(|(failure, after)| Finding::new("keeper-down", "keeper", after, failure.clone())))
}

#[cfg(test)]
mod tests {
    use lakefront_api::ContainerHealth;
    use serde_json::json;

    use super::*;

    fn now() -> Timestamp {
        "2026-11-30T10:00:00Z".parse().unwrap()
    }

    fn thresholds() -> Thresholds {
        Thresholds::read("{}").unwrap()
    }

    fn engine(kind: BackendKind, state: BackendState) -> BackendHealth {
        BackendHealth {
            name: "us".into(),
            kind,
            region: None,
            state,
            last_check: Some(now()),
            latency_ms: Some(3.0),
            as_of: Some(now()),
            lag_seconds: Some(10),
            detail: None,
            container: None,
        }
    }

    fn ingest(changes: serde_json::Value) -> IngestHealth {
        let mut health = json!({
            "ready": true, "refusing": null, "records_per_second": 5.0,
            "wal": {"writer": 0, "backlog_bytes": 10, "backlog_records": 1, "disk_bytes": 100, "limit_bytes": 1000},
            "last_commit": {"otel_logs": {"at": "2026-11-30T09:59:00Z", "rows": 1, "files": 1, "elapsed_ms": 1.0}},
            "last_error": null, "last_refusal": null, "last_loss": null,
        });
        let changes = changes.as_object().unwrap().clone();
        health.as_object_mut().unwrap().extend(changes);
        serde_json::from_value(health).unwrap()
    }

    fn names(found: &[Finding]) -> Vec<(&str, &str, u32)> {
        found
            .iter()
            .map(|one| (one.problem.as_str(), one.part.as_str(), one.after_seconds))
            .collect()
    }

    #[test]
    fn engines_that_answer_are_well() {
        for (kind, state) in [
            (BackendKind::Clickhouse, BackendState::Healthy),
            (BackendKind::Chdb, BackendState::Healthy),
            (BackendKind::Chdb, BackendState::Asleep),
        ] {
            assert_eq!(of_engine(&engine(kind, state), &thresholds()), []);
        }
    }

    #[test]
    fn an_engine_is_down_or_behind() {
        let down = engine(BackendKind::Chdb, BackendState::Down);
        assert_eq!(
            names(&of_engine(&down, &thresholds())),
            [("engine-down", "us", 300)]
        );
        let failed = BackendHealth {
            container: Some(ContainerHealth {
                state: ContainerState::Failed,
                last_start: None,
            }),
            ..engine(BackendKind::Chdb, BackendState::Asleep)
        };
        assert_eq!(
            names(&of_engine(&failed, &thresholds())),
            [("engine-down", "us", 300)]
        );
        let of = |lag| {
            let behind = BackendHealth {
                lag_seconds: lag,
                ..engine(BackendKind::Clickhouse, BackendState::Healthy)
            };
            of_engine(&behind, &thresholds())
        };
        assert_eq!(of(Some(1_200)), []);
        assert_eq!(names(&of(Some(1_201))), [("clickhouse-lag", "us", 0)]);
        assert_eq!(names(&of(None)), [("clickhouse-lag", "us", 1_200)]);
    }

    #[test]
    fn ingest_is_down_full_or_cannot_commit() {
        let of = |health| of_ingest(&health, &thresholds(), now());
        assert_eq!(of(Ok(ingest(json!({})))), []);
        let long = "no route ".repeat(100);
        let down = of(Err(long));
        assert_eq!(names(&down), [("ingest-down", "ingest", 300)]);
        assert_eq!(down[0].text.len(), LONGEST_TEXT);
        let full = json!({
            "ready": false, "refusing": "the log is full",
            "wal": {"writer": 0, "backlog_bytes": 10, "backlog_records": 1, "disk_bytes": 501, "limit_bytes": 1000},
        });
        let full = of(Ok(ingest(full)));
        assert_eq!(
            names(&full),
            [("ingest-refuses", "ingest", 300), ("ingest-log", "ingest", 0)]
        );
        assert!(full[0].text.contains("the log is full"));
        let failed = |table, at| {
            let error = json!({"last_error": {"at": at, "table": table, "message": "403"}});
            of(Ok(ingest(error)))
        };
        assert_eq!(
            failed("otel_logs", "2026-11-30T09:58:00Z"),
            [],
            "a commit followed"
        );
        for (table, at) in [
            ("otel_logs", "2026-11-30T09:59:30Z"),
            ("otel_traces", "2026-11-30T09:58:00Z"),
        ] {
            assert_eq!(names(&failed(table, at)), [("commits-fail", table, 600)]);
        }
    }

    #[test]
    fn a_keeper_that_rests_and_rows_that_are_missing_are_found() {
        let landing = |enabled, last_run, missing: Option<u64>| {
            let hour = json!({"accepted": 5, "landed": 5, "moved": 5, "repeated": 0, "unreadable": 0, "missing": missing});
            let landing = json!({"landing": {
                "enabled": enabled, "last_run": last_run, "last_error": null,
                "tables": {"otel_logs": {"hours": {"2026-11-30T08:00:00Z": hour}}},
            }});
            of_ingest(&Ok(ingest(landing)), &thresholds(), now())
        };
        assert_eq!(landing(true, "2026-11-30T09:50:00Z", Some(0)), []);
        assert_eq!(landing(true, "2026-11-30T09:50:00Z", None), []);
        assert_eq!(landing(false, "2026-11-30T08:00:00Z", Some(3)), []);
        let found = landing(true, "2026-11-30T09:30:00Z", Some(3));
        assert_eq!(
            names(&found),
            [("keeper-down", "keeper", 0), ("landing-missing", "otel_logs", 0)]
        );
        let failed = of_keeper(&Err("500".into()), &thresholds());
        assert_eq!(names(&failed), [("keeper-down", "keeper", 1_200)]);
        assert_eq!(of_keeper(&Ok(()), &thresholds()), []);
    }

    #[test]
    fn a_check_that_is_off_finds_nothing() {
        let off = json!({"engineDownSeconds": null, "ingestDownSeconds": null, "keeperDownSeconds": null});
        let off = Thresholds::read(&off.to_string()).unwrap();
        assert_eq!(
            of_engine(&engine(BackendKind::Chdb, BackendState::Down), &off),
            []
        );
        assert_eq!(of_ingest(&Err("gone".into()), &off, now()), []);
        assert_eq!(of_keeper(&Err("500".into()), &off), []);
    }
}
