use std::sync::Arc;

use axum::http::{HeaderMap, Uri};
use lakefront_clickhouse_http::{Credentials, IncomingQuery, SECRET_HEADER};
use lakefront_hosts::{AllowedHosts, is_by_browser};

use crate::Error;
use crate::access::{Access, Profile, is_same};

/// Admits callers, and decides what each may do.
///
/// A caller who proves a secret or a password is admitted under any name of the host. Everybody else reached this process because its
/// address is theirs to reach, which is true of every web page in a browser on the same machine: see [`AllowedHosts`].
#[derive(Clone)]
pub struct Door {
    kind: Kind,
    hosts: Arc<AllowedHosts>,
}

#[derive(Clone)]
enum Kind {
    Lake { secret: Secret, profile: Arc<Profile> },
    Users(Arc<Access>),
}

/// The configuration of [`AllowedHosts`].
const VARIABLE: &str = "LAKEFRONT_ALLOWED_HOSTS (--allowed-hosts)";

impl Door {
    /// Admits those who send the secret, to read the lake; all who reach this process where there is none.
    pub fn lake(secret: Secret, profile: Profile, hosts: AllowedHosts) -> Self {
        let profile = Arc::new(profile);
        Self {
            kind: Kind::Lake { secret, profile },
            hosts: Arc::new(hosts),
        }
    }

    /// Admits users with rights of their own.
    pub fn users(access: Access, hosts: AllowedHosts) -> Self {
        Self {
            kind: Kind::Users(Arc::new(access)),
            hosts: Arc::new(hosts),
        }
    }

    /// Returns what the sender of a request may do.
    ///
    /// # Errors
    /// [`Error::Unauthorized`], [`Error::WrongPassword`], [`Error::Foreign`] and [`Error::Browser`].
    pub fn enter(
        &self,
        uri: &Uri,
        headers: &HeaderMap,
        credentials: Option<&Credentials>,
    ) -> Result<Arc<Profile>, Error> {
        match &self.kind {
            Kind::Lake { secret, profile } => {
                secret.check(headers, credentials)?;
                if secret.is_open() {
                    self.hosts.check(uri, headers, VARIABLE)?;
                }
                Ok(Arc::clone(profile))
            }
            Kind::Users(access) => {
                let entered = access.enter(credentials)?;
                if !entered.has_password {
                    self.hosts.check_host(uri, headers, VARIABLE)?;
                    // Such a user may change tables.
                    if is_by_browser(headers) {
                        return Err(Error::Browser { user: entered.name });
                    }
                }
                Ok(entered.profile)
            }
        }
    }

    /// The same for paths that are not the ClickHouse interface.
    ///
    /// # Errors
    /// As [`Self::enter`], and what is wrong with `Authorization`.
    pub fn enter_by_headers(&self, uri: &Uri, headers: &HeaderMap) -> Result<Arc<Profile>, Error> {
        let head = IncomingQuery::head(&Uri::from_static("/"), &without_body(headers))?;
        self.enter(uri, headers, head.credentials.as_ref())
    }

    /// Admits those who look after the process: they see its state and none of its data, so users have no part in it.
    ///
    /// # Errors
    /// [`Error::Unauthorized`] where there is a secret, else [`Error::Foreign`].
    pub fn look(&self, uri: &Uri, headers: &HeaderMap) -> Result<(), Error> {
        match &self.kind {
            Kind::Users(_) if self.enter_by_headers(uri, headers).is_err() => {
                Ok(self.hosts.check(uri, headers, VARIABLE)?)
            }
            Kind::Users(_) => Ok(()),
            Kind::Lake { .. } => self.enter_by_headers(uri, headers).map(drop),
        }
    }
}

/// The secret shared by router and engine, where there is one.
#[derive(Clone)]
pub struct Secret(Option<Arc<str>>);

impl Secret {
    /// A secret; none or an empty one lets everybody pass.
    pub fn new(secret: Option<String>) -> Self {
        Self(secret.filter(|secret| !secret.is_empty()).map(Into::into))
    }

    /// Returns true if everybody passes.
    pub fn is_open(&self) -> bool {
        self.0.is_none()
    }

    /// Lets callers pass who sent the secret: in its own header, as a password or as a bearer token.
    ///
    /// # Errors
    /// [`Error::Unauthorized`].
    pub fn check(&self, headers: &HeaderMap, credentials: Option<&Credentials>) -> Result<(), Error> {
        let Some(secret) = &self.0 else { return Ok(()) };
        let sent = headers
            .get(SECRET_HEADER)
            .map(axum::http::HeaderValue::as_bytes)
            .or_else(|| credentials.map(|credentials| credentials.password.as_bytes()));
        if sent.is_some_and(|sent| is_same(sent, secret.as_bytes())) {
            Ok(())
        } else {
            Err(Error::Unauthorized)
        }
    }
}

fn without_body(headers: &HeaderMap) -> HeaderMap {
    let mut headers = headers.clone();
    headers.remove(axum::http::header::CONTENT_TYPE);
    headers
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderMap;
    use lakefront_clickhouse_http::Credentials;

    use super::Secret;

    #[test]
    fn who_passes() {
        let open = Secret::new(Some(String::new()));
        assert!(open.check(&HeaderMap::new(), None).is_ok());

        let secret = Secret::new(Some("s3cret".into()));
        let password = |password: &str| Credentials {
            user: "any".into(),
            password: password.into(),
        };
        assert!(secret.check(&HeaderMap::new(), None).is_err());
        assert!(secret.check(&HeaderMap::new(), Some(&password("s3cre"))).is_err());
        assert!(
            secret
                .check(&HeaderMap::new(), Some(&password("s3crex")))
                .is_err()
        );
        assert!(secret.check(&HeaderMap::new(), Some(&password("s3cret"))).is_ok());
        let mut headers = HeaderMap::new();
        headers.insert(super::SECRET_HEADER, "s3cret".parse().expect("a value"));
        assert!(secret.check(&headers, Some(&password("wrong"))).is_ok());
        headers.insert(super::SECRET_HEADER, "wrong".parse().expect("a value"));
        assert!(
            secret.check(&headers, Some(&password("s3cret"))).is_err(),
            "its own header decides"
        );
    }
}
