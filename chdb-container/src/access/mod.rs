//! Users, their passwords and what they may do: `clickhouse/access.toml`, which a real server gets as `users.d`.

mod file;

use std::collections::BTreeMap;
use std::sync::Arc;

use lakefront_clickhouse_http::Credentials;

use crate::config::Limits;
use crate::gate::{DATABASE, Rights};
use crate::settings::Settings;
use crate::{Error, settings};

/// The file this program was built with.
const BUILT_IN: &str = include_str!("../../../clickhouse/access.toml");

/// The shortest password.
const SHORTEST: usize = 16;

/// What a caller's statements may do and use.
#[derive(Debug, Clone)]
pub struct Profile {
    /// Which statements run.
    pub rights: Rights,
    /// The settings they start from.
    pub settings: Settings,
    /// Rows of a result; more are cut.
    pub max_result_rows: u64,
    /// Bytes of a reply.
    pub max_result_bytes: u64,
}

/// Every user.
pub struct Access(BTreeMap<String, User>);

struct User {
    profile: Arc<Profile>,
    /// None: whoever reaches this process.
    password: Option<String>,
}

/// A user whose credentials were right.
#[derive(Debug, Clone)]
pub struct Entered {
    /// The user's name.
    pub name: String,
    /// What it may do.
    pub profile: Arc<Profile>,
    /// Whether a password proved it.
    pub has_password: bool,
}

/// A file of users that can't be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AccessError {
    /// Not the shape that is expected.
    #[error("{0}")]
    Shape(#[from] toml::de::Error),
    /// A database that is not here.
    #[error("user {user}: databases must be [\"{DATABASE}\"] here")]
    Databases {
        /// The user.
        user: String,
    },
    /// A password that can be guessed.
    #[error("{variable} holds fewer than {SHORTEST} characters")]
    ShortPassword {
        /// The environment variable.
        variable: String,
    },
}

impl Profile {
    /// Anybody who may read the lake.
    pub fn lake(limits: &Limits) -> Self {
        Self {
            rights: Rights::READ,
            settings: settings::base(limits),
            max_result_rows: limits.max_result_rows,
            max_result_bytes: limits.max_result_bytes,
        }
    }
}

impl Access {
    /// Reads a file's text, or the one built in. `variable` looks passwords up.
    ///
    /// # Errors
    /// [`AccessError`].
    pub fn read(
        text: Option<&str>,
        limits: &Limits,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, AccessError> {
        let file: file::File = toml::from_str(text.unwrap_or(BUILT_IN))?;
        let users = file.users.into_iter().map(|(name, user)| {
            if user.databases != [DATABASE] {
                return Err(AccessError::Databases { user: name });
            }
            let password = variable(&user.password).filter(|password| !password.is_empty());
            if password
                .as_ref()
                .is_some_and(|password| password.chars().count() < SHORTEST)
            {
                return Err(AccessError::ShortPassword {
                    variable: user.password,
                });
            }
            let profile = Arc::new(user.profile(limits));
            Ok((name, User { profile, password }))
        });
        Ok(Self(users.collect::<Result<_, _>>()?))
    }

    /// Users that need no password.
    pub fn without_password(&self) -> Vec<&str> {
        let open = self.0.iter().filter(|(_, user)| user.password.is_none());
        open.map(|(name, _)| name.as_str()).collect()
    }

    /// Returns the user of these credentials.
    ///
    /// # Errors
    /// [`Error::WrongPassword`], also for unknown users.
    pub fn enter(&self, credentials: Option<&Credentials>) -> Result<Entered, Error> {
        let credentials = credentials.cloned().unwrap_or_default();
        // As in ClickHouse.
        let name = match credentials.user.as_str() {
            "" => "default",
            name => name,
        };
        let user = self.0.get(name);
        let expected = user.map_or("", |user| user.password.as_deref().unwrap_or_default());
        // A user without a password takes none, so that a forgotten variable shows.
        let is_right = is_same(credentials.password.as_bytes(), expected.as_bytes());
        match user {
            Some(user) if is_right => Ok(Entered {
                name: name.into(),
                profile: Arc::clone(&user.profile),
                has_password: user.password.is_some(),
            }),
            _ => Err(Error::WrongPassword { user: name.into() }),
        }
    }
}

/// Takes as long for a near miss as for a far one.
pub fn is_same(left: &[u8], right: &[u8]) -> bool {
    left.len() == right.len()
        && left
            .iter()
            .zip(right)
            .fold(0, |differences, (left, right)| differences | (left ^ right))
            == 0
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use lakefront_clickhouse_http::Credentials;

    use super::Access;
    use crate::Config;

    const PASSWORD: &str = "sixteen letters!";

    fn read(text: Option<&str>, password: Option<&str>) -> Result<Access, String> {
        let config = Config::parse_from(["x", "--data-dir", "/"]);
        Access::read(text, &config.limits, |_| password.map(str::to_owned)).map_err(|error| error.to_string())
    }

    fn enter(access: &Access, user: &str, password: &str) -> Option<bool> {
        let credentials = Credentials {
            user: user.into(),
            password: password.into(),
        };
        let entered = access.enter(Some(&credentials)).ok()?;
        assert_eq!(entered.has_password, !password.is_empty());
        Some(entered.profile.rights.write)
    }

    #[test]
    fn who_may_what() {
        let access = read(None, Some(PASSWORD)).expect("the built-in file");
        assert_eq!(access.without_password(), Vec::<&str>::new());
        assert_eq!(enter(&access, "router", PASSWORD), Some(false));
        assert_eq!(enter(&access, "sync", PASSWORD), Some(true));
        for (user, password) in [
            ("sync", ""),
            ("sync", "sixteen letters?"),
            ("default", PASSWORD),
            ("", PASSWORD),
            ("nobody", ""),
        ] {
            assert_eq!(enter(&access, user, password), None, "{user}");
        }
        assert!(access.enter(None).is_err());
    }

    #[test]
    fn without_passwords() {
        let access = read(None, None).expect("the built-in file");
        assert_eq!(access.without_password(), ["router", "sync"]);
        assert_eq!(enter(&access, "router", ""), Some(false));
        assert_eq!(
            enter(&access, "router", PASSWORD),
            None,
            "a password nobody expects"
        );
        assert_eq!(enter(&access, "nobody", ""), None);
    }

    #[test]
    fn what_is_refused() {
        assert!(read(None, Some("short")).is_err());
        for text in [
            "[users.x]",
            "[users.x]\npassword='A'\naccess='all'\ndatabases=['otel']",
            "[users.x]\npassword='A'\naccess='read'\ndatabases=['default']",
            "[users.x]\npassword='A'\naccess='read'\ndatabases=['otel']\nlimits={max_threads='many'}",
        ] {
            assert!(read(Some(text), None).is_err(), "{text}");
        }
    }
}
