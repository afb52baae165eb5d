//! The batches in flight, with a limit on their number.

use std::future::Future;
use std::sync::Arc;

use opentelemetry_sdk::error::OTelSdkResult;
use tokio::runtime::Handle;
use tokio::sync::Semaphore;

use super::tally::{Signal, Tally};

/// Sends batches in the background, a few at a time. The producer of the next batch waits for a free place.
///
/// The SDK's own batch processors drop records when their queue is full. That suits a program whose main work is not
/// telemetry. This program has no other work, so it waits.
#[derive(Debug, Clone)]
pub(super) struct Outbox {
    runtime: Handle,
    places: Arc<Semaphore>,
    tally: Arc<Tally>,
}

/// The largest number of batches in flight.
const IN_FLIGHT: u32 = 4;

impl Outbox {
    pub(super) fn new(runtime: Handle, tally: Arc<Tally>) -> Self {
        Self {
            runtime,
            places: Arc::new(Semaphore::new(IN_FLIGHT as usize)),
            tally,
        }
    }

    /// Waits for a free place, then exports in the background. The wait blocks the thread, so async code must not call
    /// this.
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

    /// Waits until every batch was delivered or has failed.
    pub(super) fn wait(&self) {
        drop(self.runtime.block_on(self.places.acquire_many(IN_FLIGHT)));
    }
}
