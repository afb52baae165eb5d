//! The HTTP client of an Iceberg REST catalog.
//!
//! The protocol: <https://github.com/apache/iceberg/blob/main/open-api/rest-catalog-open-api.yaml>

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use iceberg::spec::{MAIN_BRANCH, TableMetadata};
use iceberg::{TableCreation, TableRequirement, TableUpdate};
use reqwest::{RequestBuilder, StatusCode, header};
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::{Value, json};
use tokio::sync::Mutex;

use crate::committed_table::{CommitOutcome, CommittedTable, NAMESPACE};
use crate::error::{Error, Result};
use crate::rest_catalog_config::{RestCatalogConfig, S3Access, Secret};

/// Time limit of a connection attempt.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// Time limit of a whole request. The catalog writes a metadata file within a commit request.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

/// A client of an Iceberg REST catalog, created by a first successful request.
///
/// A clone is cheap.
#[derive(Clone, Debug)]
pub struct RestCatalog(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    http: reqwest::Client,
    lake: RestCatalogConfig,
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
    text: Secret,
    renew_at: Instant,
}

/// A table as the catalog returns it.
#[derive(Clone, Debug)]
pub struct RestTable {
    /// Location of the metadata file.
    pub location: String,
    /// Content of the metadata file.
    pub metadata: TableMetadata,
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

/// The body of a table response, named as in the specification.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct LoadTableResult {
    metadata_location: Option<String>,
    metadata: TableMetadata,
    #[serde(default)]
    config: HashMap<String, String>,
    #[serde(default)]
    storage_credentials: Vec<StorageCredential>,
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
    pub async fn connect(lake: &RestCatalogConfig) -> Result<Self> {
        #[derive(Deserialize)]
        struct Configuration {
            #[serde(default)]
            defaults: HashMap<String, String>,
            #[serde(default)]
            overrides: HashMap<String, String>,
        }
        let uri = lake.uri()?;
        let http = reqwest::Client::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(REQUEST_TIMEOUT)
            .build()
            .map_err(|error| unreachable(uri, &error))?;
        let oauth_uri = match &lake.catalog_oauth_uri {
            Some(uri) => uri.clone(),
            None => format!("{uri}/v1/oauth/tokens"),
        };
        let mut inner = Inner {
            http,
            lake: lake.clone(),
            base: format!("{uri}/v1"),
            oauth_uri,
            nessie_uri: None,
            token: Mutex::default(),
        };
        let query: Vec<_> = lake
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
        let prefix = lake.catalog_prefix.clone().or_else(|| catalog_value("prefix"));
        if let Some(prefix) = prefix.filter(|prefix| !prefix.is_empty()) {
            inner.base = format!("{}/{}", inner.base, prefix.trim_matches('/'));
        }
        if lake.catalog_oauth_uri.is_none()
            && let Some(uri) = catalog_value("oauth2-server-uri").filter(|uri| uri.starts_with("http"))
        {
            inner.oauth_uri = uri;
        }
        inner.nessie_uri = catalog_value("nessie.core-base-uri");
        Ok(Self(Arc::new(inner)))
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
        let Some(uri) = &self.0.nessie_uri else {
            return Ok(false);
        };
        let url = format!("{}/v2/trees", uri.trim_end_matches('/'));
        let reply = self.0.send(|http| http.get(&url)).await?;
        if reply.status != StatusCode::OK {
            return Err(self.0.refused("its branches", &reply));
        }
        let found: References = self.0.parse("its branches", &reply)?;
        Ok(found.references.len() > 1)
    }

    /// Loads a table. Returns `None` if there is no such table, and `Some(None)` if its ETag is still `cached_etag`.
    ///
    /// # Errors
    /// When the catalog does not answer, or its answer is not a table.
    pub async fn load(&self, table: &str, cached_etag: Option<&str>) -> Result<Option<Option<RestTable>>> {
        let url = format!("{}/tables/{table}", self.namespace());
        let reply = self
            .0
            .send(|http| {
                let request = http.get(&url).query(&[("snapshots", "all")]);
                let request = match self.0.lake.s3_access_key_id {
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
            _ => Err(self.0.refused(&format!("table {table}"), &reply)),
        }
    }

    fn table(&self, name: &str, reply: Reply) -> Result<RestTable> {
        let loaded: LoadTableResult = self.0.parse(&format!("table {name}"), &reply)?;
        let mut config = loaded.config;
        // By the specification, the credential with the longest matching prefix is the most specific one.
        let of_table = loaded.metadata.location();
        let credential = loaded
            .storage_credentials
            .into_iter()
            .filter(|credential| of_table.starts_with(&credential.prefix))
            .max_by_key(|credential| credential.prefix.len());
        config.extend(credential.into_iter().flat_map(|credential| credential.config));
        let expires = config.get("s3.session-token-expires-at-ms");
        Ok(RestTable {
            location: loaded.metadata_location.unwrap_or_default(),
            access: self.0.lake.access(&config),
            expires_at_ms: expires.and_then(|text| text.parse().ok()),
            metadata: loaded.metadata,
            etag: reply.etag,
        })
    }

    /// Returns the configuration of the lake.
    pub(crate) fn lake(&self) -> &RestCatalogConfig {
        &self.0.lake
    }

    /// Returns the committed state, or `None` if there is no such table. If the ETag of `cached` is still current,
    /// returns `cached`.
    pub(crate) async fn committed(
        &self,
        table: &str,
        cached: Option<CommittedTable>,
    ) -> Result<Option<CommittedTable>> {
        let etag = cached.as_ref().and_then(|cached| cached.etag.as_deref());
        Ok(match self.load(table, etag).await? {
            Some(Some(loaded)) => Some(loaded.into()),
            Some(None) => cached,
            None => None,
        })
    }

    /// Creates the namespace `otel` if it is missing.
    pub(crate) async fn create_namespace(&self) -> Result<()> {
        let url = self.namespace();
        let reply = self.0.send(|http| http.get(&url)).await?;
        if reply.status.is_success() {
            return Ok(());
        }
        let url = format!("{}/namespaces", self.0.base);
        let body = json!({ "namespace": [NAMESPACE], "properties": {} });
        let reply = self.0.send(|http| http.post(&url).json(&body)).await?;
        match reply.status {
            status if status.is_success() || status == StatusCode::CONFLICT => Ok(()),
            _ => Err(self.0.refused("to create the namespace otel", &reply)),
        }
    }

    /// Creates a table if it is missing.
    pub(crate) async fn create(&self, creation: &TableCreation) -> Result<()> {
        let url = format!("{}/tables", self.namespace());
        // Some catalogs do not number the partition fields themselves.
        let partition_spec = match &creation.partition_spec {
            Some(spec) => Some(spec.clone().bind(creation.schema.clone())?),
            None => None,
        };
        let mut body = json!({
            "name": creation.name,
            "schema": creation.schema,
            "partition-spec": partition_spec,
            "write-order": creation.sort_order,
            "stage-create": false,
            "properties": creation.properties,
        });
        if let Some(location) = &creation.location {
            body["location"] = Value::from(location.as_str());
        }
        let reply = self.0.send(|http| http.post(&url).json(&body)).await?;
        match reply.status {
            status if status.is_success() || status == StatusCode::CONFLICT => Ok(()),
            _ => Err(self
                .0
                .refused(&format!("to create the table {}", creation.name), &reply)),
        }
    }

    /// Commits the updates if `base` is still the committed state.
    ///
    /// # Errors
    /// When the request could not be sent, or the catalog refused it. Nothing was committed then.
    pub(crate) async fn commit(
        &self,
        table: &str,
        base: &CommittedTable,
        updates: Vec<TableUpdate>,
    ) -> Result<CommitOutcome> {
        let requirements = [
            TableRequirement::UuidMatch {
                uuid: base.metadata.uuid(),
            },
            // Each snapshot written here has the previous one as its parent, so an unchanged branch means that nothing
            // came between.
            TableRequirement::RefSnapshotIdMatch {
                r#ref: MAIN_BRANCH.to_owned(),
                snapshot_id: base.metadata.current_snapshot_id(),
            },
        ];
        let url = format!("{}/tables/{table}", self.namespace());
        let body = json!({
            "identifier": { "namespace": [NAMESPACE], "name": table },
            "requirements": requirements,
            "updates": updates,
        });
        let reply = match self.0.send(|http| http.post(&url).json(&body)).await {
            Ok(reply) => reply,
            Err(error @ Error::CatalogUnreachable { sent: true, .. }) => {
                return Ok(CommitOutcome::Unknown(error));
            }
            Err(error) => return Err(error),
        };
        let what = || format!("to commit to {table}");
        match reply.status {
            // An unreadable answer does not say whether the commit succeeded.
            StatusCode::OK => Ok(match self.table(table, reply) {
                Ok(loaded) => CommitOutcome::Committed(Box::new(loaded.into())),
                Err(error) => CommitOutcome::Unknown(error),
            }),
            StatusCode::CONFLICT => Ok(CommitOutcome::Conflict),
            status if status.is_server_error() => Ok(CommitOutcome::Unknown(self.0.refused(&what(), &reply))),
            _ => Err(self.0.refused(&what(), &reply)),
        }
    }

    fn namespace(&self) -> String {
        format!("{}/namespaces/{NAMESPACE}", self.0.base)
    }
}

impl From<RestTable> for CommittedTable {
    fn from(table: RestTable) -> Self {
        Self {
            location: table.location,
            metadata: table.metadata,
            etag: table.etag,
        }
    }
}

impl Inner {
    /// Sends a request with the token. If it is refused with 401 and the token can be renewed, sends it again with a
    /// new one.
    async fn send(&self, request: impl Fn(&reqwest::Client) -> RequestBuilder) -> Result<Reply> {
        let reply = self.send_once(&request).await?;
        if reply.status != StatusCode::UNAUTHORIZED || self.lake.catalog_credential.is_none() {
            return Ok(reply);
        }
        *self.token.lock().await = None;
        self.send_once(&request).await
    }

    async fn send_once(&self, request: impl Fn(&reqwest::Client) -> RequestBuilder) -> Result<Reply> {
        let mut request = request(&self.http);
        if let Some(token) = self.token().await? {
            request = request.bearer_auth(token.reveal());
        }
        self.answer(request).await
    }

    async fn answer(&self, request: RequestBuilder) -> Result<Reply> {
        let failed = |error| unreachable(self.lake.catalog_uri.as_deref().unwrap_or_default(), &error);
        let response = request.send().await.map_err(failed)?;
        let etag = response.headers().get(header::ETAG);
        Ok(Reply {
            status: response.status(),
            etag: etag.and_then(|etag| Some(etag.to_str().ok()?.to_owned())),
            body: response.bytes().await.map_err(failed)?.into(),
        })
    }

    /// Returns the bearer token to send. Requests a new one if the last one is about to expire.
    async fn token(&self) -> Result<Option<Secret>> {
        #[derive(Deserialize)]
        struct Granted {
            access_token: String,
            #[serde(default)]
            expires_in: Option<u64>,
        }
        let Some(credential) = &self.lake.catalog_credential else {
            return Ok(self.lake.catalog_token.clone());
        };
        let mut token = self.token.lock().await;
        if let Some(token) = token.as_ref().filter(|token| Instant::now() < token.renew_at) {
            return Ok(Some(token.text.clone()));
        }
        // A credential without a colon is a secret without a client id.
        let (id, secret) = credential
            .reveal()
            .split_once(':')
            .unwrap_or(("", credential.reveal()));
        let mut form = vec![
            ("grant_type", "client_credentials"),
            ("client_secret", secret),
            ("scope", &self.lake.catalog_scope),
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
        let text: Secret = granted.access_token.parse().unwrap_or_default();
        *token = Some(Token {
            text: text.clone(),
            renew_at: Instant::now() + lifetime.saturating_sub((lifetime / 2).min(Duration::from_secs(60))),
        });
        Ok(Some(text))
    }

    fn parse<T: DeserializeOwned>(&self, what: &str, reply: &Reply) -> Result<T> {
        serde_json::from_slice(&reply.body).map_err(|error| Error::CatalogAnswer {
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
        let token = match &self.lake.catalog_credential {
            Some(_) => "check LAKEFRONT_CATALOG_CREDENTIAL and what that client may do",
            None => "check LAKEFRONT_CATALOG_TOKEN: is it there, still valid, and may it do that?",
        };
        Error::CatalogAnswer {
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
    Error::CatalogUnreachable {
        uri: uri.to_owned(),
        reason,
        sent: !error.is_connect() && !error.is_builder(),
    }
}
