//! The Worker and its containers.

use std::collections::{BTreeMap, BTreeSet};

use reqwest::Method;

use super::Cloudflare;
use crate::config::KEY_NAMES;
use crate::error::Result;
use crate::existing::Deployed;
use crate::system::DEPLOYMENT;

const SCRIPTS: &str = "Workers Scripts: Edit";

const CONTAINERS: &str = "Containers: Edit";

impl Cloudflare {
    /// Returns the Worker: its deployment and the names of its secrets.
    /// <https://developers.cloudflare.com/api/resources/workers/subresources/scripts/subresources/script_and_version_settings/methods/get/>
    ///
    /// # Errors
    /// As every call of an API.
    pub async fn worker(&self) -> Result<Option<Deployed>> {
        let path = format!("/workers/scripts/{}/settings", self.worker);
        let found = self.read(&path, "reading the Worker", SCRIPTS).await?;
        Ok(found.map(|found| {
            let bindings = found["bindings"].as_array().map_or(&[][..], Vec::as_slice);
            let named = |kind: &'static str| bindings.iter().filter(move |one| one["type"] == kind);
            let variable = |name: &str| {
                let found = named("plain_text").find(|one| one["name"] == name);
                found.and_then(|one| one["text"].as_str().map(str::to_owned))
            };
            let secrets = named("secret_text").filter_map(|one| one["name"].as_str().map(str::to_owned));
            Deployed {
                deployment: variable(DEPLOYMENT),
                key_names: variable(KEY_NAMES).unwrap_or_default(),
                secrets: secrets.collect::<BTreeSet<_>>(),
                ..Deployed::default()
            }
        }))
    }

    /// Deletes the Worker with its Durable Objects.
    /// <https://developers.cloudflare.com/api/resources/workers/subresources/scripts/methods/delete/>
    ///
    /// # Errors
    /// As every call of an API.
    pub async fn delete_worker(&self) -> Result<()> {
        let path = format!("/workers/scripts/{}?force=true", self.worker);
        self.write(Method::DELETE, &path, None, "deleting the Worker", SCRIPTS)
            .await?;
        Ok(())
    }

    /// Returns the subdomain of the account on workers.dev.
    /// <https://developers.cloudflare.com/api/resources/workers/subresources/subdomains/methods/get/>
    ///
    /// # Errors
    /// As every call of an API.
    pub async fn subdomain(&self) -> Result<Option<String>> {
        let found = self
            .read(
                "/workers/subdomain",
                "reading the subdomain of workers.dev",
                SCRIPTS,
            )
            .await?;
        Ok(found.and_then(|found| found["subdomain"].as_str().map(str::to_owned)))
    }

    /// Returns the ids of the account's containers by name. The API reference does not have this call: wrangler makes it, for
    /// `wrangler containers list`.
    ///
    /// # Errors
    /// As every call of an API.
    pub async fn containers(&self) -> Result<BTreeMap<String, String>> {
        let path = "/containers/applications";
        let found = self
            .read(path, "listing the containers", CONTAINERS)
            .await?
            .unwrap_or_default();
        let listed = found.as_array().into_iter().flatten();
        Ok(listed
            .filter_map(|one| Some((one["name"].as_str()?.to_owned(), one["id"].as_str()?.to_owned())))
            .collect())
    }

    /// Deletes a container, which outlives its Worker.
    ///
    /// # Errors
    /// As every call of an API.
    pub async fn delete_container(&self, id: &str, doing: &str) -> Result<()> {
        let path = format!("/containers/applications/{id}");
        self.write(Method::DELETE, &path, None, doing, CONTAINERS).await?;
        Ok(())
    }
}
