//! The client of a ClickHouse: statements, rows and inserts, over the crate `clickhouse`.
//!
//! Under a lease ([`Target::fenced`]) each writing statement first checks that the lease still exists. An
//! `INSERT … SELECT` has the check in its condition. The query id begins with the lease's number, so that a successor
//! can kill the statement.

mod bookkeeping;
mod fence;
mod migrate;
mod tables;

use std::fs::File;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use clickhouse::query::Query;
use clickhouse::{Client, RowOwned, RowRead, RowWrite};
use tokio::io::AsyncReadExt;
use url::Url;

pub use bookkeeping::Bookkeeping;
pub use fence::Fence;
pub use migrate::{MIGRATIONS, Migration};
pub use tables::{Column, Tables};

use crate::error::{Error, Result, TargetCause, TargetError};

/// The longest time for statements on sync's own tables.
const SHORT: Duration = Duration::from_secs(30);
/// The longest time for statements that move rows.
const LONG: Duration = Duration::from_secs(3600);
/// Bytes of a data file that are sent at once.
const CHUNK: usize = 1 << 20;

/// Names and values of the settings of one statement.
pub type Settings = Vec<(&'static str, String)>;

/// A ClickHouse: its address and credentials.
#[derive(Clone)]
pub struct Target {
    name: String,
    client: Client,
    /// The lease under which statements are sent, if any.
    fence: Option<Arc<Fence>>,
}

impl std::fmt::Debug for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Target").field(&self.name).finish()
    }
}

impl Target {
    /// Creates a client for the ClickHouse at `url`.
    pub fn new(url: &Url, user: &str, password: &str) -> Self {
        let client = Client::default()
            .with_url(url.as_str())
            .with_user(user)
            .with_password(password)
            // Data files are compressed already, and everything else is small.
            .with_compression(clickhouse::Compression::None)
            // A failure then has an HTTP status of its own, even after the first rows.
            .with_setting("wait_end_of_query", "1")
            .with_setting("max_result_rows", "0")
            .with_setting("session_timezone", "UTC");
        let host = url.host_str().unwrap_or_default();
        let name = match url.port_or_known_default() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        };
        Self {
            name,
            client,
            fence: None,
        }
    }

    /// Returns a client of the same ClickHouse that sends statements under a lease.
    #[must_use]
    pub fn fenced(&self, fence: Arc<Fence>) -> Self {
        Self {
            fence: Some(fence),
            ..self.clone()
        }
    }

    /// Returns host and port, for messages.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Runs a statement if the lease still exists.
    pub async fn execute(&self, action: &str, sql: &str) -> Result<(), TargetError> {
        self.check(action).await?;
        self.execute_unfenced(action, sql).await
    }

    /// Runs a statement without checking the lease. For tables that no other process uses.
    pub async fn execute_unfenced(&self, action: &str, sql: &str) -> Result<(), TargetError> {
        self.with_deadline(SHORT, action, self.query(sql).execute()).await
    }

    /// Runs an `INSERT … SELECT` that has no `WHERE`, if the lease still exists.
    pub async fn insert_select(
        &self,
        action: &str,
        sql: &str,
        settings: &Settings,
    ) -> Result<(), TargetError> {
        let sql = match &self.fence {
            Some(fence) => format!("{sql} WHERE {}", fence.condition()),
            None => sql.to_owned(),
        };
        let query = settings.iter().fold(self.query(&sql), |query, (name, value)| {
            query.with_setting(*name, value)
        });
        self.with_deadline(LONG, action, query.execute()).await
    }

    /// Replaces a partition of `table` by the one of `from`, even if that is empty. Nothing changes if `from` does not
    /// exist.
    pub async fn replace_partition(
        &self,
        action: &str,
        table: &str,
        id: &str,
        from: &str,
    ) -> Result<(), TargetError> {
        // ClickHouse 26.7 requires this setting for an empty partition. Earlier versions do not have it.
        const EMPTY_TOO: &str = "allow_replace_partition_from_empty_source";
        const UNKNOWN_SETTING: u32 = 115;
        self.check(action).await?;
        let sql = format!("ALTER TABLE otel.{table} REPLACE PARTITION ID '{id}' FROM otel.{from}");
        let query = self.query(&sql).with_setting(EMPTY_TOO, "1");
        match self.with_deadline(SHORT, action, query.execute()).await {
            Err(error) if error.exception().is_some_and(|e| e.code == UNKNOWN_SETTING) => {
                self.execute(action, &sql).await
            }
            done => done,
        }
    }

    /// Fails if the lease no longer exists.
    async fn check(&self, action: &str) -> Result<(), TargetError> {
        let Some(fence) = &self.fence else { return Ok(()) };
        let check = self.client.query_raw(fence.check()).fetch_one::<u64>();
        match self.with_deadline(SHORT, action, check).await? {
            0 => Err(self.error(action, TargetCause::LeaseLost)),
            _ => Ok(()),
        }
    }

    /// Returns a query with an id under the lease.
    fn query(&self, sql: &str) -> Query {
        let query = self.client.query_raw(sql);
        match &self.fence {
            Some(fence) => query.with_setting("query_id", fence.next_id()),
            None => query,
        }
    }

    /// Returns the rows of a statement.
    pub async fn fetch_all<T: RowOwned + RowRead>(
        &self,
        action: &str,
        sql: &str,
    ) -> Result<Vec<T>, TargetError> {
        self.with_deadline(SHORT, action, self.client.query_raw(sql).fetch_all())
            .await
    }

    /// Returns the single row of a statement that may take long.
    pub async fn fetch_one<T: RowOwned + RowRead>(&self, action: &str, sql: &str) -> Result<T, TargetError> {
        self.with_deadline(LONG, action, self.client.query_raw(sql).fetch_one())
            .await
    }

    /// Inserts rows as one block, all or none, if the lease still exists.
    pub async fn insert<T>(&self, table: &str, rows: &[T]) -> Result<(), TargetError>
    where
        T: RowOwned + RowWrite,
    {
        let action = format!("write otel.{table}");
        self.check(&action).await?;
        let insert = async {
            let mut insert = self
                .client
                .insert_unescaped::<T>(&format!("otel.{table}"))
                .await?;
            if let Some(fence) = &self.fence {
                insert = insert.with_setting("query_id", fence.next_id());
            }
            for row in rows {
                insert.write(row).await?;
            }
            insert.end().await
        };
        self.with_deadline(SHORT, &action, insert).await
    }

    /// Sends a local file as the body of an `INSERT … FORMAT …`. The lease is checked at the beginning and at the end.
    pub async fn send_file(
        &self,
        action: &str,
        sql: &str,
        settings: &Settings,
        file: File,
        path: &str,
    ) -> Result<()> {
        let of_file = |source| Error::File {
            path: path.into(),
            source,
        };
        let mut file = tokio::fs::File::from_std(file);
        self.check(action).await?;
        let mut insert = settings
            .iter()
            .fold(self.client.insert_formatted_with(sql), |insert, (name, value)| {
                insert.with_setting(*name, value)
            });
        if let Some(fence) = &self.fence {
            insert = insert.with_setting("query_id", fence.next_id());
        }
        loop {
            let mut chunk = Vec::with_capacity(CHUNK);
            (&mut file)
                .take(CHUNK as u64)
                .read_to_end(&mut chunk)
                .await
                .map_err(of_file)?;
            if chunk.is_empty() {
                break;
            }
            self.with_deadline(LONG, action, insert.send(Bytes::from(chunk)))
                .await?;
        }
        // A successor kills inserts that run when it takes the lease over. This check stops an insert that had not
        // begun by then.
        self.check(action).await?;
        Ok(self.with_deadline(LONG, action, insert.end()).await?)
    }

    async fn with_deadline<T>(
        &self,
        limit: Duration,
        action: &str,
        answer: impl Future<Output = Result<T, clickhouse::error::Error>>,
    ) -> Result<T, TargetError> {
        let answer = tokio::time::timeout(limit, answer).await;
        let cause = match answer {
            Ok(Ok(value)) => return Ok(value),
            Ok(Err(error)) => error.into(),
            Err(_) => TargetCause::Deadline(limit),
        };
        Err(self.error(action, cause))
    }

    fn error(&self, action: &str, cause: TargetCause) -> TargetError {
        let cause = match cause {
            TargetCause::Exception(exception) if exception.message.contains(fence::LEASE_LOST) => {
                TargetCause::LeaseLost
            }
            cause => cause,
        };
        TargetError {
            target: self.name.clone(),
            action: action.to_owned(),
            cause,
        }
    }
}
