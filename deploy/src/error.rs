//! Errors of planning and deploying.

use std::path::PathBuf;

use thiserror::Error;

/// An error of planning or deploying. Each message says what to do.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum Error {
    /// The file cannot be read.
    #[error("cannot read {}: {cause}", .file.display())]
    Read {
        /// The file.
        file: PathBuf,
        /// The cause.
        cause: std::io::Error,
    },
    /// The file is not valid TOML, or has an unknown or missing key.
    #[error("{file}: {cause}")]
    Toml {
        /// The file.
        file: String,
        /// The cause, with the line.
        cause: Box<toml::de::Error>,
    },
    /// A value is not valid.
    #[error("{key}: {problem}")]
    Value {
        /// The key, such as `bucket.name`.
        key: String,
        /// The value's problem, and what is expected.
        problem: String,
    },
    /// A secret has to be set, and no environment variable has it.
    #[error("the secret {name} has no value: set the environment variable {variable} to {what}")]
    NoSecret {
        /// Name of the secret.
        name: &'static str,
        /// The environment variable that lakefront.toml names.
        variable: String,
        /// Meaning of the value.
        what: &'static str,
    },
    /// A secret is too short, or has characters that no header may have.
    #[error(
        "the environment variable {variable} is no value for {name}: expected 16 or more visible ASCII characters"
    )]
    BadSecret {
        /// Name of the secret.
        name: &'static str,
        /// The environment variable that lakefront.toml names.
        variable: String,
    },
    /// There is no such secret to rotate.
    #[error("--rotate {name}: this system has no such secret; it has {known}")]
    NotASecret {
        /// The name that was given.
        name: String,
        /// The names of all secrets.
        known: String,
    },
    /// The keys of senders have no names, or other names than in the file.
    #[error(
        "the variable {variable} has not all keys of landing.keys; expected NAME=KEY for each of {expected}, separated by commas"
    )]
    KeyNames {
        /// The environment variable.
        variable: String,
        /// The names in the file.
        expected: String,
    },
    /// The Worker has keys of other names than the file, and no API returns them.
    #[error(
        "lakefront.toml names the keys {wanted}, and the Worker has {found}; run again with --rotate INGEST_KEYS, which takes NAME=KEY for each, \
         separated by commas, from the environment variable {variable}, or else makes new keys for all senders"
    )]
    OtherKeyNames {
        /// The names in the file.
        wanted: String,
        /// The names that the Worker has.
        found: String,
        /// The environment variable.
        variable: String,
    },
    /// A token of an API is missing.
    #[error("set the environment variable {0}")]
    NoToken(&'static str),
    /// The API refused a call, or could not be reached.
    #[error("{doing}: {problem}; {advice}")]
    Api {
        /// The purpose of the call.
        doing: String,
        /// The status with the API's code and message, or the failure of the connection.
        problem: String,
        /// The status, if there was an answer.
        status: Option<u16>,
        /// The next step.
        advice: String,
    },
    /// An external program failed or is missing.
    #[error("{doing}: {problem}")]
    Program {
        /// The purpose.
        doing: String,
        /// The exit status, or the reason why it did not start.
        problem: String,
    },
    /// The name that was typed is not the system's.
    #[error("nothing was removed: {0:?} is not the name of this system")]
    NotConfirmed(String),
}

impl Error {
    /// Returns an error about a value of the file.
    pub(crate) fn value(key: impl Into<String>, problem: impl Into<String>) -> Self {
        Self::Value {
            key: key.into(),
            problem: problem.into(),
        }
    }
}

/// The result of this crate's functions.
pub type Result<T, E = Error> = std::result::Result<T, E>;
