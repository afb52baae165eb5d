use std::collections::BTreeMap;

use crate::Param;

/// One statement for an engine.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Statement {
    /// The text, with placeholders such as `{from:DateTime64(6)}`.
    pub sql: String,
    /// Values of the placeholders.
    pub params: BTreeMap<String, Param>,
    /// Settings of this statement alone, such as `max_execution_time`.
    pub settings: BTreeMap<String, String>,
    /// How many rows are welcome; more are cut, and the answer says so.
    pub max_rows: Option<u64>,
}

impl Statement {
    /// A statement without parameters.
    pub fn new(sql: impl Into<String>) -> Self {
        Self {
            sql: sql.into(),
            ..Self::default()
        }
    }

    /// Gives a placeholder its value.
    #[must_use]
    pub fn param(mut self, name: impl Into<String>, value: impl Into<Param>) -> Self {
        self.params.insert(name.into(), value.into());
        self
    }

    /// Sets a setting.
    #[must_use]
    pub fn setting(mut self, name: impl Into<String>, value: impl ToString) -> Self {
        self.settings.insert(name.into(), value.to_string());
        self
    }

    /// Bounds the rows of the answer.
    #[must_use]
    pub fn max_rows(mut self, rows: u64) -> Self {
        self.max_rows = Some(rows);
        self
    }
}
