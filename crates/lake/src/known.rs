use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

/// What was last read from, or written to, files that never change.
#[derive(Debug)]
pub(crate) struct Known<T> {
    capacity: usize,
    files: Mutex<VecDeque<(String, Arc<[T]>)>>,
}

impl<T> Known<T> {
    /// Remembers so many files.
    pub(crate) fn new(capacity: usize) -> Self {
        Self {
            capacity,
            files: Mutex::default(),
        }
    }

    /// What the file at that location holds.
    pub(crate) fn find(&self, location: &str) -> Option<Arc<[T]>> {
        let files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        let (_, content) = files.iter().rev().find(|(known, _)| known == location)?;
        Some(Arc::clone(content))
    }

    /// Remembers it in place of what was remembered the longest.
    pub(crate) fn remember(&self, location: &str, content: &Arc<[T]>) {
        let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        if files.len() == self.capacity {
            files.pop_front();
        }
        files.push_back((location.to_owned(), Arc::clone(content)));
    }
}
