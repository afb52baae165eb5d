//! R2: the bucket with its data catalog.

use reqwest::Method;
use serde_json::json;

use super::Cloudflare;
use crate::error::Result;
use crate::existing::Catalog;

const R2: &str = "Workers R2 Storage: Edit";

const CATALOG: &str = "Workers R2 Data Catalog: Edit";

/// The seconds after which R2 deletes objects of a bucket that is to be deleted.
const EXPIRE_SECONDS: u32 = 86_400;

impl Cloudflare {
    /// Returns true if the bucket exists. <https://developers.cloudflare.com/api/resources/r2/subresources/buckets/methods/get/>
    ///
    /// # Errors
    /// As every call of an API.
    pub async fn has_bucket(&self) -> Result<bool> {
        let path = format!("/r2/buckets/{}", self.bucket);
        Ok(self.read(&path, "reading the bucket", R2).await?.is_some())
    }

    /// Makes the bucket. <https://developers.cloudflare.com/api/resources/r2/subresources/buckets/methods/create/>
    ///
    /// # Errors
    /// As every call of an API.
    pub async fn make_bucket(&self, location: Option<&str>) -> Result<()> {
        let mut body = json!({ "name": self.bucket });
        if let Some(location) = location {
            body["locationHint"] = location.into();
        }
        self.write(Method::POST, "/r2/buckets", Some(&body), "making the bucket", R2)
            .await?;
        Ok(())
    }

    /// Returns the data catalog of the bucket. <https://developers.cloudflare.com/api/resources/r2_data_catalog/methods/get/>
    ///
    /// # Errors
    /// As every call of an API.
    pub async fn catalog(&self) -> Result<Option<Catalog>> {
        let path = format!("/r2-catalog/{}", self.bucket);
        let found = self.read(&path, "reading the data catalog", CATALOG).await?;
        Ok(found.map(|found| Catalog {
            active: found["status"] == "active",
            maintains: ["compaction", "snapshot_expiration"]
                .iter()
                .any(|kind| found["maintenance_config"][kind]["state"] == "enabled"),
        }))
    }

    /// Enables the data catalog. <https://developers.cloudflare.com/api/resources/r2_data_catalog/methods/enable/>
    ///
    /// # Errors
    /// As every call of an API.
    pub async fn enable_catalog(&self) -> Result<()> {
        let path = format!("/r2-catalog/{}/enable", self.bucket);
        self.write(Method::POST, &path, None, "enabling the data catalog", CATALOG)
            .await?;
        Ok(())
    }

    /// Stops compaction and expiration by the catalog.
    /// <https://developers.cloudflare.com/api/resources/r2_data_catalog/subresources/maintenance_configs/methods/update/>
    ///
    /// # Errors
    /// As every call of an API.
    pub async fn stop_maintenance(&self) -> Result<()> {
        let path = format!("/r2-catalog/{}/maintenance-configs", self.bucket);
        let body =
            json!({ "compaction": { "state": "disabled" }, "snapshot_expiration": { "state": "disabled" } });
        let doing = "stopping the catalog's own maintenance";
        self.write(Method::POST, &path, Some(&body), doing, CATALOG)
            .await?;
        Ok(())
    }

    /// Returns true if the bucket has no objects.
    /// <https://developers.cloudflare.com/api/resources/r2/subresources/buckets/subresources/objects/methods/list/>
    ///
    /// # Errors
    /// As every call of an API.
    pub async fn is_bucket_empty(&self) -> Result<bool> {
        let path = format!("/r2/buckets/{}/objects?per_page=1", self.bucket);
        let found = self
            .read(&path, "listing the bucket", R2)
            .await?
            .unwrap_or_default();
        Ok(found.as_array().is_none_or(Vec::is_empty))
    }

    /// Has R2 delete all objects of the bucket within a day or two.
    /// <https://developers.cloudflare.com/api/resources/r2/subresources/buckets/subresources/lifecycle/methods/update/>
    ///
    /// # Errors
    /// As every call of an API.
    pub async fn expire_objects(&self) -> Result<()> {
        let path = format!("/r2/buckets/{}/lifecycle", self.bucket);
        let body = json!({ "rules": [{
            "id": "lakefront deploy --destroy --delete-data",
            "enabled": true,
            "conditions": { "prefix": "" },
            "deleteObjectsTransition": { "condition": { "type": "Age", "maxAge": EXPIRE_SECONDS } },
        }] });
        self.write(
            Method::PUT,
            &path,
            Some(&body),
            "expiring the bucket's objects",
            R2,
        )
        .await?;
        Ok(())
    }

    /// Disables the catalog and deletes the empty bucket.
    ///
    /// # Errors
    /// As every call of an API.
    pub async fn delete_bucket(&self) -> Result<()> {
        if self.catalog().await?.is_some_and(|catalog| catalog.active) {
            let path = format!("/r2-catalog/{}/disable", self.bucket);
            self.write(Method::POST, &path, None, "disabling the data catalog", CATALOG)
                .await?;
        }
        let path = format!("/r2/buckets/{}", self.bucket);
        self.write(Method::DELETE, &path, None, "deleting the bucket", R2)
            .await?;
        Ok(())
    }
}
