//! Calls of the APIs over HTTP.

mod cloudflare;
mod fly;

use std::time::Duration;

use reqwest::{Method, Response};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;

pub use self::cloudflare::Cloudflare;
pub use self::fly::Fly;
use crate::error::{Error, Result};

/// The time limit of one call.
const TIMEOUT: Duration = Duration::from_secs(60);

/// The number of attempts of a call that is refused for its rate, or of a read that fails.
const ATTEMPTS: u32 = 4;

/// The longest wait before the next attempt.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// The largest answer that is read, in bytes.
const ANSWER_BYTES: usize = 4 << 20;

/// The longest part of an answer in a message, in characters.
const SHOWN: usize = 300;

/// A client of one API.
#[derive(Clone, Debug)]
struct Http {
    client: reqwest::Client,
    service: &'static str,
    base: String,
    token_variable: &'static str,
    token: SecretString,
}

/// A call.
struct Request<'a> {
    method: Method,
    path: String,
    body: Option<&'a Value>,
    /// The purpose, for messages.
    doing: &'a str,
    /// The permission that the token needs.
    permission: &'static str,
}

impl<'a> Request<'a> {
    fn get(path: String, doing: &'a str, permission: &'static str) -> Self {
        Self {
            method: Method::GET,
            path,
            body: None,
            doing,
            permission,
        }
    }

    fn with(
        method: Method,
        path: String,
        body: Option<&'a Value>,
        doing: &'a str,
        permission: &'static str,
    ) -> Self {
        Self {
            method,
            path,
            body,
            doing,
            permission,
        }
    }
}

impl Http {
    fn new(
        service: &'static str,
        base: &str,
        token_variable: &'static str,
        token: SecretString,
    ) -> Result<Self> {
        let client = reqwest::Client::builder().timeout(TIMEOUT).build();
        let client = client.map_err(|cause| Error::Program {
            doing: "starting".to_owned(),
            problem: format!("no HTTP client: {cause}"),
        })?;
        Ok(Self {
            client,
            service,
            base: base.trim_end_matches('/').to_owned(),
            token_variable,
            token,
        })
    }

    /// Sends a call. Returns `None` if what is read or deleted does not exist.
    ///
    /// A call that was refused for its rate did nothing and is repeated. Only reads are repeated after a failure of the API: a
    /// resource may have been made all the same, which the next run sees.
    async fn send(&self, request: &Request<'_>) -> Result<Option<Value>> {
        let mut attempt = 1;
        loop {
            let mut call = self
                .client
                .request(request.method.clone(), format!("{}{}", self.base, request.path))
                .bearer_auth(self.token.expose_secret());
            if let Some(body) = request.body {
                call = call.json(body);
            }
            let reads = request.method == Method::GET;
            let (failure, wait) = match call.send().await {
                Ok(response) => {
                    let status = response.status().as_u16();
                    let wait = wait(&response, attempt);
                    let answer = read(response).await;
                    if (200..300).contains(&status) {
                        return Ok(Some(answer));
                    }
                    if status == 404 && [Method::GET, Method::DELETE].contains(&request.method) {
                        return Ok(None);
                    }
                    let repeats = status == 429 || (status >= 500 && reads);
                    (self.refused(request, status, &answer), repeats.then_some(wait))
                }
                Err(cause) => {
                    let failure = self.unreachable(request, &cause);
                    (failure, reads.then(|| Duration::from_secs(1 << (attempt - 1))))
                }
            };
            match wait {
                Some(wait) if attempt < ATTEMPTS => {
                    tokio::time::sleep(wait).await;
                    attempt += 1;
                }
                _ => return Err(failure),
            }
        }
    }

    fn refused(&self, request: &Request<'_>, status: u16, answer: &Value) -> Error {
        let advice = match status {
            401 => format!("{} is no valid token, or has expired", self.token_variable),
            403 => format!(
                "give the token in {} the permission {}",
                self.token_variable, request.permission
            ),
            409 | 422 => {
                "the name is taken, or the resource is in use: delete what is there, or choose another name"
                    .to_owned()
            }
            429 => "too many calls: wait some minutes, then run the same command again".to_owned(),
            500.. => format!(
                "{} failed: run the same command again, what was made stays",
                self.service
            ),
            _ => "check the value that the message names".to_owned(),
        };
        Error::Api {
            doing: request.doing.to_owned(),
            problem: format!("{} answered {status}: {}", self.service, reason(answer)),
            status: Some(status),
            advice,
        }
    }

    fn unreachable(&self, request: &Request<'_>, cause: &reqwest::Error) -> Error {
        let mut reason = String::new();
        let mut next: Option<&dyn std::error::Error> = Some(cause);
        while let Some(cause) = next {
            reason = cause.to_string();
            next = cause.source();
        }
        Error::Api {
            doing: request.doing.to_owned(),
            problem: format!("{} was not reached: {reason}", self.service),
            status: None,
            advice: "check the network, then run the same command again".to_owned(),
        }
    }
}

/// Returns the time that the API asks to wait, or a doubled one.
fn wait(response: &Response, attempt: u32) -> Duration {
    let asked = response
        .headers()
        .get("retry-after")
        .and_then(|value| value.to_str().ok()?.parse().ok());
    let seconds = asked.unwrap_or(1 << (attempt - 1));
    Duration::from_secs(seconds).min(LONGEST_WAIT)
}

/// Reads an answer. One that is no JSON is its text.
async fn read(mut response: Response) -> Value {
    let mut bytes = Vec::new();
    while let Ok(Some(chunk)) = response.chunk().await {
        bytes.extend_from_slice(&chunk);
        if bytes.len() > ANSWER_BYTES {
            return Value::from("the answer is too large");
        }
    }
    serde_json::from_slice(&bytes).unwrap_or_else(|_| String::from_utf8_lossy(&bytes).into())
}

/// Returns the reason in an answer: Cloudflare's codes and messages, or Fly.io's `error`.
fn reason(answer: &Value) -> String {
    let errors = answer["errors"].as_array().map_or(&[][..], Vec::as_slice);
    let of_cloudflare: Vec<String> = errors
        .iter()
        .map(|error| {
            let message = error["message"].as_str().unwrap_or_default();
            format!("{message} (code {})", error["code"])
        })
        .collect();
    let reason = match (of_cloudflare.is_empty(), &answer["error"]) {
        (false, _) => of_cloudflare.join("; "),
        (true, Value::String(error)) => error.clone(),
        (true, _) => match answer {
            Value::String(text) => text.clone(),
            Value::Null => "no reason".to_owned(),
            other => other.to_string(),
        },
    };
    reason.chars().take(SHOWN).collect()
}
