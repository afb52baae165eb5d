//! The HTTP client of an Iceberg REST catalog.
//!
//! The protocol: <https://github.com/apache/iceberg/blob/main/open-api/rest-catalog-open-api.yaml>

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use reqwest::{RequestBuilder, StatusCode, header};
use secrecy::{ExposeSecret as _, SecretString};
use serde::de::{DeserializeOwned, IgnoredAny};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::sync::Mutex;

use crate::NAMESPACE;
use crate::config::RestCatalogConfig;
use crate::error::{Error, Result};
use crate::s3_access::S3Access;

/// Time limit of a connection attempt.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Time limit of a whole request. The catalog writes a metadata file within a commit request.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

/// A client of an Iceberg REST catalog, created by a first successful request.
///
/// A clone is cheap.
#[derive(Clone, Debug)]
pub struct RestCatalog {
    inner: Arc<Inner>,
    namespace: &'static str,
}

#[derive(Debug)]
struct Inner {
    http: reqwest::Client,
    config: RestCatalogConfig,
    /// Address of the catalog with version and prefix.
    base: String,
    oauth_uri: String,
    /// Address of Nessie's own interface, if the catalog is a Nessie. It has branches, which Iceberg's interface hides.
    nessie_uri: Option<String>,
    token: Mutex<Option<Token>>,
}

/// An OAuth2 token that was received for client credentials.
#[derive(Debug)]
struct Token {
    text: SecretString,
    renew_at: Instant,
}

/// A table as the catalog returns it, with its metadata parsed as `M`.
#[derive(Clone, Debug)]
pub struct RestTable<M> {
    /// Location of the metadata file.
    pub location: String,
    /// Content of the metadata file.
    pub metadata: M,
    /// Address and credentials of the store.
    pub access: S3Access,
    /// When the vended keys in `access` expire, in milliseconds since 1970 UTC, if the catalog says so.
    pub expires_at_ms: Option<i64>,
    /// ETag of this state, if the catalog sent one.
    pub etag: Option<String>,
}

/// The parts of an HTTP response that the client needs.
struct Reply {
    status: StatusCode,
    etag: Option<String>,
    body: Vec<u8>,
}

/// The result of a request to commit.
#[derive(Debug)]
pub enum RestCommit<M> {
    /// The new state is committed.
    Committed(Box<RestTable<M>>),
    /// The catalog reports that a requirement is not met.
    Conflict,
    /// The catalog did not say whether it committed the new state.
    Unknown(Error),
}

/// The body of a table response, named as in the specification.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct LoadTableResult {
    metadata_location: Option<String>,
    metadata: MetadataLocation,
    #[serde(default)]
    config: HashMap<String, String>,
    #[serde(default)]
    storage_credentials: Vec<StorageCredential>,
}

/// The one field of a table's metadata that the client itself needs.
#[derive(Deserialize)]
struct MetadataLocation {
    location: String,
}

/// The part of a table response that the caller parses.
#[derive(Deserialize)]
struct LoadedMetadata<M> {
    metadata: M,
}

/// Vended credentials for the locations that begin with the prefix.
#[derive(Deserialize)]
struct StorageCredential {
    prefix: String,
    config: HashMap<String, String>,
}

impl RestCatalog {
    /// Connects to the catalog by requesting its configuration, which also checks the address and the credentials.
    ///
    /// # Errors
    /// When the catalog can't be reached or refuses the request; the message names the variable to check.
    pub async fn connect(config: &RestCatalogConfig) -> Result<Self> {
        #[derive(Deserialize)]
        struct Configuration {
            #[serde(default)]
            defaults: HashMap<String, String>,
            #[serde(default)]
            overrides: HashMap<String, String>,
        }
        let uri = config.uri()?;
        let http = reqwest::Client::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(REQUEST_TIMEOUT)
            .build()
            .map_err(|error| unreachable(uri, &error))?;
        let oauth_uri = match &config.catalog_oauth_uri {
            Some(uri) => uri.clone(),
            None => format!("{uri}/v1/oauth/tokens"),
        };
        let mut inner = Inner {
            http,
            config: config.clone(),
            base: format!("{uri}/v1"),
            oauth_uri,
            nessie_uri: None,
            token: Mutex::default(),
        };
        let query: Vec<_> = config
            .catalog_warehouse
            .iter()
            .map(|name| ("warehouse", name))
            .collect();
        let url = format!("{}/config", inner.base);
        let reply = inner.send(|http| http.get(&url).query(&query)).await?;
        let configuration: Configuration = match reply.status {
            StatusCode::OK => inner.parse("its configuration", &reply)?,
            _ => return Err(inner.refused("its configuration", &reply)),
        };
        let catalog_value = |key: &str| {
            let value = configuration.overrides.get(key);
            value.or_else(|| configuration.defaults.get(key)).cloned()
        };
        let prefix = config.catalog_prefix.clone().or_else(|| catalog_value("prefix"));
        if let Some(prefix) = prefix.filter(|prefix| !prefix.is_empty()) {
            inner.base = format!("{}/{}", inner.base, prefix.trim_matches('/'));
        }
        if config.catalog_oauth_uri.is_none()
            && let Some(uri) = catalog_value("oauth2-server-uri").filter(|uri| uri.starts_with("http"))
        {
            inner.oauth_uri = uri;
        }
        inner.nessie_uri = catalog_value("nessie.core-base-uri");
        Ok(Self {
            inner: Arc::new(inner),
            namespace: NAMESPACE,
        })
    }

    /// Returns true if the catalog has branches or tags beside the branch of this lake. Their tables name files that
    /// this branch does not.
    ///
    /// # Errors
    /// When the catalog does not list its branches.
    pub async fn has_other_references(&self) -> Result<bool> {
        #[derive(Deserialize)]
        struct References {
            references: Vec<IgnoredAny>,
        }
        let Some(uri) = &self.inner.nessie_uri else {
            return Ok(false);
        };
        let url = format!("{}/v2/trees", uri.trim_end_matches('/'));
        let reply = self.inner.send(|http| http.get(&url)).await?;
        if reply.status != StatusCode::OK {
            return Err(self.inner.refused("its branches", &reply));
        }
        let found: References = self.inner.parse("its branches", &reply)?;
        Ok(found.references.len() > 1)
    }

    /// Loads a table. Returns `None` if there is no such table, and `Some(None)` if its ETag is still `cached_etag`.
    ///
    /// # Errors
    /// When the catalog does not answer, or its answer is not a table.
    pub async fn load<M: DeserializeOwned>(
        &self,
        table: &str,
        cached_etag: Option<&str>,
    ) -> Result<Option<Option<RestTable<M>>>> {
        let url = format!("{}/tables/{table}", self.namespace());
        let reply = self
            .inner
            .send(|http| {
                let request = http.get(&url).query(&[("snapshots", "all")]);
                let request = match self.inner.config.s3_access_key_id {
                    Some(_) => request,
                    None => request.header("X-Iceberg-Access-Delegation", "vended-credentials"),
                };
                match cached_etag {
                    Some(etag) => request.header(header::IF_NONE_MATCH, etag),
                    None => request,
                }
            })
            .await?;
        match reply.status {
            StatusCode::OK => Ok(Some(Some(self.table(table, reply)?))),
            StatusCode::NOT_MODIFIED if cached_etag.is_some() => Ok(Some(None)),
            StatusCode::NOT_FOUND => Ok(None),
            _ => Err(self.inner.refused(&format!("table {table}"), &reply)),
        }
    }

    fn table<M: DeserializeOwned>(&self, name: &str, reply: Reply) -> Result<RestTable<M>> {
        let what = format!("table {name}");
        let loaded: LoadTableResult = self.inner.parse(&what, &reply)?;
        let parsed: LoadedMetadata<M> = self.inner.parse(&what, &reply)?;
        let mut properties = loaded.config;
        // By the specification, the credential with the longest matching prefix is the most specific one.
        let of_table = &loaded.metadata.location;
        let credential = loaded
            .storage_credentials
            .into_iter()
            .filter(|credential| of_table.starts_with(&credential.prefix))
            .max_by_key(|credential| credential.prefix.len());
        properties.extend(credential.into_iter().flat_map(|credential| credential.config));
        let expires = properties.get("s3.session-token-expires-at-ms");
        Ok(RestTable {
            location: loaded.metadata_location.unwrap_or_default(),
            access: self.inner.config.access(&properties),
            expires_at_ms: expires.and_then(|text| text.parse().ok()),
            metadata: parsed.metadata,
            etag: reply.etag,
        })
    }

    /// Returns a client for the tables of another namespace than [`NAMESPACE`]. It has the same connections and tokens.
    #[must_use]
    pub fn in_namespace(&self, namespace: &'static str) -> Self {
        Self {
            inner: Arc::clone(&self.inner),
            namespace,
        }
    }

    /// Returns the location for a new table, or `None` if the catalog chooses it.
    ///
    /// # Errors
    /// [`Error::Config`] when the configured location is not an `s3://` URL.
    pub fn table_location(&self, table: &str) -> Result<Option<String>> {
        self.config().table_location(self.namespace, table)
    }

    /// Returns the configuration of the lake.
    pub fn config(&self) -> &RestCatalogConfig {
        &self.inner.config
    }

    /// Creates the namespace if it is missing.
    ///
    /// # Errors
    /// When the catalog does not answer, or refuses to create it.
    pub async fn create_namespace(&self) -> Result<()> {
        let url = self.namespace();
        let reply = self.inner.send(|http| http.get(&url)).await?;
        if reply.status.is_success() {
            return Ok(());
        }
        let url = format!("{}/namespaces", self.inner.base);
        let body = json!({ "namespace": [self.namespace], "properties": {} });
        let reply = self.inner.send(|http| http.post(&url).json(&body)).await?;
        match reply.status {
            status if status.is_success() || status == StatusCode::CONFLICT => Ok(()),
            _ => Err(self
                .inner
                .refused(&format!("to create the namespace {}", self.namespace), &reply)),
        }
    }

    /// Creates a table if it is missing. `request` is a `CreateTableRequest` of the specification.
    ///
    /// # Errors
    /// When the catalog does not answer, or refuses to create it.
    pub async fn create_table(&self, table: &str, request: &impl Serialize) -> Result<()> {
        let url = format!("{}/tables", self.namespace());
        let reply = self.inner.send(|http| http.post(&url).json(request)).await?;
        match reply.status {
            status if status.is_success() || status == StatusCode::CONFLICT => Ok(()),
            _ => Err(self
                .inner
                .refused(&format!("to create the table {table}"), &reply)),
        }
    }

    /// Commits the updates if the requirements are met. Both are lists of the types of the specification.
    ///
    /// # Errors
    /// When the request could not be sent, or the catalog refused it. Nothing was committed then.
    pub async fn commit<M: DeserializeOwned>(
        &self,
        table: &str,
        requirements: &impl Serialize,
        updates: &impl Serialize,
    ) -> Result<RestCommit<M>> {
        #[derive(Serialize)]
        struct CommitTableRequest<'a, R, U> {
            identifier: Identifier<'a>,
            requirements: &'a R,
            updates: &'a U,
        }
        #[derive(Serialize)]
        struct Identifier<'a> {
            namespace: [&'a str; 1],
            name: &'a str,
        }
        let url = format!("{}/tables/{table}", self.namespace());
        let body = CommitTableRequest {
            identifier: Identifier {
                namespace: [self.namespace],
                name: table,
            },
            requirements,
            updates,
        };
        let reply = match self.inner.send(|http| http.post(&url).json(&body)).await {
            Ok(reply) => reply,
            Err(error @ Error::Unreachable { sent: true, .. }) => return Ok(RestCommit::Unknown(error)),
            Err(error) => return Err(error),
        };
        let what = || format!("to commit to {table}");
        match reply.status {
            // An unreadable answer does not say whether the commit succeeded.
            StatusCode::OK => Ok(match self.table(table, reply) {
                Ok(loaded) => RestCommit::Committed(Box::new(loaded)),
                Err(error) => RestCommit::Unknown(error),
            }),
            StatusCode::CONFLICT => Ok(RestCommit::Conflict),
            status if status.is_server_error() => {
                Ok(RestCommit::Unknown(self.inner.refused(&what(), &reply)))
            }
            _ => Err(self.inner.refused(&what(), &reply)),
        }
    }

    fn namespace(&self) -> String {
        format!("{}/namespaces/{}", self.inner.base, self.namespace)
    }
}

impl Inner {
    /// Sends a request with the token. If it is refused with 401 and the token can be renewed, sends it again with a
    /// new one.
    async fn send(&self, request: impl Fn(&reqwest::Client) -> RequestBuilder) -> Result<Reply> {
        let reply = self.send_once(&request).await?;
        if reply.status != StatusCode::UNAUTHORIZED || self.config.catalog_credential.is_none() {
            return Ok(reply);
        }
        *self.token.lock().await = None;
        self.send_once(&request).await
    }

    async fn send_once(&self, request: impl Fn(&reqwest::Client) -> RequestBuilder) -> Result<Reply> {
        let mut request = request(&self.http);
        if let Some(token) = self.token().await? {
            request = request.bearer_auth(token.expose_secret());
        }
        self.answer(request).await
    }

    async fn answer(&self, request: RequestBuilder) -> Result<Reply> {
        let failed = |error| unreachable(self.config.catalog_uri.as_deref().unwrap_or_default(), &error);
        let response = request.send().await.map_err(failed)?;
        let etag = response.headers().get(header::ETAG);
        Ok(Reply {
            status: response.status(),
            etag: etag.and_then(|etag| Some(etag.to_str().ok()?.to_owned())),
            body: response.bytes().await.map_err(failed)?.into(),
        })
    }

    /// Returns the bearer token to send. Requests a new one if the last one is about to expire.
    async fn token(&self) -> Result<Option<SecretString>> {
        #[derive(Deserialize)]
        struct Granted {
            access_token: String,
            #[serde(default)]
            expires_in: Option<u64>,
        }
        let Some(credential) = &self.config.catalog_credential else {
            return Ok(self.config.catalog_token.clone());
        };
        let mut token = self.token.lock().await;
        if let Some(token) = token.as_ref().filter(|token| Instant::now() < token.renew_at) {
            return Ok(Some(token.text.clone()));
        }
        // A credential without a colon is a secret without a client id.
        let (id, secret) = credential
            .expose_secret()
            .split_once(':')
            .unwrap_or(("", credential.expose_secret()));
        let mut form = vec![
            ("grant_type", "client_credentials"),
            ("client_secret", secret),
            ("scope", &self.config.catalog_scope),
        ];
        if !id.is_empty() {
            form.push(("client_id", id));
        }
        let reply = self.answer(self.http.post(&self.oauth_uri).form(&form)).await?;
        if !reply.status.is_success() {
            return Err(self.refused("a token for the client credentials", &reply));
        }
        let granted: Granted = self.parse("a token", &reply)?;
        let lifetime = Duration::from_secs(granted.expires_in.unwrap_or(3600));
        let text = SecretString::from(granted.access_token);
        *token = Some(Token {
            text: text.clone(),
            renew_at: Instant::now() + lifetime.saturating_sub((lifetime / 2).min(Duration::from_secs(60))),
        });
        Ok(Some(text))
    }

    fn parse<T: DeserializeOwned>(&self, what: &str, reply: &Reply) -> Result<T> {
        serde_json::from_slice(&reply.body).map_err(|error| Error::Answer {
            what: what.to_owned(),
            status: reply.status.as_u16(),
            message: error.to_string(),
            advice: "is LAKEFRONT_CATALOG_URI the address of an Iceberg REST catalog?",
        })
    }

    /// Returns the error for an answer with an unexpected status. `what` names what was requested.
    fn refused(&self, what: &str, reply: &Reply) -> Error {
        #[derive(Deserialize)]
        struct Refusal {
            error: Message,
        }
        #[derive(Deserialize)]
        struct Message {
            message: String,
        }
        let message = match serde_json::from_slice::<Refusal>(&reply.body) {
            Ok(refusal) => refusal.error.message,
            Err(_) => String::from_utf8_lossy(&reply.body).chars().take(200).collect(),
        };
        let token = match &self.config.catalog_credential {
            Some(_) => "check LAKEFRONT_CATALOG_CREDENTIAL and what that client may do",
            None => "check LAKEFRONT_CATALOG_TOKEN: is it there, still valid, and may it do that?",
        };
        Error::Answer {
            what: what.to_owned(),
            status: reply.status.as_u16(),
            message,
            advice: match reply.status.as_u16() {
                401 | 403 | 419 => token,
                400 | 404 => {
                    "check LAKEFRONT_CATALOG_URI, LAKEFRONT_CATALOG_WAREHOUSE and LAKEFRONT_CATALOG_PREFIX"
                }
                _ => "the catalog's log says more",
            },
        }
    }
}

/// Returns the error for a request without an answer, with the innermost cause as its reason.
fn unreachable(uri: &str, error: &reqwest::Error) -> Error {
    let mut reason = String::new();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        reason = error.to_string();
        cause = error.source();
    }
    if error.is_timeout() && !error.is_connect() {
        reason = format!("no answer within {} s", REQUEST_TIMEOUT.as_secs());
    }
    Error::Unreachable {
        uri: uri.to_owned(),
        reason,
        sent: !error.is_connect() && !error.is_builder(),
    }
}
