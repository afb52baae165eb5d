//! Running one statement: a slot of the queue, the gate, a connection, and the limits on the result.

use std::collections::BTreeMap;
use std::sync::Arc;

use lakefront_clickhouse_http::{Exception, code};

use super::cancel::{Cancellation, RunningQueries};
use super::pool::Pooled;
use super::result::TruncatedBy;
use super::{Engine, Output, result};
use crate::access::Profile;
use crate::chdb::{self, format, parameters};
use crate::gate::Verdict;
use crate::lake::Lake;
use crate::rights::Rights;
use crate::{Error, gate, settings};

/// A statement to run, with its parameters, settings and format.
#[derive(Debug, Clone)]
pub struct Query {
    /// The caller's rights and limits.
    pub profile: Arc<Profile>,
    /// The SQL text.
    pub sql: String,
    /// Values of the placeholders by name, as fields of TabSeparated.
    pub params: Vec<(String, String)>,
    /// Settings of this query alone.
    pub settings: BTreeMap<String, String>,
    /// The output format if the statement has no FORMAT clause.
    pub format: String,
    /// The id that the caller gave to the query; [`Engine::kill`] finds the query by it.
    pub query_id: Option<String>,
    /// True if the request may only read, whatever the caller's rights, such as a GET.
    pub only_reads: bool,
}

impl Query {
    /// Returns true if a result that exceeds a limit is to be cut. Otherwise such a result is an error.
    fn may_cut(&self) -> bool {
        self.settings
            .get("result_overflow_mode")
            .is_some_and(|mode| mode == "break")
    }

    fn rights(&self) -> Rights {
        Rights {
            write: self.profile.rights.write && !self.only_reads,
            ..self.profile.rights
        }
    }
}

impl Engine {
    /// Runs a statement. Dropping the future stops a statement that only reads.
    ///
    /// # Errors
    /// If the queue is full, or if the gate or the engine refuses the statement.
    pub async fn run(self: &Arc<Self>, query: Query) -> Result<Output, Error> {
        let (profile, query_id) = (Arc::clone(&query.profile), query.query_id.clone());
        self.with_slot(&profile, query_id.as_deref(), move |engine, cancellation| {
            engine.run_within_limits(&query, cancellation)
        })
        .await
    }

    /// Waits for a slot of the queue, then runs `work` on a thread that may block.
    pub(super) async fn with_slot<T: Send + 'static>(
        self: &Arc<Self>,
        profile: &Arc<Profile>,
        query_id: Option<&str>,
        work: impl FnOnce(&Self, &Cancellation) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        self.record_request();
        // A waiting query is listed too, so that it does not begin once it was killed.
        let entry = RunningQueries::start(self, profile, query_id);
        let slot = self.queue(profile.rights).acquire().await?;
        let _caller = entry.caller();
        let (engine, cancellation) = (Arc::clone(self), entry.cancellation());
        let task = tokio::task::spawn_blocking(move || {
            let output = work(&engine, &cancellation);
            // The slot is held until the engine has finished, also after the caller has gone.
            drop((slot, entry));
            output
        });
        task.await
            .unwrap_or_else(|error| Err(Exception::of(code::STD_EXCEPTION, error.to_string()).into()))
    }

    /// Stops the statements of a user whose id `chosen` accepts, including those that write, and waits until they have
    /// ended.
    ///
    /// # Errors
    /// If a statement does not end in time.
    pub async fn kill(
        self: &Arc<Self>,
        profile: &Arc<Profile>,
        chosen: impl Fn(&str) -> bool,
    ) -> Result<(), Error> {
        if RunningQueries::kill(self, profile, chosen).await {
            return Ok(());
        }
        let message = "A statement that was killed still runs";
        Err(Exception::of(code::TIMEOUT_EXCEEDED, message).into())
    }

    /// Runs a statement within the limit on rows. The engine may return one row more than the limit, which
    /// distinguishes a cut result from one that fits exactly.
    fn run_within_limits(&self, query: &Query, cancellation: &Cancellation) -> Result<Output, Error> {
        let most = query.profile.max_result_rows;
        let output = self.run_with_keys(query, cancellation)?;
        // The engine does not limit the rows of callers who may write.
        if output.rows <= most || query.profile.rights.write {
            return Ok(output);
        }
        // Few formats can be cut afterwards, so the engine runs the statement again with the limit itself.
        let shorter = query.may_cut().then(|| {
            let mut shorter = query.clone();
            shorter.settings.insert("limit".into(), most.to_string());
            self.run_with_keys(&shorter, cancellation)
        });
        match shorter.transpose()? {
            Some(output) if output.rows <= most => Ok(Output {
                truncated: Some(TruncatedBy::Rows),
                ..output
            }),
            _ => Err(result::too_many_rows(most).into()),
        }
    }

    /// Runs a statement, and once more with new keys if the object store refused the cached keys.
    fn run_with_keys(&self, query: &Query, cancellation: &Cancellation) -> Result<Output, Error> {
        let output = self.run_once(query, cancellation);
        match (&output, &self.lake) {
            (Err(Error::Exception(exception)), Some(lake)) if lake.discard_refused_keys(exception) => {
                self.run_once(query, cancellation)
            }
            _ => output,
        }
    }

    /// Refreshes the lake, checks the statement and runs it on a connection of the pool.
    fn run_once(&self, query: &Query, cancellation: &Cancellation) -> Result<Output, Error> {
        let default_format = format::output(&query.format)?;
        if let Some(lake) = &self.lake {
            lake.refresh(&self.ddl);
        }
        let lake_age = self.lake.as_ref().and_then(Lake::age);
        let verdict = self.verdict(query, &query.sql)?;
        if verdict.shows_definition && self.lake.as_ref().is_some_and(Lake::is_remote) {
            let message = "Not allowed here: the definition of a table on an object store (SHOW CREATE TABLE, or * of system.tables), \
                           because it shows a key. Use DESCRIBE TABLE, or name the columns of system.tables";
            return Err(Exception::of(code::ACCESS_DENIED, message).into());
        }
        let format = verdict
            .format
            .as_deref()
            .map_or(Ok(default_format), format::output)?;

        let pooled = self.connection(query)?;
        let requests_before = self.store_requests();
        let ran = if cancellation.begin(&pooled.tag, verdict.writes) {
            pooled
                .connection
                .query_with_params(&query.sql, format, parameters(&query.params))
        } else {
            Err(chdb_rust::error::Error::NoResult)
        };
        cancellation.end();
        let output = match &ran {
            Ok(result) => Output::new(result, format.as_str(), &query.profile, query.may_cut())
                .map(|output| Output {
                    lake_age,
                    store_requests: self
                        .store_requests()
                        .zip(requests_before)
                        .map(|(after, before)| after - before),
                    ..output
                })
                .map_err(Into::into),
            Err(_) if cancellation.is_cancelled() => Err(cancelled().into()),
            Err(error) => Err(self.explain(chdb::exception(error), &verdict)),
        };
        drop(ran);
        // After a kill, the engine lists the query until its connection runs another one or closes.
        if cancellation.is_cancelled() {
            drop(pooled);
        } else {
            self.pool.put(pooled);
        }
        output
    }

    /// Checks a text with the gate, or returns the cached verdict.
    pub(super) fn verdict(&self, query: &Query, sql: &str) -> Result<Verdict, Error> {
        let rights = query.rights();
        // Only readers' verdicts are cached. Other callers send few statements, and a parameter of theirs may be a path
        // of a file.
        let is_cached = rights == Rights::READ;
        if is_cached && let Some(verdict) = self.verdicts.get(sql, &query.params) {
            return Ok(verdict);
        }
        let gate = self.pool.take(&settings::gate(rights))?;
        let verdict = gate::check(&gate.connection, &self.names, rights, sql, &query.params);
        self.pool.put(gate);
        if is_cached && let Ok(verdict) = &verdict {
            self.verdicts.put(sql, &query.params, verdict);
        }
        verdict
    }

    /// Returns a connection with the settings of the query.
    pub(super) fn connection(&self, query: &Query) -> Result<Pooled, Error> {
        let rights = query.profile.rights;
        let settings = settings::with_requested(query.profile.settings.clone(), &query.settings, rights)?;
        self.pool.take(&settings).map_err(|error| match error {
            // The engine gives no reason when a connection does not open. The limits are valid, so a setting of the
            // caller is not.
            Error::Engine(_) if !query.settings.is_empty() => {
                let names: Vec<_> = query.settings.keys().map(String::as_str).collect();
                let message = format!(
                    "A setting is unknown or has a value the engine does not take: {}",
                    names.join(", ")
                );
                Exception::of(code::BAD_ARGUMENTS, message).into()
            }
            error => error,
        })
    }

    /// Returns the number of requests to the lake's object store since the start, or `None` for a lake in a folder. The
    /// engine counts them for the whole process.
    fn store_requests(&self) -> Option<u64> {
        const SQL: &str = "SELECT sum(value) FROM system.events WHERE event IN ('S3GetObject', 'S3HeadObject', 'S3ListObjects')";
        if !self.lake.as_ref()?.is_remote() {
            return None;
        }
        self.control.column(SQL).ok()?.first()?.parse().ok()
    }

    fn explain(&self, exception: Exception, verdict: &Verdict) -> Error {
        match &self.lake {
            Some(lake) => lake.explain(exception, &verdict.tables),
            None => exception.into(),
        }
    }
}

pub(super) fn cancelled() -> Exception {
    Exception::of(code::QUERY_WAS_CANCELLED, "Query was cancelled")
}
