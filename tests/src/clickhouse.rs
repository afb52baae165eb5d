//! A ClickHouse server for tests: embedded, or the server that `CLICKHOUSE_URL` names.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use lakefront_clickhouse_http::{Answer, Credentials, Endpoint, Statement};
use nix::sys::signal::Signal;
use tempfile::TempDir;

use crate::process::{command, free_address};
use crate::{LakeAt, Process};

/// A ClickHouse with the users of `clickhouse/access.toml`. `CLICKHOUSE_URL` names a server, with the user
/// `CLICKHOUSE_USER` and the password `CLICKHOUSE_PASSWORD`. Without that variable, the ClickHouse is an embedded one
/// over a folder.
#[derive(Debug)]
pub struct ClickHouse {
    endpoint: Endpoint,
    client: reqwest::Client,
    embedded: Option<Embedded>,
}

#[derive(Debug)]
struct Embedded {
    process: Option<Process>,
    address: String,
    data: PathBuf,
    lake: Option<LakeAt>,
    passwords: bool,
    temporary: TempDir,
}

/// The password of the users of an embedded ClickHouse that has passwords.
const PASSWORD: &str = "a password of the tests";

impl ClickHouse {
    /// Starts an embedded ClickHouse on a free port, or connects to the server of `CLICKHOUSE_URL`. An embedded one can
    /// read the files of `lake`.
    ///
    /// # Errors
    /// Returns an error if the program does not become ready, with its output.
    pub async fn start(data: &Path, lake: Option<&LakeAt>) -> Result<Self> {
        match std::env::var("CLICKHOUSE_URL") {
            Ok(url) => Self::server(&url),
            Err(_) => Self::embedded(data, lake).await,
        }
    }

    /// Starts an embedded ClickHouse on a free port and ignores `CLICKHOUSE_URL`. Tests that kill the server use this
    /// function.
    ///
    /// # Errors
    /// Returns an error if the program does not become ready, with its output.
    pub async fn embedded(data: &Path, lake: Option<&LakeAt>) -> Result<Self> {
        Self::at_free_address(data, lake, false).await
    }

    /// Starts a ClickHouse like [`Self::start`]. The users of an embedded one have passwords.
    ///
    /// # Errors
    /// Returns an error if the program does not become ready, with its output.
    pub async fn with_passwords(data: &Path) -> Result<Self> {
        match std::env::var("CLICKHOUSE_URL") {
            Ok(url) => Self::server(&url),
            Err(_) => Self::at_free_address(data, None, true).await,
        }
    }

    async fn at_free_address(data: &Path, lake: Option<&LakeAt>, passwords: bool) -> Result<Self> {
        let address = free_address()?;
        let mut endpoint = Endpoint::new(format!("http://{address}/").parse()?);
        endpoint.credentials = Some(Credentials {
            user: "sync".into(),
            password: if passwords { PASSWORD.into() } else { String::new() },
        });
        let mut clickhouse = Self {
            endpoint,
            client: reqwest::Client::new(),
            embedded: Some(Embedded {
                process: None,
                address,
                data: data.to_owned(),
                lake: lake.cloned(),
                passwords,
                // A killed program leaves its temporary files in this folder.
                temporary: TempDir::new()?,
            }),
        };
        clickhouse.restart().await?;
        Ok(clickhouse)
    }

    fn server(url: &str) -> Result<Self> {
        let mut endpoint = Endpoint::new(url.parse().context("CLICKHOUSE_URL")?);
        endpoint.credentials = Some(Credentials {
            user: std::env::var("CLICKHOUSE_USER").unwrap_or_else(|_| "default".into()),
            password: std::env::var("CLICKHOUSE_PASSWORD").unwrap_or_default(),
        });
        Ok(Self {
            endpoint,
            client: reqwest::Client::new(),
            embedded: None,
        })
    }

    /// Returns true if the ClickHouse is an embedded one, which a test may kill.
    pub fn is_embedded(&self) -> bool {
        self.embedded.is_some()
    }

    /// Returns the process id of an embedded ClickHouse, while it runs.
    pub fn id(&self) -> Option<u32> {
        Some(self.embedded.as_ref()?.process.as_ref()?.id())
    }

    /// Kills an embedded ClickHouse with SIGKILL. A server of `CLICKHOUSE_URL` keeps running.
    pub fn kill(&mut self) {
        if let Some(embedded) = &mut self.embedded {
            embedded.process = None;
        }
    }

    /// Starts an embedded ClickHouse again at the same address over the same folder. One that runs is killed first.
    ///
    /// # Errors
    /// Returns an error if the program does not become ready, with its output.
    pub async fn restart(&mut self) -> Result<()> {
        let Some(embedded) = &mut self.embedded else {
            return Ok(());
        };
        embedded.process = None;
        let mut command = command("lakefront-chdb-container")?;
        command
            .args(["--listen", &embedded.address, "--data-dir"])
            .arg(&embedded.data)
            .env("TMPDIR", embedded.temporary.path())
            .env_remove("LAKEFRONT_LAKE");
        for variable in ["LAKEFRONT_ROUTER_PASSWORD", "LAKEFRONT_SYNC_PASSWORD"] {
            if embedded.passwords {
                command.env(variable, PASSWORD);
            } else {
                command.env_remove(variable);
            }
        }
        if let Some(lake) = &embedded.lake {
            command.envs(lake.environment());
        }
        let mut process = Process::run("lakefront-chdb-container", command)?;
        process
            .ready(&format!("http://{}/ping", embedded.address))
            .await?;
        embedded.process = Some(process);
        Ok(())
    }

    /// Returns the address without user and password: `http://127.0.0.1:port/`.
    pub fn url(&self) -> &str {
        self.endpoint.url.as_str()
    }

    /// Returns the credentials of [`Self::sql`]: a user who may write.
    pub fn credentials(&self) -> Credentials {
        self.endpoint.credentials.clone().unwrap_or_default()
    }

    /// Sends a signal to an embedded ClickHouse.
    ///
    /// # Errors
    /// Returns an error if no embedded ClickHouse runs.
    pub fn signal(&self, signal: Signal) -> Result<()> {
        let embedded = self.embedded.as_ref();
        let process = embedded.and_then(|embedded| embedded.process.as_ref());
        process.context("it does not run")?.signal(signal)
    }

    /// Runs a statement as a user who may write.
    ///
    /// # Errors
    /// Returns the engine's exception.
    pub async fn sql(&self, sql: &str) -> Result<Answer> {
        self.ask(&self.endpoint, &Statement::new(sql)).await
    }

    /// Inserts the rows of a data file into a table of `otel`.
    ///
    /// # Errors
    /// Returns the engine's exception.
    pub async fn insert_parquet(&self, table: &str, rows: Vec<u8>) -> Result<()> {
        let mut url = self.endpoint.url.clone();
        let sql = format!("INSERT INTO otel.{table} FORMAT Parquet");
        url.query_pairs_mut().append_pair("query", &sql);
        let Credentials { user, password } = self.credentials();
        let request = self.client.post(url).basic_auth(user, Some(password)).body(rows);
        let reply = request.send().await.with_context(|| self.output())?;
        let status = reply.status();
        ensure!(status.is_success(), "{sql}: {status}: {}", reply.text().await?);
        Ok(())
    }

    /// Runs a statement as the router's user. On a server of `CLICKHOUSE_URL` the user is the one of [`Self::sql`].
    ///
    /// # Errors
    /// Returns the engine's exception.
    pub async fn read(&self, statement: &Statement) -> Result<Answer> {
        let mut endpoint = self.endpoint.clone();
        if let (Some(credentials), true) = (&mut endpoint.credentials, self.is_embedded()) {
            credentials.user = "router".into();
        }
        self.ask(&endpoint, statement).await
    }

    async fn ask(&self, endpoint: &Endpoint, statement: &Statement) -> Result<Answer> {
        let (parts, body) = endpoint.request(statement)?.into_parts();
        let reply = self
            .client
            .post(parts.uri.to_string())
            .headers(parts.headers)
            .body(body)
            .send()
            .await
            .with_context(|| self.output())?;
        let (status, headers) = (reply.status(), reply.headers().clone());
        let bytes = reply.bytes().await?;
        if status.is_success() && bytes.is_empty() {
            return Ok(Answer::default());
        }
        Answer::read(statement, status, &headers, &bytes)
            .with_context(|| format!("{}\n{:?}", statement.sql, statement.params))
    }

    /// Returns the last lines of an embedded ClickHouse's output.
    pub fn output(&self) -> String {
        let process = self
            .embedded
            .as_ref()
            .and_then(|embedded| embedded.process.as_ref());
        process.map(Process::output).unwrap_or_default()
    }
}
