use std::collections::BTreeMap;

use serde::Deserialize;

use super::Profile;
use crate::config::Limits;
use crate::gate::Rights;
use crate::settings;

/// `access.toml`. Its own head says what the fields mean.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct File {
    pub users: BTreeMap<String, User>,
}

/// A user in it.
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
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Access {
    Read,
    Write,
}

impl User {
    /// What is not limited here is by the program's own limits.
    pub fn profile(&self, limits: &Limits) -> Profile {
        let limit = |name: &str, otherwise: u64| self.limits.get(name).copied().unwrap_or(otherwise);
        let max_result_rows = limit("max_result_rows", limits.max_result_rows);
        let mut settings = match self.access {
            Access::Read => settings::base(limits),
            Access::Write => settings::writer(limits),
        };
        for (name, value) in &self.limits {
            match name.as_str() {
                // The engine would refuse the result; ours is cut and says so.
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
