//! The tables of a lake on an S3 store behind a REST catalog.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use lakefront_lake_catalog::{RestCatalog, RestCatalogConfig};
use tokio::runtime::Handle;
use tokio::task::JoinSet;

use super::metadata::Metadata;

/// A table as the catalog returns it.
pub type RestTable = lakefront_lake_catalog::RestTable<Metadata>;

/// The time for which an answer of the catalog counts as current. The queries of one page arrive together and cause one
/// request.
const MIN_INTERVAL: Duration = Duration::from_secs(1);
/// The time that queries wait for the catalog before they use its last answer.
const TIMEOUT: Duration = Duration::from_secs(5);
/// The time without requests to the catalog after a failed one.
const ERROR_BACKOFF: Duration = Duration::from_secs(5);

/// A client of the catalog, which limits how often requests are sent.
pub struct CatalogClient {
    lake: RestCatalogConfig,
    runtime: Handle,
    state: Mutex<ClientState>,
    /// The error of the last request, if it failed. `state` stays locked during a request, this field does not.
    error: Mutex<Option<String>>,
}

#[derive(Default)]
struct ClientState {
    catalog: Option<RestCatalog>,
    /// The time from which the next request may be sent; `None` for at once.
    next: Option<Instant>,
}

/// A table that the catalog lists.
pub struct CatalogTable {
    pub name: &'static str,
    /// The new state; `None` if the caller's state is still current.
    pub table: Option<RestTable>,
}

impl CatalogClient {
    /// Returns a client by configuration. Requests to the catalog run on `runtime`.
    pub fn new(lake: RestCatalogConfig, runtime: Handle) -> Self {
        Self {
            lake,
            runtime,
            state: Mutex::default(),
            error: Mutex::default(),
        }
    }

    /// Returns the catalog's address.
    pub fn name(&self) -> &str {
        self.lake.catalog_uri.as_deref().unwrap_or_default()
    }

    /// Returns true if the catalog issues the keys of the store.
    pub fn vends_keys(&self) -> bool {
        self.lake.s3_access_key_id.is_none()
    }

    /// Lets the next [`CatalogClient::fetch_tables`] send a request, however recent the last one was.
    pub fn skip_interval(&self) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).next = None;
    }

    /// Requests the tables of the catalog. Returns `None` if the last request is too recent, or if the catalog does not
    /// answer. `etag_of` returns the ETag of the caller's state of a table. Blocks for up to [`TIMEOUT`].
    pub fn fetch_tables(&self, etag_of: impl Fn(&str) -> Option<String>) -> Option<Vec<CatalogTable>> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.next.is_some_and(|next| Instant::now() < next) {
            return None;
        }
        let began = Instant::now();
        let catalog = state.catalog.clone();
        let etags: Vec<_> = lakefront_otel::tables()
            .iter()
            .map(|table| (table.name, etag_of(table.name)))
            .collect();
        let fetching = async { tokio::time::timeout(TIMEOUT, fetch(&self.lake, catalog, etags)).await };
        let fetched = match self.runtime.block_on(fetching) {
            Ok(fetched) => fetched.map_err(|error| error.to_string()),
            Err(_) => Err(format!(
                "the catalog did not answer within {} s",
                TIMEOUT.as_secs()
            )),
        };
        match fetched {
            Ok((catalog, tables)) => {
                state.next = Some(began + MIN_INTERVAL);
                state.catalog = Some(catalog);
                self.set_error(None);
                Some(tables)
            }
            Err(error) => {
                tracing::warn!(error, "the catalog");
                state.next = Some(Instant::now() + ERROR_BACKOFF);
                self.set_error(Some(error));
                None
            }
        }
    }

    /// Returns the error of the last request, if it failed. Does not wait for the catalog.
    pub fn error(&self) -> Option<String> {
        self.error.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set_error(&self, error: Option<String>) {
        *self.error.lock().unwrap_or_else(PoisonError::into_inner) = error;
    }
}

async fn fetch(
    lake: &RestCatalogConfig,
    catalog: Option<RestCatalog>,
    etags: Vec<(&'static str, Option<String>)>,
) -> anyhow::Result<(RestCatalog, Vec<CatalogTable>)> {
    let catalog = match catalog {
        Some(catalog) => catalog,
        None => RestCatalog::connect(lake).await?,
    };
    let mut fetched = JoinSet::new();
    for (name, etag) in etags {
        let catalog = catalog.clone();
        fetched.spawn(async move {
            let table = catalog.load(name, etag.as_deref()).await?;
            Ok::<_, lakefront_lake_catalog::Error>(table.map(|table| CatalogTable { name, table }))
        });
    }
    let mut tables = Vec::new();
    while let Some(table) = fetched.join_next().await {
        tables.extend(table??);
    }
    Ok((catalog, tables))
}
