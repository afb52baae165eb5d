//! The report of an engine about its data, which a check returns.

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use lakefront_api::{EngineHealth, LakeState, instant};
use lakefront_clickhouse_http::{Answer, Exception, ReplyError, code};
use lakefront_query::{Coverage, HotState};
use serde_json::Value;

/// The extent of an engine's data.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct EngineReport {
    /// The last time at which the engine's data was current with the lake.
    pub as_of: Option<Timestamp>,
    /// The first day for which the lake has a row. Only chDB reports it.
    pub first_day: Option<Date>,
    /// The time at which the lake had no row before `first_day`.
    pub first_day_as_of: Option<Timestamp>,
    /// The coverage of the engine's views. Only ClickHouse reports it.
    pub hot: Option<HotState>,
}

impl EngineReport {
    /// Creates the report from chDB's `/health` document, which was requested at `now`.
    ///
    /// # Errors
    /// Returns chDB's own explanation if it is not healthy or cannot read the lake.
    pub fn from_chdb(health: EngineHealth, now: Timestamp) -> Result<Self, String> {
        let detail = match (health.engine.healthy, health.lake.state) {
            (true, LakeState::Ready | LakeState::Empty) => {
                let first_days = health.lake.tables.iter().filter_map(|table| table.first_day);
                return Ok(Self {
                    as_of: health.lake.as_of.map(|as_of| as_of.min(now)),
                    first_day: first_days.min(),
                    first_day_as_of: health.lake.first_days_age_ms.map(|age| before(now, age)),
                    hot: None,
                });
            }
            (true, LakeState::Missing | LakeState::Unreadable) => health.lake.detail,
            (false, _) => health.engine.detail,
        };
        Err(detail.unwrap_or_else(|| "it says that it is not healthy".into()))
    }

    /// Creates the report from a ClickHouse's answer to [`COVERAGE`](lakefront_hot_tier::bookkeeping::COVERAGE), which was
    /// requested at `now`.
    ///
    /// A server to which sync has never written has no such table. It is healthy and holds nothing yet.
    ///
    /// # Errors
    /// Returns the error of the reply, except for an unknown table or database.
    pub fn from_coverage(reply: Result<Answer, ReplyError>, now: Timestamp) -> Result<Self, ReplyError> {
        let coverage: Vec<Coverage> = match reply {
            Ok(answer) => answer.rows.iter().filter_map(|row| covered(row, now)).collect(),
            Err(ReplyError::Exception(Exception { code, .. })) if code::is_unknown_table(code) => Vec::new(),
            Err(error) => return Err(error),
        };
        Ok(Self {
            as_of: coverage.iter().map(|covered| covered.as_of).min(),
            first_day: None,
            first_day_as_of: None,
            hot: Some(HotState { coverage }),
        })
    }
}

/// Parses a row of [`COVERAGE`](lakefront_hot_tier::bookkeeping::COVERAGE). An unreadable row covers nothing.
fn covered(row: &[Value], now: Timestamp) -> Option<Coverage> {
    let text = |at: usize| row.get(at)?.as_str();
    Some(Coverage {
        view: text(0)?.into(),
        version: text(1)?.into(),
        first_day: instant::day(text(2)?)?,
        as_of: before(now, u64::try_from(row.get(3)?.as_i64()?).unwrap_or(0)),
    })
}

/// Returns the time that was so many milliseconds before `now`.
pub fn before(now: Timestamp, millis: u64) -> Timestamp {
    let age = SignedDuration::from_millis(i64::try_from(millis).unwrap_or(i64::MAX));
    now.checked_sub(age).unwrap_or(Timestamp::MIN)
}

#[cfg(test)]
mod tests {
    use lakefront_api::{EngineState, LakeHealth, Stats, TableHealth};
    use serde_json::json;

    use super::*;

    fn table(first_day: Option<&str>) -> TableHealth {
        TableHealth {
            name: "otel_logs".into(),
            snapshot_id: None,
            snapshot_time: None,
            age_seconds: None,
            rows: None,
            data_files: None,
            data_bytes: None,
            snapshots: None,
            oldest_snapshot_time: None,
            first_day: first_day.map(|day| day.parse().unwrap()),
            detail: None,
        }
    }

    fn chdb(healthy: bool, state: LakeState) -> Result<EngineReport, String> {
        let health = EngineHealth {
            engine: EngineState {
                healthy,
                version: "26.7".into(),
                latency_ms: 1.0,
                running: 0,
                waiting: 0,
                detail: (!healthy).then(|| "the engine".into()),
            },
            lake: LakeHealth {
                state,
                as_of: Some("2026-03-24T12:00:00Z".parse().unwrap()),
                first_days_age_ms: Some(5_000),
                detail: Some("the lake".into()),
                past_states: Vec::new(),
                tables: [Some("2026-03-12"), None, Some("2026-03-11")].map(table).into(),
            },
        };
        EngineReport::from_chdb(health, now())
    }

    fn now() -> Timestamp {
        "2026-03-24T12:00:30Z".parse().unwrap()
    }

    #[test]
    fn chdb_is_as_well_as_its_lake() {
        for state in [LakeState::Ready, LakeState::Empty] {
            let report = chdb(true, state).unwrap();
            assert_eq!(report.first_day, Some("2026-03-11".parse().unwrap()));
            assert_eq!(report.hot, None);
            assert_eq!(
                report.first_day_as_of,
                Some("2026-03-24T12:00:25Z".parse().unwrap())
            );
        }
        for state in [LakeState::Missing, LakeState::Unreadable] {
            assert_eq!(chdb(true, state), Err("the lake".into()), "{state:?}");
        }
        assert_eq!(chdb(false, LakeState::Ready), Err("the engine".into()));
    }

    fn answer(rows: Value) -> Answer {
        Answer {
            columns: Vec::new(),
            rows: serde_json::from_value(rows).unwrap(),
            truncated: false,
            stats: Stats::default(),
            engine_ms: 0.1,
            file: Vec::new(),
        }
    }

    #[test]
    fn clickhouse_is_as_old_as_its_oldest_view() {
        let rows = json!([
            ["mv_errors", "3f2a91c0d1e2", "2026-03-11", 28_000],
            ["otel_logs", "aa", "2026-03-12", 29_500],
            ["broken", "bb", null, 3_630_000],
            // The clock of sync is ahead of that of the server.
            ["mv_ahead", "cc", "2026-03-12", -7_000],
        ]);
        let report = EngineReport::from_coverage(Ok(answer(rows)), now()).unwrap();
        assert_eq!(report.as_of, Some("2026-03-24T12:00:00.5Z".parse().unwrap()));
        let coverage = report.hot.unwrap().coverage;
        assert_eq!(coverage.len(), 3);
        assert_eq!(coverage[2].as_of, now());
        assert_eq!(coverage[0].view, "mv_errors");
        assert_eq!(coverage[0].first_day, "2026-03-11".parse::<Date>().unwrap());
    }

    #[test]
    fn clickhouse_without_tables_is_well_and_holds_nothing() {
        for code in [code::UNKNOWN_TABLE, code::UNKNOWN_DATABASE] {
            let report =
                EngineReport::from_coverage(Err(Exception::new(code, "", "no").into()), now()).unwrap();
            assert_eq!(
                (report.as_of, report.hot),
                (None, Some(HotState { coverage: Vec::new() }))
            );
        }
        assert!(EngineReport::from_coverage(Err(Exception::new(516, "", "no").into()), now()).is_err());
    }
}
