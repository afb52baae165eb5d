//! Connections to the engine: [`Connection`] for one caller's statements, [`InternalConnection`] for the engine's own statements.

use std::cell::Cell;
use std::sync::{Mutex, MutexGuard, PoisonError};

use chdb_rust::admin::QueryAnalysis;
use chdb_rust::connection::Connection as Opened;
use chdb_rust::error::{Error as EngineError, Result};
use chdb_rust::format::{InputFormat, OutputFormat};
use chdb_rust::insert_stream::InsertStream;
use chdb_rust::query_param::QueryParams;
use chdb_rust::query_result::QueryResult;

use crate::Error;

/// Held while a connection opens: the engine can open only one at a time.
static OPENING: Mutex<()> = Mutex::new(());

/// A connection to the engine that runs statements until one of them fails.
///
/// After a failed statement, the engine keeps the output written so far and puts it in front of the next answer on that
/// connection. Every statement after a failure is therefore refused here. Opening another connection takes 0.2 ms.
pub struct Connection {
    opened: Opened,
    failed: Cell<bool>,
}

impl Connection {
    /// Opens a connection with arguments such as `--readonly=1`.
    ///
    /// # Errors
    /// The engine's error, which gives no reason.
    pub fn open(args: &[String]) -> Result<Self> {
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let _one = OPENING.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(Self {
            opened: Opened::open(&args)?,
            failed: Cell::new(false),
        })
    }

    /// Returns true after a statement on this connection failed.
    pub fn has_failed(&self) -> bool {
        self.failed.get()
    }

    /// Runs a statement.
    ///
    /// # Errors
    /// The engine's error, or an error if an earlier statement failed.
    pub fn query(&self, sql: &str, format: OutputFormat) -> Result<QueryResult> {
        self.check()?;
        self.note(self.opened.query(sql, format))
    }

    /// Runs a statement with values for its placeholders.
    ///
    /// # Errors
    /// The engine's error, or an error if an earlier statement failed.
    pub fn query_with_params(
        &self,
        sql: &str,
        format: OutputFormat,
        params: QueryParams,
    ) -> Result<QueryResult> {
        self.check()?;
        self.note(self.opened.query_with_params(sql, format, params))
    }

    /// Classifies a statement without running it.
    ///
    /// # Errors
    /// The engine's error, or an error if an earlier statement failed.
    pub fn classify_query(&self, sql: &str, database: Option<&str>) -> Result<QueryAnalysis> {
        self.check()?;
        self.note(self.opened.classify_query(sql, database))
    }

    /// Runs an insert whose rows are appended by `feed`.
    ///
    /// # Errors
    /// The engine's error, an error of `feed`, or an error if an earlier statement failed.
    pub fn insert<T, E: From<EngineError>>(
        &mut self,
        sql: &str,
        format: InputFormat,
        params: QueryParams,
        feed: impl FnOnce(InsertStream<'_>) -> std::result::Result<T, E>,
    ) -> std::result::Result<T, E> {
        self.check()?;
        let stream = self.opened.insert_stream_with_params(sql, format, params);
        let fed = stream.map_err(E::from).and_then(feed);
        self.note(fed)
    }

    fn check(&self) -> Result<()> {
        if self.failed.get() {
            return Err(EngineError::InvalidData(
                "an earlier statement on this connection failed".into(),
            ));
        }
        Ok(())
    }

    fn note<T, E>(&self, outcome: std::result::Result<T, E>) -> std::result::Result<T, E> {
        self.failed.set(outcome.is_err());
        outcome
    }
}

/// A connection for the engine's own statements. It is opened again after a statement on it failed.
pub struct InternalConnection {
    args: Vec<String>,
    connection: Mutex<Connection>,
}

impl InternalConnection {
    /// Opens the connection.
    ///
    /// # Errors
    /// The engine's error, which gives no reason.
    pub fn open(args: Vec<String>) -> Result<Self> {
        Ok(Self {
            connection: Mutex::new(Connection::open(&args)?),
            args,
        })
    }

    /// Runs a statement. One statement runs at a time; other callers block.
    ///
    /// # Errors
    /// The engine's exception.
    pub fn query(&self, sql: &str, format: OutputFormat) -> std::result::Result<QueryResult, Error> {
        let answer = self.usable()?.query(sql, format);
        answer.map_err(|error| super::exception(&error).into())
    }

    /// Runs a statement and returns its first column. Its values must not contain tabs or line breaks.
    ///
    /// # Errors
    /// The engine's exception.
    pub fn column(&self, sql: &str) -> std::result::Result<Vec<String>, Error> {
        let answer = self.query(sql, OutputFormat::TabSeparatedRaw)?;
        Ok(answer.data_utf8_lossy().lines().map(str::to_owned).collect())
    }

    fn usable(&self) -> Result<MutexGuard<'_, Connection>> {
        let mut connection = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        if connection.has_failed() {
            // The new connection opens before the failed one closes: without any connection the engine would lose its
            // tables.
            *connection = Connection::open(&self.args)?;
        }
        Ok(connection)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A statement that fails after it has written rows.
    const FAILS: &str = "SELECT throwIf(number = 150000), 'leaked' AS leaked FROM numbers(200000)";

    #[test]
    fn what_a_failed_statement_wrote_reaches_no_other() {
        let connection = Connection::open(&[]).unwrap();
        assert!(connection.query("SELECT 1", OutputFormat::JSONCompact).is_ok());
        assert!(connection.query(FAILS, OutputFormat::JSONCompact).is_err());
        assert!(connection.has_failed());
        let refused = connection.query("SELECT 1", OutputFormat::JSONCompact);
        assert!(refused.unwrap_err().to_string().contains("an earlier statement"));

        let own = InternalConnection::open(Vec::new()).unwrap();
        assert!(own.query(FAILS, OutputFormat::JSONCompact).is_err());
        assert_eq!(own.column("SELECT 'mark'").unwrap(), ["mark"]);
    }
}
