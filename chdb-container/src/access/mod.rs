//! The users, their passwords and their rights, from `clickhouse/access.toml`. A ClickHouse server gets the same rules
//! as `users.d`.

mod file;

use std::collections::BTreeMap;
use std::sync::Arc;

use lakefront_clickhouse_http::Credentials;
use secrecy::{ExposeSecret as _, SecretString};
use subtle::ConstantTimeEq as _;

use crate::config::Limits;
use crate::rights::Rights;
use crate::settings::Settings;
use crate::{DATABASE, Error, settings};

/// The access file built into this program.
const BUILT_IN: &str = include_str!("../../../clickhouse/access.toml");

/// The fewest characters of a password.
const MIN_PASSWORD_CHARACTERS: usize = 16;

/// The rights and limits of a caller's statements.
#[derive(Debug, Clone)]
pub struct Profile {
    /// The statements that the caller may run.
    pub rights: Rights,
    /// The settings that the caller's statements start from.
    pub settings: Settings,
    /// The most rows of a result; a longer result is cut.
    pub max_result_rows: u64,
    /// The most bytes of a reply, before compression.
    pub max_result_bytes: u64,
}

/// The users by name.
pub struct Access(BTreeMap<String, User>);

struct User {
    profile: Arc<Profile>,
    /// The password; `None` admits every caller who sends an empty password.
    password: Option<SecretString>,
}

/// A user whose credentials were valid.
#[derive(Debug, Clone)]
pub struct AuthenticatedUser {
    /// The user's name.
    pub name: String,
    /// The user's rights and limits.
    pub profile: Arc<Profile>,
    /// True if the user has a password and the caller sent it.
    pub has_password: bool,
}

/// An error in the access file, or in a password.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AccessError {
    /// The file is not TOML, or has unknown or missing fields.
    #[error("{0}")]
    Shape(#[from] toml::de::Error),
    /// A user is given other databases than the one that exists here.
    #[error("user {user}: databases must be [\"{DATABASE}\"] here")]
    Databases {
        /// The user.
        user: String,
    },
    /// A password is too short.
    #[error("{variable} holds fewer than {MIN_PASSWORD_CHARACTERS} characters")]
    ShortPassword {
        /// The environment variable that holds the password.
        variable: String,
    },
}

impl Profile {
    /// Returns the profile of every caller who may read the lake.
    pub fn lake(limits: &Limits) -> Self {
        Self {
            rights: Rights::READ,
            settings: settings::base(limits, settings::Listed::All),
            max_result_rows: limits.max_result_rows,
            max_result_bytes: limits.max_result_bytes,
        }
    }
}

impl Access {
    /// Parses the text of an access file, or the built-in file. `variable` returns the value of an environment
    /// variable.
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
                .is_some_and(|password| password.chars().count() < MIN_PASSWORD_CHARACTERS)
            {
                return Err(AccessError::ShortPassword {
                    variable: user.password,
                });
            }
            let profile = Arc::new(user.profile(limits));
            let password = password.map(SecretString::from);
            Ok((name, User { profile, password }))
        });
        Ok(Self(users.collect::<Result<_, _>>()?))
    }

    /// Returns the names of the users without a password.
    pub fn without_password(&self) -> Vec<&str> {
        let open = self.0.iter().filter(|(_, user)| user.password.is_none());
        open.map(|(name, _)| name.as_str()).collect()
    }

    /// Returns the user of these credentials.
    ///
    /// # Errors
    /// [`Error::WrongPassword`], also for unknown users.
    pub fn authenticate(&self, credentials: Option<&Credentials>) -> Result<AuthenticatedUser, Error> {
        let credentials = credentials.cloned().unwrap_or_default();
        // As in ClickHouse, a request without a user name is from the user `default`.
        let name = match credentials.user.as_str() {
            "" => "default",
            name => name,
        };
        let user = self.0.get(name);
        let expected = user.and_then(|user| user.password.as_ref());
        let expected = expected.map_or("", |password| password.expose_secret());
        // A user without a password accepts only an empty one, so that a forgotten variable is noticed.
        let is_right = bool::from(expected.as_bytes().ct_eq(credentials.password.as_bytes()));
        match user {
            Some(user) if is_right => Ok(AuthenticatedUser {
                name: name.into(),
                profile: Arc::clone(&user.profile),
                has_password: user.password.is_some(),
            }),
            _ => Err(Error::WrongPassword { user: name.into() }),
        }
    }
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

    fn log_in(access: &Access, user: &str, password: &str) -> Option<bool> {
        let credentials = Credentials {
            user: user.into(),
            password: password.into(),
        };
        let authenticated = access.authenticate(Some(&credentials)).ok()?;
        assert_eq!(authenticated.has_password, !password.is_empty());
        Some(authenticated.profile.rights.write)
    }

    #[test]
    fn users_have_their_rights() {
        let access = read(None, Some(PASSWORD)).expect("the built-in file");
        assert_eq!(access.without_password(), Vec::<&str>::new());
        assert_eq!(log_in(&access, "router", PASSWORD), Some(false));
        assert_eq!(log_in(&access, "sync", PASSWORD), Some(true));
        for (user, password) in [
            ("sync", ""),
            ("sync", "sixteen letters?"),
            ("default", PASSWORD),
            ("", PASSWORD),
            ("nobody", ""),
        ] {
            assert_eq!(log_in(&access, user, password), None, "{user}");
        }
        assert!(access.authenticate(None).is_err());
    }

    #[test]
    fn users_without_passwords() {
        let access = read(None, None).expect("the built-in file");
        assert_eq!(access.without_password(), ["router", "sync"]);
        assert_eq!(log_in(&access, "router", ""), Some(false));
        assert_eq!(
            log_in(&access, "router", PASSWORD),
            None,
            "a password that no user has"
        );
        assert_eq!(log_in(&access, "nobody", ""), None);
    }

    #[test]
    fn invalid_files_and_passwords_are_refused() {
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
