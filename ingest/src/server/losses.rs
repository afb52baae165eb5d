//! The last request that lost records or values, for `/health`.

use std::sync::{Arc, Mutex, PoisonError};

use serde::Serialize;

use crate::{
    otlp::{PartialSuccess, Signal},
    pipeline::now,
};

/// A request that was accepted without some of its records or values.
#[derive(Clone, Debug, Serialize)]
pub struct Loss {
    /// Time of the request, RFC 3339.
    at: String,
    /// Path of the request.
    path: &'static str,
    /// Number of rejected records.
    rejected_records: u64,
    /// Number of values that were changed or left out in the accepted records.
    changed_values: u64,
    /// The message in the answer, which names the first records and values.
    message: String,
}

/// The last loss since the start.
#[derive(Clone, Debug, Default)]
pub struct LastLoss(Arc<Mutex<Option<Loss>>>);

impl LastLoss {
    /// Replaces the last loss.
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
