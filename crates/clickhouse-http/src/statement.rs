//! A statement to send to an engine.

use crate::Param;

/// The form of an answer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Format {
    /// Rows, which [`crate::Answer::read`] parses.
    #[default]
    Rows,
    /// A Parquet file, which stays as the engine wrote it.
    Parquet,
}

impl Format {
    /// Returns the engine's name of the format.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rows => "JSONCompact",
            Self::Parquet => "Parquet",
        }
    }
}

/// A statement with its parameters and settings.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Statement {
    /// The SQL text, with placeholders such as `{from:DateTime64(6)}`.
    pub sql: String,
    /// Names and values of the placeholders.
    pub params: Vec<(String, Param)>,
    /// Names and values of settings of this statement alone, such as `max_execution_time`.
    pub settings: Vec<(String, String)>,
    /// The most rows of the answer. A longer answer is cut and marked as truncated.
    pub max_rows: Option<u64>,
    /// The id by which the statement can be stopped while it runs. Without one the engine assigns an id.
    pub query_id: Option<String>,
    /// The form of the answer.
    pub format: Format,
}

impl Statement {
    /// Returns a statement without parameters.
    pub fn new(sql: impl Into<String>) -> Self {
        Self {
            sql: sql.into(),
            ..Self::default()
        }
    }

    /// Adds the value of a placeholder.
    #[must_use]
    pub fn param(mut self, name: impl Into<String>, value: impl Into<Param>) -> Self {
        self.params.push((name.into(), value.into()));
        self
    }

    /// Adds a setting.
    #[must_use]
    pub fn setting(mut self, name: impl Into<String>, value: impl ToString) -> Self {
        self.settings.push((name.into(), value.to_string()));
        self
    }

    /// Limits the rows of the answer.
    #[must_use]
    pub fn max_rows(mut self, rows: u64) -> Self {
        self.max_rows = Some(rows);
        self
    }
}
