use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::Value;

/// Whether a URL answers 200 within a second.
pub fn get_ok(url: &str) -> bool {
    agent(Duration::from_secs(1)).get(url).call().is_ok()
}

/// Gets a JSON document.
pub fn get_json(url: &str) -> Result<Value> {
    get_json_within(url, Duration::from_secs(10))
}

/// Gets a JSON document, whatever the status, or fails after a time.
pub fn get_json_within(url: &str, timeout: Duration) -> Result<Value> {
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .timeout_global(Some(timeout))
        .http_status_as_error(false)
        .build()
        .into();
    let mut reply = agent.get(url).call().with_context(|| format!("GET {url}"))?;
    reply
        .body_mut()
        .read_json()
        .with_context(|| format!("the reply of {url} is not JSON"))
}

/// Posts JSON and reads the JSON reply.
pub fn post_json(url: &str, body: &Value) -> Result<Value> {
    let mut reply = agent(Duration::from_secs(60))
        .post(url)
        .send_json(body)
        .with_context(|| format!("POST {url}"))?;
    reply
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
