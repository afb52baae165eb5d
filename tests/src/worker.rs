//! The router's Worker on workerd.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use lakefront_api::QueryReply;
use reqwest::{Method, RequestBuilder, StatusCode, header};
use serde_json::Value;
use tokio::time::Instant;

use crate::Process;
use crate::process::free_address;

/// A running Worker on workerd, from the bundle of `cargo xtask bundle`, on a free port.
#[derive(Debug)]
pub struct Worker {
    url: String,
    client: reqwest::Client,
    process: Process,
}

impl Worker {
    /// Starts the Worker with these variables and waits until it answers, with any status.
    ///
    /// # Errors
    /// Returns an error if the bundle or workerd is missing, or the Worker does not become ready, with its output.
    pub async fn start(variables: &[(&str, &str)]) -> Result<Self> {
        Self::start_in(&Self::bundle()?, variables).await
    }

    /// Returns the folder of the bundle, with the configuration `workerd.capnp`.
    ///
    /// # Errors
    /// Returns an error if the folder is not known.
    pub fn bundle() -> Result<PathBuf> {
        folder("LAKEFRONT_BUNDLE")
    }

    /// Starts a Worker like [`Self::start`], by the configuration in another folder.
    ///
    /// # Errors
    /// The same as of [`Self::start`].
    pub async fn start_in(bundle: &Path, variables: &[(&str, &str)]) -> Result<Self> {
        let address = free_address()?;
        let mut command = Command::new(folder("LAKEFRONT_NODE_MODULES")?.join("workerd/bin/workerd"));
        command
            .current_dir(bundle)
            .args([
                "serve",
                "--experimental",
                "workerd.capnp",
                "--socket-addr",
                &format!("http={address}"),
            ])
            .envs(variables.iter().copied());
        let mut worker = Self {
            url: format!("http://{address}"),
            client: reqwest::Client::new(),
            process: Process::run("workerd", command)?,
        };
        // Not /health, which would query the engine. A test must control the first request to its engine.
        worker
            .process
            .answers(&format!("{}/queries", worker.url), |_| true)
            .await?;
        Ok(worker)
    }

    /// Returns the address: `http://127.0.0.1:port`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Returns the last lines of workerd's output.
    pub fn output(&self) -> String {
        self.process.output()
    }

    /// Returns the process id of workerd.
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// Returns a request to a path of the Worker.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.url))
    }

    /// Sends a named query and returns its reply.
    ///
    /// # Errors
    /// Returns the problem if the status of the reply is no success.
    pub async fn query(&self, body: &Value) -> Result<QueryReply> {
        let (status, value) = self.post("/query", body).await?;
        ensure!(status.is_success(), "{status}: {value}");
        Ok(serde_json::from_value(value)?)
    }

    /// Posts a JSON document and returns the JSON reply with its status.
    ///
    /// # Errors
    /// Returns an error if there is no reply, or the reply is not JSON.
    pub async fn post(&self, path: &str, body: &Value) -> Result<(StatusCode, Value)> {
        let (status, text) = self.send(path, body).await?;
        let value = serde_json::from_str(&text).with_context(|| format!("{path}: {status}: {text}"))?;
        Ok((status, value))
    }

    /// Posts a JSON document and returns the text of the reply with its status. The router takes no kept answer.
    ///
    /// # Errors
    /// Returns an error if there is no complete reply.
    pub async fn send(&self, path: &str, body: &Value) -> Result<(StatusCode, String)> {
        let request = self
            .request(Method::POST, path)
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::CACHE_CONTROL, "no-cache");
        let reply = request.body(body.to_string()).send().await?;
        Ok((reply.status(), reply.text().await?))
    }

    /// Repeats a request until the reply has the status `wanted`.
    ///
    /// # Errors
    /// Returns an error with the last reply after 60 s.
    pub async fn post_until(&self, path: &str, body: &Value, wanted: StatusCode) -> Result<Value> {
        self.until(path, body, |status, _| status == wanted).await
    }

    /// Repeats a query until `wanted` returns true for its reply.
    ///
    /// # Errors
    /// Returns an error with the last reply after 60 s. The Worker caches the status of an engine for up to 30 s.
    pub async fn query_until(
        &self,
        body: &Value,
        wanted: impl Fn(&QueryReply) -> bool,
    ) -> Result<QueryReply> {
        let reply = |value: &Value| serde_json::from_value::<QueryReply>(value.clone());
        let value = self
            .until("/query", body, |_, value| {
                reply(value).is_ok_and(|reply| wanted(&reply))
            })
            .await?;
        Ok(reply(&value)?)
    }

    /// Gets a JSON document again and again until `wanted` returns true for it.
    ///
    /// # Errors
    /// Returns an error with the last document after 60 s.
    pub async fn get_until(&self, path: &str, wanted: impl Fn(&Value) -> bool) -> Result<Value> {
        let get = async || {
            let reply = self.request(Method::GET, path).send().await?;
            Ok((reply.status(), reply.json().await?))
        };
        until(path, get, |_, value| wanted(value)).await
    }

    async fn until(
        &self,
        path: &str,
        body: &Value,
        wanted: impl Fn(StatusCode, &Value) -> bool,
    ) -> Result<Value> {
        until(path, async || self.post(path, body).await, wanted).await
    }
}

/// Repeats a request until `wanted` returns true for the reply.
async fn until(
    path: &str,
    ask: impl AsyncFn() -> Result<(StatusCode, Value)>,
    wanted: impl Fn(StatusCode, &Value) -> bool,
) -> Result<Value> {
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        let (status, value) = ask().await?;
        if wanted(status, &value) {
            return Ok(value);
        }
        ensure!(
            Instant::now() < deadline,
            "{path} is not as wanted after a minute: {status}: {value}"
        );
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

fn folder(variable: &str) -> Result<PathBuf> {
    let folder = std::env::var_os(variable)
        .with_context(|| format!("{variable} is not set: run `cargo xtask test`"))?;
    Ok(folder.into())
}
