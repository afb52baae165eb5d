use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use lakefront_api::QueryReply;
use reqwest::{Method, RequestBuilder, StatusCode, header};
use serde_json::Value;
use tokio::time::Instant;

use crate::Process;
use crate::process::free_address;

/// The Worker on workerd, from the bundle that `cargo xtask bundle` made, on a free port.
#[derive(Debug)]
pub struct Worker {
    url: String,
    client: reqwest::Client,
    process: Process,
}

impl Worker {
    /// Starts it with these variables and waits until it answers, be it with a refusal.
    ///
    /// # Errors
    /// When there is no bundle or no workerd, or it does not come up; with its output.
    pub async fn start(variables: &[(&str, &str)]) -> Result<Self> {
        let address = free_address()?;
        let mut command = Command::new(folder("LAKEFRONT_NODE_MODULES")?.join("workerd/bin/workerd"));
        command
            .current_dir(folder("LAKEFRONT_BUNDLE")?)
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
        // Not /health: that would ask the engine, and what a test's engine is asked first is the test's to say.
        worker
            .process
            .answers(&format!("{}/queries", worker.url), |_| true)
            .await?;
        Ok(worker)
    }

    /// `http://127.0.0.1:port`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// A request to a path.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client.request(method, format!("{}{path}", self.url))
    }

    /// Asks a named query.
    ///
    /// # Errors
    /// When it is refused; with the problem.
    pub async fn query(&self, body: &Value) -> Result<QueryReply> {
        let (status, value) = self.post("/query", body).await?;
        ensure!(status.is_success(), "{status}: {value}");
        Ok(serde_json::from_value(value)?)
    }

    /// Posts JSON and reads the JSON reply, whatever its status.
    ///
    /// # Errors
    /// When there is no reply, or it is not JSON.
    pub async fn post(&self, path: &str, body: &Value) -> Result<(StatusCode, Value)> {
        let (status, text) = self.send(path, body).await?;
        let value = serde_json::from_str(&text).with_context(|| format!("{path}: {status}: {text}"))?;
        Ok((status, value))
    }

    /// Posts JSON and gives the reply as it came, whatever its status.
    ///
    /// # Errors
    /// When there is no reply, or it breaks off.
    pub async fn send(&self, path: &str, body: &Value) -> Result<(StatusCode, String)> {
        let request = self
            .request(Method::POST, path)
            .header(header::CONTENT_TYPE, "application/json");
        let reply = request.body(body.to_string()).send().await?;
        Ok((reply.status(), reply.text().await?))
    }

    /// Asks again and again until the reply has this status.
    ///
    /// # Errors
    /// When a minute passes; with the last reply.
    pub async fn post_until(&self, path: &str, body: &Value, wanted: StatusCode) -> Result<Value> {
        self.until(path, body, |status, _| status == wanted).await
    }

    /// Asks again and again until a query is answered in the way that is wanted.
    ///
    /// # Errors
    /// When a minute passes; with the last reply. What the Worker knows of an engine is up to half a minute old.
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

    async fn until(
        &self,
        path: &str,
        body: &Value,
        wanted: impl Fn(StatusCode, &Value) -> bool,
    ) -> Result<Value> {
        let deadline = Instant::now() + Duration::from_secs(60);
        loop {
            let (status, value) = self.post(path, body).await?;
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
}

fn folder(variable: &str) -> Result<PathBuf> {
    let folder = std::env::var_os(variable)
        .with_context(|| format!("{variable} is not set: run `cargo xtask test`"))?;
    Ok(folder.into())
}
