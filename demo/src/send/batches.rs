//! Collects items into batches of one request.

use std::sync::Mutex;

/// The number of items in a full batch, which is a few hundred kilobytes of OTLP.
const FULL: usize = 2_000;

/// The items of the next batch.
#[derive(Debug)]
pub(super) struct Batches<T>(Mutex<Vec<T>>);

impl<T> Default for Batches<T> {
    fn default() -> Self {
        Self(Mutex::new(Vec::new()))
    }
}

impl<T> Batches<T> {
    /// Adds an item. Returns the batch if it is full now.
    pub(super) fn add(&self, item: T) -> Option<Vec<T>> {
        let mut items = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        items.push(item);
        (items.len() >= FULL).then(|| std::mem::take(&mut *items))
    }

    /// Removes and returns the items of the incomplete batch, or `None` if there are none.
    pub(super) fn rest(&self) -> Option<Vec<T>> {
        let mut items = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        (!items.is_empty()).then(|| std::mem::take(&mut *items))
    }
}
