use std::collections::BTreeMap;
use std::sync::Arc;

use chdb_rust::format::OutputFormat;
use lakefront_clickhouse_http::Exception;

use super::cancel::{Cancellation, Running};
use super::{Engine, Output, format, parameters, result};
use crate::{Error, gate, settings};

/// A statement as a caller wants it run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Query {
    /// The text.
    pub sql: String,
    /// Values of its placeholders, as fields of TabSeparated.
    pub params: Vec<(String, String)>,
    /// Settings of this query alone.
    pub settings: BTreeMap<String, String>,
    /// The output format when the statement names none.
    pub format: String,
}

impl Engine {
    /// Runs a statement. Dropping the future stops it.
    ///
    /// # Errors
    /// When the queue is full, the gate refuses the statement, or the engine does.
    pub async fn run(self: &Arc<Self>, query: Query) -> Result<Output, Error> {
        let slot = self.queue.enter().await?;
        let guard = Running::start(self);
        let (engine, cancellation) = (Arc::clone(self), guard.cancellation());
        let task = tokio::task::spawn_blocking(move || {
            let output = engine.run_here(&query, &cancellation);
            // Held until the engine is done, also when the caller is gone.
            drop(slot);
            output
        });
        task.await
            .unwrap_or_else(|error| Err(Exception::new(1001, "STD_EXCEPTION", error.to_string()).into()))
    }

    fn run_here(&self, query: &Query, cancellation: &Cancellation) -> Result<Output, Error> {
        let default_format = known(&query.format)?;
        let settings = settings::with_requested(self.base.clone(), &query.settings)?;
        self.lake.refresh(|| self.own());

        let gate = self.pool.take(&self.gate)?;
        let judged = gate::check(&gate.connection, &self.functions, &query.sql, &query.params);
        self.pool.put(gate);
        let reads = judged?;
        let format = reads.format.as_deref().map_or(Ok(default_format), known)?;

        let pooled = self.pool.take(&settings).map_err(|error| match error {
            // The engine says no more than that it did not open: the limits are ours and valid.
            Error::Engine(_) if !query.settings.is_empty() => {
                let names: Vec<_> = query.settings.keys().map(String::as_str).collect();
                let message = format!(
                    "A setting has a value the engine does not take: {}",
                    names.join(", ")
                );
                Exception::new(36, "BAD_ARGUMENTS", message).into()
            }
            error => error,
        })?;
        let ran = if cancellation.begin(&pooled.tag) {
            pooled
                .connection
                .query_with_params(&query.sql, format, parameters(&query.params))
        } else {
            Err(chdb_rust::error::Error::NoResult)
        };
        cancellation.end();
        let output = match &ran {
            Ok(result) => Output::new(result, format.as_str(), &self.limits).map_err(Into::into),
            Err(_) if cancellation.is_cancelled() => {
                Err(Exception::new(394, "QUERY_WAS_CANCELLED", "Query was cancelled").into())
            }
            Err(error) => Err(self.lake.explain(result::exception(error), &reads.tables)),
        };
        drop(ran);
        // After a kill the engine lists the query until its connection runs another or closes.
        if cancellation.is_cancelled() {
            drop(pooled);
        } else {
            self.pool.put(pooled);
        }
        output
    }
}

fn known(name: &str) -> Result<OutputFormat, Exception> {
    format::find(name)
        .ok_or_else(|| Exception::new(73, "UNKNOWN_FORMAT", format!("Unknown output format {name}")))
}
