//! A ClickHouse: statements, rows and inserts, by the `clickhouse` crate.

mod books;
mod migrate;
mod tables;

use std::fs::File;
use std::future::Future;
use std::time::Duration;

use bytes::Bytes;
use clickhouse::{Client, RowOwned, RowRead, RowWrite};
use tokio::io::AsyncReadExt;
use url::Url;

pub use books::{Books, CoverageKey};
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
        Self { name, client }
    }

    /// Its address, for people.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Runs a statement.
    pub async fn execute(&self, doing: &str, sql: &str) -> Result<(), TargetError> {
        self.within(SHORT, doing, self.client.query_raw(sql).execute())
            .await
    }

    /// Runs a statement that moves rows.
    pub async fn move_rows(&self, doing: &str, sql: &str, settings: &Settings) -> Result<(), TargetError> {
        let query = settings
            .iter()
            .fold(self.client.query_raw(sql), |query, (name, value)| {
                query.with_setting(*name, value)
            });
        self.within(LONG, doing, query.execute()).await
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

    /// Inserts rows as one block: all of them or none.
    pub async fn insert<T>(&self, table: &str, rows: &[T]) -> Result<(), TargetError>
    where
        T: RowOwned + RowWrite,
    {
        let insert = async {
            let mut insert = self
                .client
                .insert_unescaped::<T>(&format!("otel.{table}"))
                .await?;
            for row in rows {
                insert.write(row).await?;
            }
            insert.end().await
        };
        self.within(SHORT, &format!("write otel.{table}"), insert).await
    }

    /// Sends a file of this machine as the body of an `INSERT … FORMAT …`.
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
        let mut insert = settings
            .iter()
            .fold(self.client.insert_formatted_with(sql), |insert, (name, value)| {
                insert.with_setting(*name, value)
            });
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
        Err(TargetError {
            target: self.name.clone(),
            doing: doing.to_owned(),
            cause,
        })
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
