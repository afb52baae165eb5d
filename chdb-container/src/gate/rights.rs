/// Which statements a caller may run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rights {
    /// Whether tables of [`super::DATABASE`] may be made, changed and filled; else they may be read.
    pub write: bool,
    /// Whether the lake's files may be read by `file()` and `icebergLocal()`.
    pub files: bool,
}

impl Rights {
    /// Reading tables.
    pub const READ: Self = Self {
        write: false,
        files: false,
    };

    /// Reading and writing tables, and reading files.
    pub const WRITE: Self = Self {
        write: true,
        files: true,
    };
}
