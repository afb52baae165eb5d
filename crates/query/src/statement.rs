//! The statement that an engine runs.

/// A SQL statement for an engine, with its parameters and settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// The text, with typed placeholders such as `{user_id:String}`.
    pub sql: String,
    /// Names and values of the placeholders. The values are plain text; the transport escapes them.
    pub params: Vec<(String, String)>,
    /// Names and values of engine settings for this statement only.
    pub settings: Vec<(String, String)>,
}
