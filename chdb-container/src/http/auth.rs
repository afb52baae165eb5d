//! Authentication of requests: the check of secret, password, host and origin.

use std::sync::Arc;

use axum::http::{HeaderMap, Uri};
use lakefront_clickhouse_http::{Credentials, IncomingQuery, SECRET_HEADER};
use lakefront_hosts::{AllowedHosts, is_by_browser};
use secrecy::{ExposeSecret as _, SecretString};
use subtle::ConstantTimeEq as _;

use crate::Error;
use crate::access::{Access, Profile};

/// Authenticates callers and returns their rights.
///
/// A caller with a valid secret or password is admitted under any host name. Without one, reaching this process proves
/// nothing, because every web page in a browser on the same machine can reach it. Such a request must pass
/// [`AllowedHosts`].
#[derive(Clone)]
pub struct Authenticator {
    mode: Mode,
    hosts: Arc<AllowedHosts>,
}

#[derive(Clone)]
enum Mode {
    Lake {
        /// `None` admits every caller.
        secret: Option<SecretString>,
        profile: Arc<Profile>,
    },
    Users(Arc<Access>),
}

/// The variable and flag that configure [`AllowedHosts`], as refusals name them.
const HOSTS_VARIABLE: &str = "LAKEFRONT_ALLOWED_HOSTS (--allowed-hosts)";

impl Authenticator {
    /// Returns a check that admits callers who send the secret, with the rights of `profile`. Without a secret, the
    /// check admits every caller under an allowed host name.
    pub fn lake(secret: Option<SecretString>, profile: Profile, hosts: AllowedHosts) -> Self {
        let profile = Arc::new(profile);
        Self {
            mode: Mode::Lake { secret, profile },
            hosts: Arc::new(hosts),
        }
    }

    /// Returns a check that admits the users of an access file.
    pub fn users(access: Access, hosts: AllowedHosts) -> Self {
        Self {
            mode: Mode::Users(Arc::new(access)),
            hosts: Arc::new(hosts),
        }
    }

    /// Returns the rights and limits of a request's sender.
    ///
    /// # Errors
    /// [`Error::Unauthorized`], [`Error::WrongPassword`], [`Error::Foreign`] and [`Error::Browser`].
    pub fn authenticate(
        &self,
        uri: &Uri,
        headers: &HeaderMap,
        credentials: Option<&Credentials>,
    ) -> Result<Arc<Profile>, Error> {
        match &self.mode {
            Mode::Lake { secret, profile } => {
                match secret {
                    Some(secret) => check_secret(secret, headers, credentials)?,
                    None => self.hosts.check(uri, headers, HOSTS_VARIABLE)?,
                }
                Ok(Arc::clone(profile))
            }
            Mode::Users(access) => {
                let user = access.authenticate(credentials)?;
                if !user.has_password {
                    self.hosts.check_host(uri, headers, HOSTS_VARIABLE)?;
                    // A user without a password may change tables, so no web page may act as one.
                    if is_by_browser(headers) {
                        return Err(Error::Browser { user: user.name });
                    }
                }
                Ok(user.profile)
            }
        }
    }

    /// Returns the rights and limits of a request's sender by the headers alone, for paths outside of the ClickHouse
    /// interface.
    ///
    /// # Errors
    /// The errors of [`Self::authenticate`], and [`Error::BadRequest`] for a malformed `Authorization` header.
    pub fn authenticate_by_headers(&self, uri: &Uri, headers: &HeaderMap) -> Result<Arc<Profile>, Error> {
        let head = IncomingQuery::head(&Uri::from_static("/"), &without_body(headers))?;
        self.authenticate(uri, headers, head.credentials.as_ref())
    }

    /// Checks access to `/health` and `/metrics`. They show the state of the process and no data, so no user is
    /// required.
    ///
    /// # Errors
    /// [`Error::Unauthorized`] if there is a secret, else [`Error::Foreign`].
    pub fn authorize_metrics(&self, uri: &Uri, headers: &HeaderMap) -> Result<(), Error> {
        match &self.mode {
            Mode::Users(_) if self.authenticate_by_headers(uri, headers).is_err() => {
                Ok(self.hosts.check(uri, headers, HOSTS_VARIABLE)?)
            }
            Mode::Users(_) => Ok(()),
            Mode::Lake { .. } => self.authenticate_by_headers(uri, headers).map(drop),
        }
    }
}

/// Checks that the caller sent the secret: in its own header, as a password or as a bearer token.
///
/// # Errors
/// [`Error::Unauthorized`] if the secret is missing or wrong.
fn check_secret(
    secret: &SecretString,
    headers: &HeaderMap,
    credentials: Option<&Credentials>,
) -> Result<(), Error> {
    let sent = headers
        .get(SECRET_HEADER)
        .map(axum::http::HeaderValue::as_bytes)
        .or_else(|| credentials.map(|credentials| credentials.password.as_bytes()));
    if sent.is_some_and(|sent| secret.expose_secret().as_bytes().ct_eq(sent).into()) {
        Ok(())
    } else {
        Err(Error::Unauthorized)
    }
}

/// Returns the headers without `Content-Type`, so that a JSON body is not parsed as a form.
fn without_body(headers: &HeaderMap) -> HeaderMap {
    let mut headers = headers.clone();
    headers.remove(axum::http::header::CONTENT_TYPE);
    headers
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderMap;
    use lakefront_clickhouse_http::Credentials;

    use super::check_secret;

    #[test]
    fn the_secret_authenticates() {
        let check = |headers: &HeaderMap, credentials: Option<&Credentials>| {
            check_secret(&"s3cret".into(), headers, credentials)
        };
        let password = |password: &str| Credentials {
            user: "any".into(),
            password: password.into(),
        };
        assert!(check(&HeaderMap::new(), None).is_err());
        assert!(check(&HeaderMap::new(), Some(&password("s3cre"))).is_err());
        assert!(check(&HeaderMap::new(), Some(&password("s3crex"))).is_err());
        assert!(check(&HeaderMap::new(), Some(&password("s3cret"))).is_ok());
        let mut headers = HeaderMap::new();
        headers.insert(super::SECRET_HEADER, "s3cret".parse().expect("a value"));
        assert!(check(&headers, Some(&password("wrong"))).is_ok());
        headers.insert(super::SECRET_HEADER, "wrong".parse().expect("a value"));
        assert!(
            check(&headers, Some(&password("s3cret"))).is_err(),
            "its own header decides"
        );
    }
}
