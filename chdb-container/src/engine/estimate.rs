//! Estimates the rows, files, bytes and requests of the lake that a statement would read, without running it.

use std::collections::BTreeMap;
use std::sync::Arc;

use chdb_rust::format::OutputFormat;
use jiff::Timestamp;
use lakefront_api::{Estimate, Progress, ProgressState, TableEstimate};
use lakefront_clickhouse_http::{Exception, code, literal};

use super::cancel::{Cancellation, RunningQueries};
use super::plan::{self, Read, Times};
use super::run::cancelled;
use super::{Engine, Query};
use crate::chdb::{self, parameters};
use crate::lake::Lake;
use crate::{Error, settings};

/// The longest time that the engine plans a statement, in seconds. Planning runs subqueries whose value is a constant.
const MOST_SECONDS: &str = "3";

impl Engine {
    /// Returns what a statement would read of the lake, by its conditions on the time column and the bounds of the files.
    ///
    /// # Errors
    /// If the queue is full, if the gate or the engine refuses the statement, or if the engine has no lake.
    pub async fn estimate(self: &Arc<Self>, query: Query) -> Result<Estimate, Error> {
        let profile = Arc::clone(&query.profile);
        self.with_slot(&profile, None, move |engine, cancellation| {
            engine.estimated(&query, cancellation)
        })
        .await
    }

    fn estimated(&self, query: &Query, cancellation: &Cancellation) -> Result<Estimate, Error> {
        let Some(lake) = &self.lake else {
            let message = "Only statements on a lake are estimated; this engine has tables of its own";
            return Err(Exception::of(code::NOT_IMPLEMENTED, message).into());
        };
        lake.refresh(&self.ddl);
        if self.verdict(query, &query.sql)?.format.is_some() {
            let message = "A statement with a FORMAT clause is not estimated: leave the clause out";
            return Err(Exception::of(code::NOT_IMPLEMENTED, message).into());
        }
        let plan = self.plan(query, lake, cancellation)?;
        let reads =
            plan::reads(&plan, |table| Some(lakefront_otel::table(table)?.time_column)).map_err(|error| {
                Exception::of(code::STD_EXCEPTION, format!("the plan can't be read: {error}"))
            })?;
        let mut known = BTreeMap::new();
        let (mut tables, mut opened) = (Vec::new(), 0);
        for Read {
            table,
            times: Times { from, to },
        } in reads
        {
            let key = (table, from, to);
            let files = match known.get(&key) {
                Some(files) => *files,
                None => lake.files(&self.manifests, &key.0, (from, to))?,
            };
            tables.push(TableEstimate {
                name: key.0.clone(),
                rows: files.rows,
                files: files.files,
                bytes: files.bytes,
                from: Timestamp::from_microsecond(from).ok(),
                to: Timestamp::from_microsecond(to).ok(),
            });
            opened += files.opened;
            known.insert(key, files);
        }
        let mut estimate: Estimate = tables.into_iter().collect();
        // What was read once is in the cache on local disk. What is left is the check that each file is there.
        estimate.store_requests = lake.is_remote().then_some(opened);
        Ok(estimate)
    }

    /// Returns the engine's plan of a statement, in which every table of the lake has its mark.
    fn plan(&self, query: &Query, lake: &Lake, cancellation: &Cancellation) -> Result<String, Error> {
        let mut own = query.profile.settings.clone();
        let marks = lake
            .readable_tables()
            .into_iter()
            .map(|(name, in_engine)| format!("{}: {}", literal(&in_engine), literal(&plan::mark(&name))));
        let filters = own.remove("additional_table_filters").unwrap_or_default();
        let filters = filters.trim_start_matches('{').trim_end_matches('}');
        let all: Vec<_> = marks
            .chain(Some(filters.to_owned()).filter(|filters| !filters.is_empty()))
            .collect();
        own.insert(
            "additional_table_filters".into(),
            format!("{{{}}}", all.join(", ")),
        );
        own.insert("max_execution_time".into(), MOST_SECONDS.into());
        let requested = settings::with_requested(own, &query.settings, query.profile.rights)?;
        let pooled = self.pool.take(&requested)?;
        let sql = format!("EXPLAIN json = 1, actions = 1 {}", query.sql);
        let ran = if cancellation.begin(&pooled.tag, false) {
            let params = parameters(&query.params);
            pooled
                .connection
                .query_with_params(&sql, OutputFormat::TabSeparatedRaw, params)
        } else {
            Err(chdb_rust::error::Error::NoResult)
        };
        cancellation.end();
        let plan = match &ran {
            Ok(answer) => Ok(answer.data_utf8_lossy().into_owned()),
            Err(_) if cancellation.is_cancelled() => Err(cancelled().into()),
            Err(error) => Err(chdb::exception(error).into()),
        };
        drop(ran);
        if !cancellation.is_cancelled() {
            self.pool.put(pooled);
        }
        plan
    }

    /// Returns how far the statement of a user with an id is.
    ///
    /// # Errors
    /// The engine's exception.
    pub fn progress(&self, profile: &Arc<crate::access::Profile>, query_id: &str) -> Result<Progress, Error> {
        let Some(cancellation) = RunningQueries::find(self, profile, query_id) else {
            return Ok(Progress::default());
        };
        let waits = Progress {
            state: ProgressState::Waits,
            ..Progress::default()
        };
        let Some(tag) = cancellation.tag() else {
            return Ok(waits);
        };
        // The tag needs no escaping: the pool makes it of letters, digits and `-`.
        let sql = format!(
            "SELECT elapsed * 1000, read_rows, read_bytes FROM system.processes WHERE Settings['log_comment'] = '{tag}' LIMIT 1"
        );
        let answer = self.control.query(&sql, OutputFormat::TabSeparatedRaw)?;
        let text = answer.data_utf8_lossy();
        let fields: Vec<_> = text.trim().split('\t').collect();
        Ok(match fields.as_slice() {
            [elapsed, rows, bytes] => Progress {
                state: ProgressState::Runs,
                elapsed_ms: elapsed.parse().unwrap_or_default(),
                rows_read: rows.parse().unwrap_or_default(),
                bytes_read: bytes.parse().unwrap_or_default(),
            },
            // The engine does not list the statement yet.
            _ => waits,
        })
    }
}
