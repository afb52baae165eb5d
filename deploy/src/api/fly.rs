//! The Machines API of Fly.io. <https://fly.io/docs/machines/api/>

use std::collections::BTreeMap;

use reqwest::Method;
use secrecy::SecretString;
use serde_json::{Value, json};

use super::{Http, Request};
use crate::error::Result;
use crate::system::DEPLOYMENT;

const PERMISSION: &str = "for the organization: `fly tokens create org`";

/// A client of the Machines API.
#[derive(Clone, Debug)]
pub struct Fly {
    http: Http,
}

impl Fly {
    /// The address of the API.
    pub const ADDRESS: &'static str = "https://api.machines.dev";

    /// The environment variable with the token.
    pub const TOKEN: &'static str = "FLY_API_TOKEN";

    /// Creates a client.
    ///
    /// # Errors
    /// Returns an error if there is no TLS.
    pub fn new(address: &str, token: SecretString) -> Result<Self> {
        Ok(Self {
            http: Http::new("Fly.io", address, Self::TOKEN, token)?,
        })
    }

    /// Returns true if the app exists. <https://fly.io/docs/machines/api/apps-resource/#get-app-details>
    ///
    /// # Errors
    /// As every call of an API. An app of another organization is one.
    pub async fn has_app(&self, name: &str) -> Result<bool> {
        let doing = format!("reading the app {name}");
        let request = Request::get(format!("/v1/apps/{name}"), &doing, PERMISSION);
        Ok(self.http.send(&request).await?.is_some())
    }

    /// Returns the names of the organization's apps. <https://fly.io/docs/machines/api/apps-resource/#list-apps-in-an-organization>
    ///
    /// # Errors
    /// As every call of an API.
    pub async fn apps(&self, organization: &str) -> Result<Vec<String>> {
        let path = format!("/v1/apps?org_slug={organization}");
        let request = Request::get(path, "listing the apps", PERMISSION);
        let found = self.http.send(&request).await?.unwrap_or_default();
        let listed = found.get("apps").and_then(Value::as_array).into_iter().flatten();
        Ok(listed
            .filter_map(|app| app["name"].as_str().map(str::to_owned))
            .collect())
    }

    /// Makes an app. <https://fly.io/docs/machines/api/apps-resource/#create-a-fly-app>
    ///
    /// # Errors
    /// As every call of an API.
    pub async fn make_app(&self, name: &str, organization: &str) -> Result<()> {
        let body = json!({ "app_name": name, "org_slug": organization });
        let doing = format!("making the app {name}");
        let request = Request::with(
            Method::POST,
            "/v1/apps".to_owned(),
            Some(&body),
            &doing,
            PERMISSION,
        );
        self.http.send(&request).await?;
        Ok(())
    }

    /// Returns the deployment that all machines of an app run, or `None` if there is none or they differ.
    /// <https://fly.io/docs/machines/api/machines-resource/#list-machines>
    ///
    /// # Errors
    /// As every call of an API.
    pub async fn deployment(&self, app: &str) -> Result<Option<String>> {
        let doing = format!("listing the machines of {app}");
        let request = Request::get(format!("/v1/apps/{app}/machines"), &doing, PERMISSION);
        let found = self.http.send(&request).await?.unwrap_or_default();
        let machines = found.as_array().map_or(&[][..], Vec::as_slice);
        let mut runs = machines
            .iter()
            .map(|machine| machine["config"]["env"][DEPLOYMENT].as_str());
        let first = runs.next().flatten();
        Ok(first
            .filter(|first| runs.all(|other| other == Some(first)))
            .map(str::to_owned))
    }

    /// Returns the ids of an app's volumes with their sizes in GB.
    /// <https://fly.io/docs/machines/api/volumes-resource/#list-all-volumes-associated-with-an-app>
    ///
    /// # Errors
    /// As every call of an API.
    pub async fn volumes(&self, app: &str) -> Result<BTreeMap<String, u64>> {
        let doing = format!("listing the volumes of {app}");
        let request = Request::get(format!("/v1/apps/{app}/volumes"), &doing, PERMISSION);
        let found = self.http.send(&request).await?.unwrap_or_default();
        let volumes = found.as_array().into_iter().flatten();
        Ok(volumes
            .filter_map(|volume| Some((volume["id"].as_str()?.to_owned(), volume["size_gb"].as_u64()?)))
            .collect())
    }

    /// Extends a volume. <https://fly.io/docs/machines/api/volumes-resource/#extend-a-volume>
    ///
    /// # Errors
    /// As every call of an API.
    pub async fn extend(&self, app: &str, volume: &str, size_gb: u64) -> Result<()> {
        let body = json!({ "size_gb": size_gb });
        let doing = format!("extending a volume of {app}");
        let path = format!("/v1/apps/{app}/volumes/{volume}/extend");
        let request = Request::with(Method::PUT, path, Some(&body), &doing, PERMISSION);
        self.http.send(&request).await?;
        Ok(())
    }

    /// Deletes an app with its machines and volumes. <https://fly.io/docs/machines/api/apps-resource/#delete-a-fly-app>
    ///
    /// # Errors
    /// As every call of an API.
    pub async fn delete_app(&self, name: &str) -> Result<()> {
        let doing = format!("deleting the app {name}");
        let path = format!("/v1/apps/{name}?force=true");
        let request: Request<'_> = Request::with(Method::DELETE, path, None::<&Value>, &doing, PERMISSION);
        self.http.send(&request).await?;
        Ok(())
    }
}
