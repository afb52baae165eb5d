use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

/// What was last read from, or written to, files that never change: the content of `FILES` of them.
#[derive(Debug)]
pub(crate) struct Known<T, const FILES: usize>(Mutex<VecDeque<(String, Arc<[T]>)>>);

impl<T, const FILES: usize> Default for Known<T, FILES> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T, const FILES: usize> Known<T, FILES> {
    /// What the file at that location holds.
    pub(crate) fn find(&self, location: &str) -> Option<Arc<[T]>> {
        let files = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (_, content) = files.iter().rev().find(|(known, _)| known == location)?;
        Some(Arc::clone(content))
    }

    /// Remembers it in place of what was remembered the longest.
    pub(crate) fn remember(&self, location: &str, content: &Arc<[T]>) {
        let mut files = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if files.len() == FILES {
            files.pop_front();
        }
        files.push_back((location.to_owned(), Arc::clone(content)));
    }
}
