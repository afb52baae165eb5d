//! The configuration of a lake on an S3 store behind a REST catalog. Every program has the same settings.

use std::collections::HashMap;

use clap::Args;
use secrecy::SecretString;

use crate::error::{Error, Result};
use crate::s3_access::{S3Access, S3Keys};

/// The tables are on an S3 store, and an Iceberg REST catalog says what is committed.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Lake on an S3 store behind an Iceberg REST catalog, instead of a folder")]
pub struct RestCatalogConfig {
    /// Address of the catalog, without /v1; with it, the lake is there and in no folder
    #[arg(long, env = "LAKEFRONT_CATALOG_URI", value_name = "URL")]
    pub catalog_uri: Option<String>,

    /// The catalog's warehouse, where it has several
    #[arg(long, env = "LAKEFRONT_CATALOG_WAREHOUSE", value_name = "NAME")]
    pub catalog_warehouse: Option<String>,

    /// Prefix of the catalog's paths; what the catalog itself says when left out
    #[arg(long, env = "LAKEFRONT_CATALOG_PREFIX", value_name = "PREFIX")]
    pub catalog_prefix: Option<String>,

    /// Bearer token for the catalog
    #[arg(
        long,
        env = "LAKEFRONT_CATALOG_TOKEN",
        hide_env_values = true,
        value_name = "TOKEN"
    )]
    pub catalog_token: Option<SecretString>,

    /// OAuth2 client credentials for the catalog, instead of a token
    #[arg(
        long,
        env = "LAKEFRONT_CATALOG_CREDENTIAL",
        hide_env_values = true,
        conflicts_with = "catalog_token",
        value_name = "ID:SECRET"
    )]
    pub catalog_credential: Option<SecretString>,

    /// Where tokens are given for them; the catalog's own /v1/oauth/tokens when left out
    #[arg(long, env = "LAKEFRONT_CATALOG_OAUTH_URI", value_name = "URL")]
    pub catalog_oauth_uri: Option<String>,

    /// Scope to ask for with them
    #[arg(
        long,
        env = "LAKEFRONT_CATALOG_SCOPE",
        default_value = "catalog",
        value_name = "SCOPE"
    )]
    pub catalog_scope: String,

    /// Where new tables are made; left out, the catalog decides
    #[arg(long, env = "LAKEFRONT_S3_LOCATION", value_name = "s3://BUCKET/PREFIX")]
    pub s3_location: Option<String>,

    /// Address of the store; Amazon's when neither this nor the catalog says
    #[arg(long, env = "LAKEFRONT_S3_ENDPOINT", value_name = "URL")]
    pub s3_endpoint: Option<String>,

    /// Region of the store (R2: auto); us-east-1 when neither this nor the catalog says
    #[arg(long, env = "LAKEFRONT_S3_REGION", value_name = "REGION")]
    pub s3_region: Option<String>,

    /// Address buckets as ENDPOINT/BUCKET, as MinIO needs it, not as BUCKET.ENDPOINT
    #[arg(long, env = "LAKEFRONT_S3_PATH_STYLE")]
    pub s3_path_style: bool,

    /// Access key of the store; left out, the catalog gives credentials (vended) that are renewed before they expire
    #[arg(
        long,
        env = "LAKEFRONT_S3_ACCESS_KEY_ID",
        requires = "s3_secret_access_key",
        value_name = "ID"
    )]
    pub s3_access_key_id: Option<String>,

    /// Its secret
    #[arg(
        long,
        env = "LAKEFRONT_S3_SECRET_ACCESS_KEY",
        hide_env_values = true,
        requires = "s3_access_key_id",
        value_name = "SECRET"
    )]
    pub s3_secret_access_key: Option<SecretString>,
}

impl RestCatalogConfig {
    /// Returns true if the address of a catalog is configured.
    pub fn is_configured(&self) -> bool {
        self.catalog_uri.is_some()
    }

    /// Returns the catalog's address, without a slash at the end.
    pub(crate) fn uri(&self) -> Result<&str> {
        let uri = self.catalog_uri.as_deref().unwrap_or_default();
        if !uri.starts_with("http://") && !uri.starts_with("https://") {
            return Err(Error::Config(format!(
                "--catalog-uri (LAKEFRONT_CATALOG_URI) is {uri:?}; expected http://… or https://…"
            )));
        }
        Ok(uri.trim_end_matches('/'))
    }

    /// Returns the location for a new table, or `None` if the catalog chooses it.
    ///
    /// # Errors
    /// [`Error::Config`] when the configured location is not an `s3://` URL.
    pub(crate) fn table_location(&self, namespace: &str, table: &str) -> Result<Option<String>> {
        let Some(location) = &self.s3_location else {
            return Ok(None);
        };
        let bucket = location.strip_prefix("s3://").unwrap_or_default();
        if bucket.is_empty() || bucket.starts_with('/') {
            return Err(Error::Config(format!(
                "--s3-location (LAKEFRONT_S3_LOCATION) is {location:?}; expected s3://BUCKET or s3://BUCKET/PREFIX"
            )));
        }
        let location = location.trim_end_matches('/');
        Ok(Some(format!("{location}/{namespace}/{table}")))
    }

    /// Returns the address and credentials of the store. The configuration comes before the values that the catalog
    /// sent for the table.
    pub(crate) fn access(&self, from_catalog: &HashMap<String, String>) -> S3Access {
        let catalog_value = |key: &str| from_catalog.get(key).cloned();
        let keys = match (&self.s3_access_key_id, &self.s3_secret_access_key) {
            (Some(id), Some(secret)) => Some(S3Keys {
                id: id.clone(),
                secret: secret.clone(),
                session_token: None,
            }),
            _ => S3Keys::vended(from_catalog),
        };
        S3Access {
            endpoint: self.s3_endpoint.clone().or_else(|| catalog_value("s3.endpoint")),
            region: self
                .s3_region
                .clone()
                .or_else(|| catalog_value("s3.region"))
                .or_else(|| catalog_value("client.region"))
                .unwrap_or_else(|| "us-east-1".to_owned()),
            path_style: self.s3_path_style
                || catalog_value("s3.path-style-access")
                    .is_some_and(|value| value.eq_ignore_ascii_case("true")),
            keys,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn configuration_comes_before_values_of_the_catalog() {
        let from_catalog = HashMap::from(
            [
                ("s3.endpoint", "http://store:9000/"),
                ("s3.region", "eu"),
                ("s3.path-style-access", "true"),
                ("s3.access-key-id", "id"),
                ("s3.secret-access-key", "secret"),
            ]
            .map(|(key, value)| (key.to_owned(), value.to_owned())),
        );
        let access = RestCatalogConfig::default().access(&from_catalog);
        assert_eq!(
            access.url("s3://lake/otel/otel_logs").as_deref(),
            Some("http://store:9000/lake/otel/otel_logs")
        );
        assert_eq!(access.keys.map(|keys| keys.id).as_deref(), Some("id"));

        let configured = RestCatalogConfig {
            s3_endpoint: Some("https://store.example".to_owned()),
            s3_region: Some("auto".to_owned()),
            s3_access_key_id: Some("own".to_owned()),
            s3_secret_access_key: Some("s".into()),
            ..RestCatalogConfig::default()
        };
        let access = configured.access(&HashMap::new());
        assert_eq!(
            access.url("s3://lake/otel").as_deref(),
            Some("https://lake.store.example/otel")
        );
        assert_eq!(access.region, "auto");
        assert_eq!(access.keys.map(|keys| keys.id).as_deref(), Some("own"));
    }
}
