//! Nessie, an Iceberg REST catalog with authentication, over MinIO.

use std::time::{Duration, SystemTime};

use anyhow::{Context as _, Result, anyhow};
use aws_lc_rs::encoding::{AsDer as _, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::json;

use crate::minio::{Minio, java};
use crate::process::free_address;
use crate::s3_lake::pyiceberg;
use crate::{LakeAt, Process};

/// MinIO behind Nessie, which requires a bearer token and vends temporary keys for the store. That is the closest local
/// match of R2 Data Catalog.
#[derive(Debug)]
pub struct Nessie {
    url: String,
    token: String,
    // Fields are dropped in this order.
    _catalog: Process,
    store: Minio,
}

const WAREHOUSE: &str = "lake";

impl Nessie {
    /// Starts both on free ports, with an empty bucket.
    ///
    /// # Errors
    /// Returns an error if a program is missing or does not become ready, with its output.
    pub async fn start() -> Result<Self> {
        let store = Minio::start().await?;
        let signer = Signer::new()?;
        let address = free_address()?;
        let management = free_address()?;
        let port = |address: &str| address.rsplit(':').next().unwrap_or_default().to_owned();
        let s3 = |name: &str| format!("nessie.catalog.service.s3.default-options.{name}");
        let store_url = format!("{}/", store.url());
        let properties = [
            ("quarkus.http.host".to_owned(), "127.0.0.1"),
            ("quarkus.http.port".to_owned(), &port(&address)),
            ("quarkus.management.host".to_owned(), "127.0.0.1"),
            ("quarkus.management.port".to_owned(), &port(&management)),
            ("nessie.version.store.type".to_owned(), "IN_MEMORY"),
            ("nessie.catalog.default-warehouse".to_owned(), WAREHOUSE),
            (
                format!("nessie.catalog.warehouses.{WAREHOUSE}.location"),
                &format!("s3://{}/", Minio::BUCKET),
            ),
            (s3("region"), "us-east-1"),
            (s3("path-style-access"), "true"),
            (s3("endpoint"), &store_url),
            (s3("access-key"), "urn:nessie-secret:quarkus:s3key"),
            ("s3key.name".to_owned(), Minio::KEY),
            ("s3key.secret".to_owned(), Minio::SECRET),
            (s3("sts-endpoint"), &store_url),
            (s3("client-iam.enabled"), "true"),
            (
                s3("client-iam.assume-role"),
                "arn:aws:iam::000000000000:role/lakefront",
            ),
            (s3("client-iam.external-id"), "lakefront"),
            ("nessie.server.authentication.enabled".to_owned(), "true"),
            ("quarkus.oidc.tenant-enabled".to_owned(), "true"),
            ("quarkus.oidc.public-key".to_owned(), &signer.public_key()?),
        ];
        let file = store.folder().join("nessie.properties");
        let lines = properties.map(|(name, value)| format!("{name}={value}\n"));
        std::fs::write(&file, lines.concat())?;
        let mut command = java("nessie.jar", store.folder())?;
        command.env("QUARKUS_CONFIG_LOCATIONS", file);
        let mut catalog = Process::run("nessie", command)?;
        let health = format!("http://{management}/q/health/ready");
        catalog.ready(&health).await?;
        Ok(Self {
            url: format!("http://{address}/iceberg"),
            token: signer.token()?,
            _catalog: catalog,
            store,
        })
    }

    /// Returns the place of the lake. The catalog vends the rest of the configuration.
    pub fn at(&self) -> LakeAt {
        LakeAt::Remote {
            environment: vec![
                ("LAKEFRONT_CATALOG_URI", self.url.clone()),
                ("LAKEFRONT_CATALOG_WAREHOUSE", WAREHOUSE.to_owned()),
                ("LAKEFRONT_CATALOG_TOKEN", self.token.clone()),
            ],
            pyiceberg: json!({ "uri": self.url, "warehouse": WAREHOUSE, "token": self.token }),
        }
    }

    /// Returns the store's address.
    pub fn store_url(&self) -> String {
        self.store.url()
    }

    /// Returns the state of a table as pyiceberg reads it: rows, distinct RowIds, data files.
    ///
    /// # Errors
    /// Returns an error if pyiceberg cannot read the table, with its output.
    pub async fn pyiceberg(&self, table: &str) -> Result<serde_json::Value> {
        pyiceberg(&self.at(), table, &[]).await
    }
}

/// Signs tokens, as an identity provider does.
struct Signer(KeyPair);

impl Signer {
    fn new() -> Result<Self> {
        let pair = KeyPair::generate(KeySize::Rsa2048).map_err(|_| anyhow!("no key could be made"))?;
        Ok(Self(pair))
    }

    /// Returns the public key that checks the tokens: the body of a PEM file.
    fn public_key(&self) -> Result<String> {
        let der: Result<PublicKeyX509Der<'_>, _> = self.0.public_key().as_der();
        let der = der.map_err(|_| anyhow!("the key can't be written"))?;
        Ok(STANDARD.encode(der.as_ref()))
    }

    /// Returns a token that is valid for an hour.
    fn token(&self) -> Result<String> {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?;
        let expires = now + Duration::from_secs(3600);
        let claims = json!({ "sub": "lakefront", "iat": now.as_secs(), "exp": expires.as_secs() });
        let part = |value: serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!(
            "{}.{}",
            part(json!({ "alg": "RS256", "typ": "JWT" })),
            part(claims)
        );
        let mut signature = vec![0; self.0.public_modulus_len()];
        self.0
            .sign(
                &RSA_PKCS1_SHA256,
                &SystemRandom::new(),
                signed.as_bytes(),
                &mut signature,
            )
            .ok()
            .context("the token could not be signed")?;
        Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }
}
