use std::future::Future;
use std::sync::Arc;

use opentelemetry_sdk::error::OTelSdkResult;
use tokio::runtime::Handle;
use tokio::sync::Semaphore;

use super::tally::{Signal, Tally};

/// Batches on their way: a few at a time, and whoever makes the next one waits.
///
/// The SDK's own batch processors drop records when their queue is full, which is right for a program that has
/// something better to do than telemetry. This one has not.
#[derive(Debug, Clone)]
pub(super) struct Outbox {
    runtime: Handle,
    places: Arc<Semaphore>,
    tally: Arc<Tally>,
}

/// Batches that may be in flight at once.
const IN_FLIGHT: u32 = 4;

impl Outbox {
    pub(super) fn new(runtime: Handle, tally: Arc<Tally>) -> Self {
        Self {
            runtime,
            places: Arc::new(Semaphore::new(IN_FLIGHT as usize)),
            tally,
        }
    }

    /// Waits for a place, then exports in the background. Not to be called from async code.
    pub(super) fn put(
        &self,
        signal: Signal,
        items: usize,
        export: impl Future<Output = OTelSdkResult> + Send + 'static,
    ) {
        let Ok(place) = self.runtime.block_on(Arc::clone(&self.places).acquire_owned()) else {
            return;
        };
        let tally = Arc::clone(&self.tally);
        self.runtime.spawn(async move {
            match export.await {
                Ok(()) => tally.accept(signal, items as u64),
                Err(error) => tally.fail(format!("{items} {signal:?} not sent: {error}")),
            }
            drop(place);
        });
    }

    /// Waits until every batch has arrived or failed.
    pub(super) fn wait(&self) {
        drop(self.runtime.block_on(self.places.acquire_many(IN_FLIGHT)));
    }
}
