/// What is sent to an engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// The text, with typed placeholders such as `{user_id:String}`.
    pub sql: String,
    /// Values of the placeholders: plain text, escaped by whoever carries them.
    pub params: Vec<(String, String)>,
    /// Settings of the engine for this statement alone.
    pub settings: Vec<(String, String)>,
}
