//! Streams, sinks and pipelines.

use std::collections::BTreeMap;

use lakefront_landing::{Call, Kind};
use reqwest::Method;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;

use super::Cloudflare;
use crate::config::Config;
use crate::error::Result;
use crate::existing::Landed;

const PIPELINES: &str = "Pipelines: Edit";

/// The most resources of a kind that are listed. An account has at most 20 of each kind of Pipelines.
const LISTED: usize = 100;

impl Cloudflare {
    /// Returns the streams, sinks or pipelines of the account, by name.
    /// <https://developers.cloudflare.com/api/resources/pipelines/subresources/streams/methods/list/>
    ///
    /// # Errors
    /// As every call of an API.
    pub async fn landing(&self, kind: Kind) -> Result<BTreeMap<(Kind, String), Landed>> {
        let path = format!("/pipelines/v1/{}?per_page={LISTED}", kind.list());
        let doing = format!("listing the {}", kind.list());
        let found = self.read(&path, &doing, PIPELINES).await?.unwrap_or_default();
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let listed = found.as_array().into_iter().flatten().take(LISTED);
        Ok(listed
            .filter_map(|one| {
                let landed = Landed {
                    id: text(&one["id"])?,
                    endpoint: text(&one["endpoint"]),
                    sql: text(&one["sql"]),
                };
                Some(((kind, text(&one["name"])?), landed))
            })
            .collect())
    }

    /// Makes a stream, sink or pipeline. Returns the address of a stream.
    /// <https://developers.cloudflare.com/api/resources/pipelines/subresources/streams/methods/create/>
    ///
    /// # Errors
    /// As every call of an API.
    pub async fn make_landing(
        &self,
        call: &Call,
        config: &Config,
        catalog_token: Option<&SecretString>,
    ) -> Result<Option<String>> {
        let token = catalog_token
            .map(|token| token.expose_secret())
            .unwrap_or_default();
        let doing = format!("making {}", call.name());
        let call = call.clone().filled(&config.account, &config.bucket.name, token);
        let path = call.path.strip_prefix(&self.account).unwrap_or(&call.path);
        let made = self
            .write(Method::POST, path, Some(&call.body), &doing, PIPELINES)
            .await?;
        Ok(made.and_then(|made| made["endpoint"].as_str().map(str::to_owned)))
    }

    /// Deletes a stream, sink or pipeline.
    ///
    /// # Errors
    /// As every call of an API.
    pub async fn delete_landing(&self, kind: Kind, id: &str, doing: &str) -> Result<()> {
        let path = format!("/pipelines/v1/{}/{id}", kind.list());
        self.write(Method::DELETE, &path, None, doing, PIPELINES).await?;
        Ok(())
    }
}
