//! The id that a sender gives to a batch, by which a repetition of the batch is recognised.

use http::{HeaderMap, Uri};

/// Longest id of a batch, in characters.
const ID_LENGTH: usize = 64;

/// The id that a sender gave to a batch: the header `Idempotency-Key`, else the parameter `batch` of the query. The
/// parameter exists because `navigator.sendBeacon` sets no headers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BatchId(String);

impl BatchId {
    /// Returns the id of a request, if there is one.
    ///
    /// # Errors
    /// Returns an error if the id is not 1 to 64 characters of `A-Z a-z 0-9 _ -`.
    pub fn of(headers: &HeaderMap, uri: &Uri) -> Result<Option<Self>, InvalidBatchId> {
        let header = headers.get("idempotency-key").map(|value| value.as_bytes());
        let parameter = || {
            let pairs = uri.query()?.split('&');
            pairs.filter_map(|pair| pair.strip_prefix("batch=")).next()
        };
        let Some(id) = header.or_else(|| Some(parameter()?.as_bytes())) else {
            return Ok(None);
        };
        let allowed = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        if id.is_empty() || id.len() > ID_LENGTH || !id.iter().all(allowed) {
            return Err(InvalidBatchId);
        }
        Ok(Some(Self(String::from_utf8_lossy(id).into_owned())))
    }

    /// Returns the text of the id.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The error for an id with other characters, or too many.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Idempotency-Key (or batch= in the query) must be 1 to 64 of the characters A-Z a-z 0-9 - _")]
pub struct InvalidBatchId;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_come_from_the_header_or_the_query() {
        let id = |header: Option<&str>, uri: &str| {
            let mut headers = HeaderMap::new();
            if let Some(header) = header {
                headers.insert("idempotency-key", header.parse().expect("a value"));
            }
            BatchId::of(&headers, &uri.parse().expect("a URI"))
        };
        let some = |id: &str| Some(BatchId(id.to_owned()));
        assert_eq!(id(None, "/v1/logs").expect("none"), None);
        assert_eq!(
            id(None, "/v1/logs?batch=a-B_9&x=y").expect("an id"),
            some("a-B_9")
        );
        assert_eq!(id(None, "/v1/logs?x=y&batch=a").expect("an id"), some("a"));
        assert_eq!(id(Some("h"), "/v1/logs?batch=a").expect("an id"), some("h"));
        for bad in ["", "a b", "ä", "a.b", &"x".repeat(65)] {
            assert!(id(Some(bad), "/v1/logs").is_err(), "{bad}");
        }
        assert!(id(None, "/v1/logs?batch=").is_err());
        assert!(id(Some(&"x".repeat(64)), "/v1/logs").is_ok());
    }
}
