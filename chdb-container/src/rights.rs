//! The rights of a caller.

/// The statements a caller may run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rights {
    /// True if tables of [`crate::DATABASE`] may be created, changed and filled; false if they may only be read.
    pub write: bool,
    /// True if the lake's files may be read by `file()` and `icebergLocal()`.
    pub files: bool,
}

impl Rights {
    /// The right to read tables.
    pub const READ: Self = Self {
        write: false,
        files: false,
    };

    /// The rights to read and write tables, and to read files.
    pub const WRITE: Self = Self {
        write: true,
        files: true,
    };
}
