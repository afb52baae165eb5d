use std::sync::Arc;

use axum::http::HeaderMap;
use axum::http::header::ORIGIN;
use lakefront_clickhouse_http::{Credentials, IncomingQuery, SECRET_HEADER};

use crate::Error;
use crate::access::{Access, Profile, is_same};

/// Who may come in, and as what.
#[derive(Clone)]
pub enum Door {
    /// Whoever knows the secret, to read the lake.
    Lake {
        /// The secret.
        secret: Secret,
        /// What all of them may do.
        profile: Arc<Profile>,
    },
    /// Users with rights of their own.
    Users(Arc<Access>),
}

impl Door {
    /// What the sender of a request may do.
    ///
    /// # Errors
    /// [`Error::Unauthorized`] and [`Error::WrongPassword`].
    pub fn enter(
        &self,
        headers: &HeaderMap,
        credentials: Option<&Credentials>,
    ) -> Result<Arc<Profile>, Error> {
        match self {
            Self::Lake { secret, profile } => {
                secret.check(headers, credentials)?;
                Ok(Arc::clone(profile))
            }
            Self::Users(access) => access.enter(credentials, headers.contains_key(ORIGIN)),
        }
    }

    /// The same for paths that are not the ClickHouse interface.
    ///
    /// # Errors
    /// As [`Self::enter`], and what is wrong with `Authorization`.
    pub fn enter_by_headers(&self, headers: &HeaderMap) -> Result<Arc<Profile>, Error> {
        let head = IncomingQuery::head(&axum::http::Uri::from_static("/"), &without_body(headers))?;
        self.enter(headers, head.credentials.as_ref())
    }

    /// Lets those pass who look after the process: they see its state and none of its data, so users have no part in it.
    ///
    /// # Errors
    /// [`Error::Unauthorized`] where there is a secret.
    pub fn look(&self, headers: &HeaderMap) -> Result<(), Error> {
        match self {
            Self::Lake { .. } => self.enter_by_headers(headers).map(drop),
            Self::Users(_) => Ok(()),
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
