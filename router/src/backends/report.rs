//! The report of an engine about its data, which a check returns.

use jiff::Timestamp;
use jiff::civil::Date;
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
    /// The coverage of the engine's views. Only ClickHouse reports it.
    pub hot: Option<HotState>,
}

impl EngineReport {
    /// Creates the report from chDB's `/health` document.
    ///
    /// # Errors
    /// Returns chDB's own explanation if it is not healthy or cannot read the lake.
    pub fn from_chdb(health: EngineHealth) -> Result<Self, String> {
        let detail = match (health.engine.healthy, health.lake.state) {
            (true, LakeState::Ready | LakeState::Empty) => {
                let first_days = health.lake.tables.iter().filter_map(|table| table.first_day);
                return Ok(Self {
                    as_of: health.lake.as_of,
                    first_day: first_days.min(),
                    hot: None,
                });
            }
            (true, LakeState::Missing | LakeState::Unreadable) => health.lake.detail,
            (false, _) => health.engine.detail,
        };
        Err(detail.unwrap_or_else(|| "it says that it is not healthy".into()))
    }

    /// Creates the report from a ClickHouse's answer to [`COVERAGE`](lakefront_hot_tier::bookkeeping::COVERAGE).
    ///
    /// A server to which sync has never written has no such table. It is healthy and holds nothing yet.
    ///
    /// # Errors
    /// Returns the error of the reply, except for an unknown table or database.
    pub fn from_coverage(reply: Result<Answer, ReplyError>) -> Result<Self, ReplyError> {
        let coverage: Vec<Coverage> = match reply {
            Ok(answer) => answer.rows.iter().filter_map(|row| covered(row)).collect(),
            Err(ReplyError::Exception(Exception { code, .. })) if code::is_unknown_table(code) => Vec::new(),
            Err(error) => return Err(error),
        };
        Ok(Self {
            as_of: coverage.iter().map(|covered| covered.as_of).min(),
            first_day: None,
            hot: Some(HotState { coverage }),
        })
    }
}

/// Parses a row of [`COVERAGE`](lakefront_hot_tier::bookkeeping::COVERAGE). An unreadable row covers nothing.
fn covered(row: &[Value]) -> Option<Coverage> {
    let text = |at: usize| row.get(at)?.as_str();
    Some(Coverage {
        view: text(0)?.into(),
        version: text(1)?.into(),
        first_day: instant::day(text(2)?)?,
        as_of: instant::time(text(3)?)?,
    })
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
            first_day: first_day.map(|day| day.parse().unwrap()),
            detail: None,
        }
    }

    fn chdb(healthy: bool, state: LakeState) -> Result<EngineReport, String> {
        EngineReport::from_chdb(EngineHealth {
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
                detail: Some("the lake".into()),
                tables: [Some("2026-03-12"), None, Some("2026-03-11")].map(table).into(),
            },
        })
    }

    #[test]
    fn chdb_is_as_well_as_its_lake() {
        for state in [LakeState::Ready, LakeState::Empty] {
            let report = chdb(true, state).unwrap();
            assert_eq!(report.first_day, Some("2026-03-11".parse().unwrap()));
            assert_eq!(report.hot, None);
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
        }
    }

    #[test]
    fn clickhouse_is_as_old_as_its_oldest_view() {
        let rows = json!([
            [
                "mv_errors",
                "3f2a91c0d1e2",
                "2026-03-11",
                "2026-03-24T12:00:02.000000Z"
            ],
            ["otel_logs", "aa", "2026-03-12", "2026-03-24T12:00:00.500000Z"],
            ["broken", "bb", null, "2026-03-24T11:00:00.000000Z"],
        ]);
        let report = EngineReport::from_coverage(Ok(answer(rows))).unwrap();
        assert_eq!(report.as_of, Some("2026-03-24T12:00:00.5Z".parse().unwrap()));
        let coverage = report.hot.unwrap().coverage;
        assert_eq!(coverage.len(), 2);
        assert_eq!(coverage[0].view, "mv_errors");
        assert_eq!(coverage[0].first_day, "2026-03-11".parse::<Date>().unwrap());
    }

    #[test]
    fn clickhouse_without_tables_is_well_and_holds_nothing() {
        for code in [code::UNKNOWN_TABLE, code::UNKNOWN_DATABASE] {
            let report = EngineReport::from_coverage(Err(Exception::new(code, "", "no").into())).unwrap();
            assert_eq!(
                (report.as_of, report.hot),
                (None, Some(HotState { coverage: Vec::new() }))
            );
        }
        assert!(EngineReport::from_coverage(Err(Exception::new(516, "", "no").into())).is_err());
    }
}
