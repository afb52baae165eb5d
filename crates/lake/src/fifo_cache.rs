//! A bounded cache of the content of files that never change.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

/// A cache of the content of the last `CAPACITY` files that were read or written, by location.
#[derive(Debug)]
pub(crate) struct FifoCache<T, const CAPACITY: usize>(Mutex<VecDeque<(String, Arc<[T]>)>>);

impl<T, const CAPACITY: usize> Default for FifoCache<T, CAPACITY> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T, const CAPACITY: usize> FifoCache<T, CAPACITY> {
    /// Returns the cached content of the file at that location.
    pub(crate) fn get(&self, location: &str) -> Option<Arc<[T]>> {
        let files = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (_, content) = files.iter().rev().find(|(cached, _)| cached == location)?;
        Some(Arc::clone(content))
    }

    /// Adds the content of a file. A full cache drops its oldest entry first.
    pub(crate) fn insert(&self, location: &str, content: &Arc<[T]>) {
        let mut files = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if files.len() == CAPACITY {
            files.pop_front();
        }
        files.push_back((location.to_owned(), Arc::clone(content)));
    }
}
