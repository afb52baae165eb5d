//! The shape of `access.toml`, and the profile of each user in it.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::Profile;
use crate::config::Limits;
use crate::rights::Rights;
use crate::settings;

/// The content of `access.toml`. The comment at the top of that file describes the fields.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct File {
    pub users: BTreeMap<String, User>,
}

/// A user of the file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct User {
    /// The environment variable that holds the password.
    pub password: String,
    pub databases: Vec<String>,
    access: Access,
    #[serde(default)]
    files: bool,
    #[serde(default)]
    limits: BTreeMap<String, u64>,
    /// For a real server. This one listens on loopback, unless its operator decides otherwise.
    #[serde(default, rename = "networks")]
    _networks: IgnoredAny,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Access {
    Read,
    Write,
}

impl User {
    /// Returns the user's profile. A limit that the file leaves out is the program's own.
    pub fn profile(&self, limits: &Limits) -> Profile {
        let limit = |name: &str, otherwise: u64| self.limits.get(name).copied().unwrap_or(otherwise);
        let max_result_rows = limit("max_result_rows", limits.max_result_rows);
        let mut settings = match self.access {
            Access::Read => settings::base(limits, settings::Listed::Copies),
            Access::Write => settings::writer(limits),
        };
        for (name, value) in &self.limits {
            match name.as_str() {
                // With `max_result_rows` the engine would refuse the result. With `limit` it is cut, and the reply says
                // so.
                "max_result_rows" if self.access == Access::Read => {
                    settings.insert("limit".into(), max_result_rows.saturating_add(1).to_string());
                }
                "max_result_rows" | "max_result_bytes" => {}
                _ => drop(settings.insert(name.clone(), value.to_string())),
            }
        }
        Profile {
            rights: Rights {
                write: self.access == Access::Write,
                files: self.files,
            },
            settings,
            max_result_rows,
            max_result_bytes: limit("max_result_bytes", limits.max_result_bytes),
        }
    }
}
