//! The tables of a lake on an S3 store behind a REST catalog.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use lakefront_lake::{RestCatalog, RestCatalogConfig, RestTable};
use tokio::runtime::Handle;
use tokio::task::JoinSet;

/// The time for which an answer of the catalog counts as current. The queries of one page arrive together and cause one
/// request.
const FRESH: Duration = Duration::from_secs(1);
/// The time that queries wait for the catalog before they use its last answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// The time without requests to the catalog after a failed one.
const PAUSE: Duration = Duration::from_secs(5);

/// A client of the catalog, which limits how often requests are sent.
pub struct Remote {
    lake: RestCatalogConfig,
    runtime: Handle,
    last: Mutex<Last>,
    /// The error of the last request, if it failed. `last` stays locked during a request, this field does not.
    error: Mutex<Option<String>>,
}

#[derive(Default)]
struct Last {
    catalog: Option<RestCatalog>,
    /// The time from which the next request may be sent; `None` for at once.
    next: Option<Instant>,
}

/// A table that the catalog lists.
pub struct Seen {
    pub name: &'static str,
    /// The new state; `None` if the caller's state is still current.
    pub table: Option<RestTable>,
}

impl Remote {
    /// Returns a client by configuration. Requests to the catalog run on `runtime`.
    pub fn new(lake: RestCatalogConfig, runtime: Handle) -> Self {
        Self {
            lake,
            runtime,
            last: Mutex::default(),
            error: Mutex::default(),
        }
    }

    /// Returns the catalog's address.
    pub fn name(&self) -> &str {
        self.lake.catalog_uri.as_deref().unwrap_or_default()
    }

    /// Returns true if the catalog issues the keys of the store.
    pub fn gives_keys(&self) -> bool {
        self.lake.s3_access_key_id.is_none()
    }

    /// Lets the next [`Remote::look`] send a request, however recent the last one was.
    pub fn look_again(&self) {
        self.last.lock().unwrap_or_else(PoisonError::into_inner).next = None;
    }

    /// Requests the tables of the catalog. Returns `None` if the last request is too recent, or if the catalog does not
    /// answer. `known` returns the ETag of the caller's state of a table. Blocks for up to [`PATIENCE`].
    pub fn look(&self, known: impl Fn(&str) -> Option<String>) -> Option<Vec<Seen>> {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if last.next.is_some_and(|next| Instant::now() < next) {
            return None;
        }
        let began = Instant::now();
        let catalog = last.catalog.clone();
        let etags: Vec<_> = lakefront_otel::tables()
            .iter()
            .map(|table| (table.name, known(table.name)))
            .collect();
        let asking = async { tokio::time::timeout(PATIENCE, ask(&self.lake, catalog, etags)).await };
        let asked = match self.runtime.block_on(asking) {
            Ok(asked) => asked.map_err(|error| error.to_string()),
            Err(_) => Err(format!(
                "the catalog did not answer within {} s",
                PATIENCE.as_secs()
            )),
        };
        match asked {
            Ok((catalog, seen)) => {
                last.next = Some(began + FRESH);
                last.catalog = Some(catalog);
                self.note(None);
                Some(seen)
            }
            Err(error) => {
                tracing::warn!(error, "the catalog");
                last.next = Some(Instant::now() + PAUSE);
                self.note(Some(error));
                None
            }
        }
    }

    /// Returns the error of the last request, if it failed. Does not wait for the catalog.
    pub fn error(&self) -> Option<String> {
        self.error.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn note(&self, error: Option<String>) {
        *self.error.lock().unwrap_or_else(PoisonError::into_inner) = error;
    }
}

async fn ask(
    lake: &RestCatalogConfig,
    catalog: Option<RestCatalog>,
    etags: Vec<(&'static str, Option<String>)>,
) -> lakefront_lake::Result<(RestCatalog, Vec<Seen>)> {
    let catalog = match catalog {
        Some(catalog) => catalog,
        None => RestCatalog::connect(lake).await?,
    };
    let mut asked = JoinSet::new();
    for (name, etag) in etags {
        let catalog = catalog.clone();
        asked.spawn(async move {
            let table = catalog.load(name, etag.as_deref()).await?;
            Ok::<_, lakefront_lake::Error>(table.map(|table| Seen { name, table }))
        });
    }
    let mut seen = Vec::new();
    while let Some(table) = asked.join_next().await {
        seen.extend(table??);
    }
    Ok((catalog, seen))
}
