use std::sync::Mutex;

/// Items in one request at most: a few hundred kilobytes of OTLP.
const FULL: usize = 2_000;

/// Items on their way into a batch.
#[derive(Debug)]
pub(super) struct Batches<T>(Mutex<Vec<T>>);

impl<T> Default for Batches<T> {
    fn default() -> Self {
        Self(Mutex::new(Vec::new()))
    }
}

impl<T> Batches<T> {
    /// Adds an item; the batch that is now full, if it is.
    pub(super) fn add(&self, item: T) -> Option<Vec<T>> {
        let mut items = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        items.push(item);
        (items.len() >= FULL).then(|| std::mem::take(&mut *items))
    }

    /// What is left, if anything.
    pub(super) fn rest(&self) -> Option<Vec<T>> {
        let mut items = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        (!items.is_empty()).then(|| std::mem::take(&mut *items))
    }
}
