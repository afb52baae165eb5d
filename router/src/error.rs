use thiserror::Error;

/// What is wrong with the Worker's configuration.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// There is no engine at all.
    #[error(
        "CHDB_URL is not set and there is no CHDB_CONTAINER binding: set one of them, e.g. CHDB_URL=http://127.0.0.1:8686"
    )]
    NoEngine,
    /// A variable is not the address of a server.
    #[error("{name} is not an address such as http://127.0.0.1:8686: {problem}")]
    Url {
        /// The variable.
        name: &'static str,
        /// What is wrong with it.
        problem: String,
    },
    /// A variable cannot be a secret.
    #[error("{name} must be at least 16 visible ASCII characters; `openssl rand -hex 32` makes one")]
    Secret {
        /// The variable.
        name: &'static str,
    },
}
