//! Cloudflare's API. <https://developers.cloudflare.com/api/>

mod pipelines;
mod r2;
mod workers;

use std::collections::BTreeSet;

use reqwest::Method;
use secrecy::SecretString;
use serde_json::Value;

use super::{Http, Request};
use crate::config::Config;
use crate::error::{Error, Result};

const ACCESS: &str = "Access: Apps and Policies: Read";

/// Returns the result in an answer. An answer without content has none.
fn result(answer: Value) -> Value {
    match answer {
        Value::Object(mut answer) => answer.remove("result").unwrap_or_default(),
        _ => Value::Null,
    }
}

/// A client of Cloudflare's API, for one account.
#[derive(Clone, Debug)]
pub struct Cloudflare {
    http: Http,
    account: String,
    bucket: String,
    worker: String,
}

impl Cloudflare {
    /// The address of the API.
    pub const ADDRESS: &'static str = "https://api.cloudflare.com/client/v4";

    /// The environment variable with the token.
    pub const TOKEN: &'static str = "CLOUDFLARE_API_TOKEN";

    /// Creates a client.
    ///
    /// # Errors
    /// Returns an error if there is no TLS.
    pub fn new(address: &str, config: &Config, token: SecretString) -> Result<Self> {
        Ok(Self {
            http: Http::new("Cloudflare", address, Self::TOKEN, token)?,
            account: format!("/accounts/{}", config.account),
            bucket: config.bucket.name.clone(),
            worker: config.name.clone(),
        })
    }

    async fn read(&self, path: &str, doing: &str, permission: &'static str) -> Result<Option<Value>> {
        let path = format!("{}{path}", self.account);
        let answer = self.http.send(&Request::get(path, doing, permission)).await?;
        Ok(answer.map(result))
    }

    async fn write(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
        doing: &str,
        permission: &'static str,
    ) -> Result<Option<Value>> {
        let path = format!("{}{path}", self.account);
        let answer = self
            .http
            .send(&Request::with(method, path, body, doing, permission))
            .await?;
        Ok(answer.map(result))
    }

    /// Returns the state of the token. <https://developers.cloudflare.com/api/resources/accounts/subresources/tokens/methods/verify/>
    ///
    /// # Errors
    /// Returns an error if the token is not valid.
    pub async fn token(&self) -> Result<String> {
        let doing = "verifying the token";
        // A token of the account first, then one of a user.
        let of_account = self.read("/tokens/verify", doing, "any").await;
        let verified = match of_account {
            Ok(Some(verified)) => verified,
            Err(
                error @ Error::Api {
                    status: None | Some(429 | 500..),
                    ..
                },
            ) => return Err(error),
            _ => {
                let request = Request::get("/user/tokens/verify".to_owned(), doing, "any");
                let answer = self.http.send(&request).await?;
                answer.map(result).unwrap_or_default()
            }
        };
        let expires = verified["expires_on"]
            .as_str()
            .map(|day| format!(", expires on {day}"));
        let status = verified["status"].as_str().unwrap_or("of unknown state");
        Ok(format!("{status}{}", expires.unwrap_or_default()))
    }

    /// Returns the host names that applications of Cloudflare Access protect.
    /// <https://developers.cloudflare.com/api/resources/zero_trust/subresources/access/subresources/applications/methods/list/>
    ///
    /// # Errors
    /// As every call of an API.
    pub async fn protected_hosts(&self) -> Result<BTreeSet<String>> {
        let found = self
            .read(
                "/access/apps?per_page=100",
                "listing the applications of Cloudflare Access",
                ACCESS,
            )
            .await?;
        let found = found.unwrap_or_default();
        let mut hosts = BTreeSet::new();
        for app in found.as_array().into_iter().flatten() {
            let domains = app["self_hosted_domains"].as_array().into_iter().flatten();
            // An application for one path protects no host.
            let whole = domains
                .chain([&app["domain"]])
                .filter_map(Value::as_str)
                .filter(|domain| !domain.contains('/'));
            hosts.extend(whole.map(str::to_owned));
        }
        Ok(hosts)
    }
}
