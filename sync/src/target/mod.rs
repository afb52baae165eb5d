//! A ClickHouse: statements, rows and inserts, by the `clickhouse` crate.
//!
//! Under a lease ([`Target::fenced`]) each statement that writes looks first whether the lease is still there, or does so itself where
//! it is an `INSERT … SELECT`. Its id begins with the lease's number, so that a successor can end it.

mod books;
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

pub use books::{Books, CoverageKey};
pub use fence::Fence;
pub use migrate::{MIGRATIONS, Migration};
pub use tables::{Column, Tables};

use crate::error::{Error, Result, TargetCause, TargetError};

/// How long statements on sync's own tables may take.
const SHORT: Duration = Duration::from_secs(30);
/// How long statements may take that move rows.
const LONG: Duration = Duration::from_secs(3600);
/// Bytes of a data file that travel at once.
const CHUNK: usize = 1 << 20;

/// Settings of one statement.
pub type Settings = Vec<(&'static str, String)>;

/// Where a ClickHouse is, and as whom to ask it.
#[derive(Clone)]
pub struct Target {
    name: String,
    client: Client,
    /// The lease that statements are sent under.
    fence: Option<Arc<Fence>>,
}

impl std::fmt::Debug for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Target").field(&self.name).finish()
    }
}

impl Target {
    /// The ClickHouse at that address.
    pub fn new(url: &Url, user: &str, password: &str) -> Self {
        let client = Client::default()
            .with_url(url.as_str())
            .with_user(user)
            .with_password(password)
            // Data files are compressed, everything else is small.
            .with_compression(clickhouse::Compression::None)
            // A failure has a status of its own, also after the first rows.
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

    /// The same ClickHouse, for statements under a lease.
    #[must_use]
    pub fn fenced(&self, fence: Arc<Fence>) -> Self {
        Self {
            fence: Some(fence),
            ..self.clone()
        }
    }

    /// Its address, for people.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Runs a statement, if the lease is still there.
    pub async fn execute(&self, doing: &str, sql: &str) -> Result<(), TargetError> {
        self.check(doing).await?;
        self.scratch(doing, sql).await
    }

    /// Runs a statement that needs no lease: it is about tables that nobody else uses.
    pub async fn scratch(&self, doing: &str, sql: &str) -> Result<(), TargetError> {
        self.within(SHORT, doing, self.query(sql).execute()).await
    }

    /// Runs an `INSERT … SELECT` without a condition, if the lease is still there.
    pub async fn insert_select(
        &self,
        doing: &str,
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
        self.within(LONG, doing, query.execute()).await
    }

    /// Puts a partition of a table in the place of another table's, also when there is nothing in it. Nothing changes when the table
    /// that it comes from is gone.
    pub async fn replace_partition(
        &self,
        doing: &str,
        table: &str,
        id: &str,
        from: &str,
    ) -> Result<(), TargetError> {
        // 26.7 demands this setting for an empty partition, and earlier versions don't have it.
        const EMPTY_TOO: &str = "allow_replace_partition_from_empty_source";
        const UNKNOWN_SETTING: u32 = 115;
        self.check(doing).await?;
        let sql = format!("ALTER TABLE otel.{table} REPLACE PARTITION ID '{id}' FROM otel.{from}");
        let query = self.query(&sql).with_setting(EMPTY_TOO, "1");
        match self.within(SHORT, doing, query.execute()).await {
            Err(error) if error.exception().is_some_and(|e| e.code == UNKNOWN_SETTING) => {
                self.execute(doing, &sql).await
            }
            done => done,
        }
    }

    /// Looks whether the lease is still there.
    async fn check(&self, doing: &str) -> Result<(), TargetError> {
        let Some(fence) = &self.fence else { return Ok(()) };
        let look = self.client.query_raw(fence.look()).fetch_one::<u64>();
        match self.within(SHORT, doing, look).await? {
            0 => Err(self.error(doing, TargetCause::LeaseLost)),
            _ => Ok(()),
        }
    }

    /// A statement with the id that its lease gives it.
    fn query(&self, sql: &str) -> Query {
        let query = self.client.query_raw(sql);
        match &self.fence {
            Some(fence) => query.with_setting("query_id", fence.next_id()),
            None => query,
        }
    }

    /// The rows of a statement.
    pub async fn rows<T: RowOwned + RowRead>(&self, doing: &str, sql: &str) -> Result<Vec<T>, TargetError> {
        self.within(SHORT, doing, self.client.query_raw(sql).fetch_all())
            .await
    }

    /// The one row of a statement that may read a lot.
    pub async fn one<T: RowOwned + RowRead>(&self, doing: &str, sql: &str) -> Result<T, TargetError> {
        self.within(LONG, doing, self.client.query_raw(sql).fetch_one())
            .await
    }

    /// Inserts rows as one block, if the lease is still there: all of them or none.
    pub async fn insert<T>(&self, table: &str, rows: &[T]) -> Result<(), TargetError>
    where
        T: RowOwned + RowWrite,
    {
        let doing = format!("write otel.{table}");
        self.check(&doing).await?;
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
        self.within(SHORT, &doing, insert).await
    }

    /// Sends a file of this machine as the body of an `INSERT … FORMAT …`, if the lease is still there at its beginning and its end.
    pub async fn send_file(
        &self,
        doing: &str,
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
        self.check(doing).await?;
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
            self.within(LONG, doing, insert.send(Bytes::from(chunk))).await?;
        }
        // What had begun when another took the lease over is ended by that one, and this finds what had not.
        self.check(doing).await?;
        Ok(self.within(LONG, doing, insert.end()).await?)
    }

    async fn within<T>(
        &self,
        limit: Duration,
        doing: &str,
        answer: impl Future<Output = Result<T, clickhouse::error::Error>>,
    ) -> Result<T, TargetError> {
        let answer = tokio::time::timeout(limit, answer).await;
        let cause = match answer {
            Ok(Ok(value)) => return Ok(value),
            Ok(Err(error)) => error.into(),
            Err(_) => TargetCause::Deadline(limit),
        };
        Err(self.error(doing, cause))
    }

    fn error(&self, doing: &str, cause: TargetCause) -> TargetError {
        let cause = match cause {
            TargetCause::Exception(exception) if exception.message.contains(fence::LOST) => {
                TargetCause::LeaseLost
            }
            cause => cause,
        };
        TargetError {
            target: self.name.clone(),
            doing: doing.to_owned(),
            cause,
        }
    }
}

/// A text as a literal of ClickHouse's SQL.
pub fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"))
}

/// A name as a quoted identifier.
pub fn identifier(name: &str) -> String {
    format!("`{}`", name.replace('\\', "\\\\").replace('`', "\\`"))
}
