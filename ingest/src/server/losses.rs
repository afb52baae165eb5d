//! The last request that lost records or values, for `/health`.

use std::sync::{Arc, Mutex, PoisonError};

use lakefront_api::IngestLoss;
use lakefront_otel::decode::Signal;

use lakefront_otlp::PartialSuccess;

use crate::time::now;

/// The last loss since the start.
#[derive(Clone, Debug, Default)]
pub struct LastLoss(Arc<Mutex<Option<IngestLoss>>>);

impl LastLoss {
    /// Replaces the last loss.
    pub fn set(&self, signal: Signal, partial: &PartialSuccess, changed_values: u64) {
        let loss = IngestLoss {
            at: now(),
            path: signal.path().to_owned(),
            rejected_records: partial.rejected,
            changed_values,
            message: partial.reason.clone(),
        };
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(loss);
    }

    /// Returns the last loss.
    pub fn get(&self) -> Option<IngestLoss> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
