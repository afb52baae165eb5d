//! The error of a text that is no search.

/// A fault in the text of a search, with its place.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("character {}: {message}", position + 1)]
pub struct SyntaxError {
    /// The number of characters before the fault.
    pub position: usize,
    /// One sentence that says what was expected.
    pub message: String,
}
