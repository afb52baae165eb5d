//! The last request of which something was lost, for `/health`.

use std::sync::{Arc, Mutex, PoisonError};

use serde::Serialize;

use crate::{
    otlp::{PartialSuccess, Signal},
    pipeline::now,
};

/// A request that was taken without some of its records or values.
#[derive(Clone, Debug, Serialize)]
pub struct Loss {
    /// When, RFC 3339.
    at: String,
    /// Path that it was sent to.
    path: &'static str,
    /// Records that were rejected.
    rejected_records: u64,
    /// Values that were changed or left out in the others.
    changed_values: u64,
    /// What the sender was told: it names the first records and values.
    message: String,
}

/// The last loss since the start.
#[derive(Clone, Debug, Default)]
pub struct LastLoss(Arc<Mutex<Option<Loss>>>);

impl LastLoss {
    /// Keeps a loss in place of the one before.
    pub fn set(&self, signal: Signal, partial: &PartialSuccess, changed_values: u64) {
        let loss = Loss {
            at: now(),
            path: signal.path(),
            rejected_records: partial.rejected,
            changed_values,
            message: partial.reason.clone(),
        };
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(loss);
    }

    /// Returns the last loss.
    pub fn get(&self) -> Option<Loss> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
