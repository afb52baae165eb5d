//! Tables on an S3 store behind a REST catalog.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use lakefront_lake::{RemoteLake, RestCatalog, RestTable};
use tokio::runtime::Handle;
use tokio::task::JoinSet;

/// For how long what the catalog said is taken for what it says: a page's queries come at once and ask it once.
const FRESH: Duration = Duration::from_secs(1);
/// How long queries wait for it before they go on with what it said last, and for how long it is then left alone.
const PATIENCE: Duration = Duration::from_secs(5);
const PAUSE: Duration = Duration::from_secs(5);

/// The catalog, and what it said last.
pub struct Remote {
    lake: RemoteLake,
    runtime: Handle,
    last: Mutex<Last>,
    /// What was wrong with the last answer. `last` is held while the catalog is asked, this is not.
    error: Mutex<Option<String>>,
}

#[derive(Default)]
struct Last {
    catalog: Option<RestCatalog>,
    /// When it is to be asked next.
    next: Option<Instant>,
}

/// A table that the catalog has.
pub struct Seen {
    pub name: &'static str,
    /// Nothing when it is still the state that the caller knows.
    pub table: Option<RestTable>,
}

impl Remote {
    /// Of a configuration; the runtime is for requests to the catalog.
    pub fn new(lake: RemoteLake, runtime: Handle) -> Self {
        Self {
            lake,
            runtime,
            last: Mutex::default(),
            error: Mutex::default(),
        }
    }

    /// The catalog's address.
    pub fn name(&self) -> &str {
        self.lake.catalog_uri.as_deref().unwrap_or_default()
    }

    /// Whether the store's keys come from the catalog.
    pub fn gives_keys(&self) -> bool {
        self.lake.s3_access_key_id.is_none()
    }

    /// The next look asks, however short ago the last was.
    pub fn look_again(&self) {
        self.last.lock().unwrap_or_else(PoisonError::into_inner).next = None;
    }

    /// What the catalog has now; `None` when it was asked a moment ago, or does not answer. `known` is the caller's state of a
    /// table, as the catalog called it. Blocks.
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

    /// Returns what was wrong when the catalog was last asked. Does not wait for it.
    pub fn error(&self) -> Option<String> {
        self.error.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn note(&self, error: Option<String>) {
        *self.error.lock().unwrap_or_else(PoisonError::into_inner) = error;
    }
}

async fn ask(
    lake: &RemoteLake,
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
