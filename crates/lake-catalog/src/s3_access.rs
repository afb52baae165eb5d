//! Address and credentials of an S3 store.

use std::collections::HashMap;

use secrecy::SecretString;

/// Address and credentials of an S3 store.
#[derive(Clone, Debug)]
pub struct S3Access {
    /// Address of the store; Amazon's if `None`.
    pub endpoint: Option<String>,
    /// The region that requests are signed for.
    pub region: String,
    /// True if the bucket is part of the path, false if it is part of the host name.
    pub path_style: bool,
    /// Keys that requests are signed with; requests are anonymous if `None`.
    pub keys: Option<S3Keys>,
}

impl S3Access {
    /// Returns the HTTP address of an object or folder, or `None` if `location` is not a URL with a bucket and a key.
    pub fn url(&self, location: &str) -> Option<String> {
        let (bucket, key) = location.split_once("://")?.1.split_once('/')?;
        let amazon = format!("https://s3.{}.amazonaws.com", self.region);
        let endpoint = self.endpoint.as_deref().unwrap_or(&amazon).trim_end_matches('/');
        if self.path_style {
            return Some(format!("{endpoint}/{bucket}/{key}"));
        }
        let (scheme, host) = endpoint.split_once("://")?;
        Some(format!("{scheme}://{bucket}.{host}/{key}"))
    }
}

/// Credentials of an S3 store.
#[derive(Clone, Debug)]
pub struct S3Keys {
    /// The access key.
    pub id: String,
    /// Its secret.
    pub secret: SecretString,
    /// The session token, if the keys are temporary.
    pub session_token: Option<SecretString>,
}

impl S3Keys {
    /// Returns the keys that a catalog vended for a table, if it sent any.
    pub(crate) fn vended(from_catalog: &HashMap<String, String>) -> Option<Self> {
        Some(Self {
            id: from_catalog.get("s3.access-key-id")?.clone(),
            secret: from_catalog.get("s3.secret-access-key")?.as_str().into(),
            session_token: from_catalog
                .get("s3.session-token")
                .map(|token| token.as_str().into()),
        })
    }
}
