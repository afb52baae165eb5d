//! HTTP requests to the services of the stack.

use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::Value;

/// Returns true if a URL answers with success within a second.
pub fn get_ok(url: &str) -> bool {
    agent(Duration::from_secs(1)).get(url).call().is_ok()
}

/// Requests a JSON document, with 10 s for the answer.
///
/// # Errors
/// Returns an error if the status is not a success, or the answer is not JSON.
pub fn get_json(url: &str) -> Result<Value> {
    json(url, agent(Duration::from_secs(10)).get(url).call())
}

/// Requests a JSON document and accepts any HTTP status. `timeout` is the longest wait.
///
/// # Errors
/// Returns an error if there is no answer in time, or the answer is not JSON.
pub fn get_json_within(url: &str, timeout: Duration) -> Result<Value> {
    let request = agent(timeout)
        .get(url)
        .config()
        .http_status_as_error(false)
        .build();
    json(url, request.call())
}

/// Posts a JSON document and returns the JSON answer.
///
/// # Errors
/// Returns an error if the status is not a success, or the answer is not JSON.
pub fn post_json(url: &str, body: &Value) -> Result<Value> {
    json(url, agent(Duration::from_secs(60)).post(url).send_json(body))
}

fn json(url: &str, reply: Result<ureq::http::Response<ureq::Body>, ureq::Error>) -> Result<Value> {
    reply
        .with_context(|| format!("no answer from {url}"))?
        .body_mut()
        .read_json()
        .with_context(|| format!("the reply of {url} is not JSON"))
}

fn agent(timeout: Duration) -> ureq::Agent {
    ureq::Agent::config_builder()
        .timeout_global(Some(timeout))
        .build()
        .into()
}
