use std::sync::Arc;

use axum::http::HeaderMap;
use lakefront_clickhouse_http::{Credentials, IncomingQuery, SECRET_HEADER};

use crate::Error;

/// The secret shared by router and engine, where there is one.
#[derive(Clone)]
pub struct Secret(Option<Arc<str>>);

impl Secret {
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

    /// The same for paths that are not the ClickHouse interface.
    ///
    /// # Errors
    /// [`Error::Unauthorized`], and what is wrong with `Authorization`.
    pub fn check_headers(&self, headers: &HeaderMap) -> Result<(), Error> {
        let read = IncomingQuery::read(&axum::http::Uri::from_static("/"), &without_body(headers), &[])?;
        self.check(headers, read.credentials.as_ref())
    }
}

fn without_body(headers: &HeaderMap) -> HeaderMap {
    let mut headers = headers.clone();
    headers.remove(axum::http::header::CONTENT_TYPE);
    headers
}

/// Takes as long for a near miss as for a far one.
fn is_same(left: &[u8], right: &[u8]) -> bool {
    left.len() == right.len()
        && left
            .iter()
            .zip(right)
            .fold(0, |differences, (left, right)| differences | (left ^ right))
            == 0
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
