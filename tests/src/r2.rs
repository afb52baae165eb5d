//! A store that refuses what Cloudflare R2 refuses.
//!
//! The rules are those of R2's documentation: [S3 API compatibility](https://developers.cloudflare.com/r2/api/s3/api/) and
//! [multipart upload](https://developers.cloudflare.com/r2/objects/multipart-objects/), read on 2026-11-30.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Result;
use url::Url;

use crate::relay::{Relay, Request, Treatment};

/// The prefixes of the names of headers that R2 does not implement.
const HEADERS: [&str; 13] = [
    "x-amz-acl",
    "x-amz-bypass-governance-retention",
    "x-amz-expected-bucket-owner",
    "x-amz-grant-",
    "x-amz-mfa",
    "x-amz-object-lock-",
    "x-amz-request-payer",
    "x-amz-server-side-encryption-aws-kms-key-id",
    "x-amz-server-side-encryption-bucket-key-enabled",
    "x-amz-server-side-encryption-context",
    "x-amz-source-expected-bucket-owner",
    "x-amz-tagging",
    "x-amz-website-redirect-location",
];

/// The query parameters of the operations that R2 implements. Another one, such as `tagging`, names an operation that it does
/// not have.
const PARAMETERS: [&str; 22] = [
    "continuation-token",
    "cors",
    "delete",
    "delimiter",
    "encoding-type",
    "encryption",
    "fetch-owner",
    "key-marker",
    "lifecycle",
    "list-type",
    "location",
    "marker",
    "max-keys",
    "max-parts",
    "max-uploads",
    "part-number-marker",
    "partNumber",
    "prefix",
    "start-after",
    "upload-id-marker",
    "uploadId",
    "uploads",
];

/// The regions that R2 takes in a signature.
const REGIONS: [&str; 3] = ["auto", "us-east-1", ""];

/// The smallest part of a multipart upload that is not the last one.
const SMALLEST_PART: u64 = 5 << 20;

/// The largest number of parts of a multipart upload.
const MOST_PARTS: usize = 10_000;

/// A relay to a store, which answers requests that R2 refuses with 501.
#[derive(Debug)]
pub struct R2 {
    relay: Relay,
    seen: Arc<Mutex<Seen>>,
}

#[derive(Debug, Default)]
struct Seen {
    /// The sizes of the parts of each upload, by its id and the number of the part.
    uploads: BTreeMap<String, BTreeMap<u32, u64>>,
    /// The reasons for which requests were refused.
    refusals: Vec<String>,
}

impl R2 {
    /// Starts a relay to the store at `url`.
    ///
    /// # Errors
    /// Returns an error if no port is free.
    pub async fn start(url: &str) -> Result<Self> {
        let seen: Arc<Mutex<Seen>> = Arc::default();
        let rules = Arc::clone(&seen);
        let relay = Relay::start_waiting(url, move |request| {
            std::future::ready(lock(&rules).treat(&request))
        })
        .await?;
        Ok(Self { relay, seen })
    }

    /// Returns the address of the store.
    pub fn url(&self) -> String {
        self.relay.url()
    }

    /// Returns the number of uploads with two parts or more.
    pub fn multipart_uploads(&self) -> usize {
        let uploads = &lock(&self.seen).uploads;
        uploads.values().filter(|parts| parts.len() > 1).count()
    }

    /// Returns the reasons for which requests were refused.
    pub fn refusals(&self) -> Vec<String> {
        lock(&self.seen).refusals.clone()
    }
}

fn lock(seen: &Mutex<Seen>) -> std::sync::MutexGuard<'_, Seen> {
    seen.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Seen {
    fn treat(&mut self, request: &Request) -> Treatment {
        match self.fault(request) {
            None => Treatment::Forward,
            Some(fault) => {
                self.refusals.push(format!("{}: {fault}", request.line));
                Treatment::Answer(501, "<Error><Code>NotImplemented</Code></Error>")
            }
        }
    }

    /// Returns what R2 has against a request.
    fn fault(&mut self, request: &Request) -> Option<String> {
        let (method, target) = request.line.split_once(' ')?;
        let target = target.split(' ').next()?;
        let url = Url::parse("http://store/").and_then(|base| base.join(target));
        let query: BTreeMap<String, String> = url.ok()?.query_pairs().into_owned().collect();
        let foreign = |name: &&String| {
            !PARAMETERS.contains(&name.as_str())
                && !name.to_ascii_lowercase().starts_with("x-amz-")
                && *name != "x-id"
        };
        if let Some(name) = query.keys().find(foreign) {
            return Some(format!("the parameter {name}"));
        }
        for (name, value) in request.headers() {
            let name = name.to_ascii_lowercase();
            if name == "x-amz-server-side-encryption"
                || HEADERS.iter().any(|refused| name.starts_with(refused))
            {
                return Some(format!("the header {name}"));
            }
            if name == "authorization" {
                let region = value.split('/').nth(2).unwrap_or_default();
                if !REGIONS.contains(&region) {
                    return Some(format!("the region {region}"));
                }
            }
        }
        let id = query.get("uploadId")?;
        let parts = self.uploads.entry(id.clone()).or_default();
        match (
            method,
            query.get("partNumber").and_then(|number| number.parse().ok()),
        ) {
            ("PUT", Some(number)) => {
                parts.insert(number, request.content_length());
                None
            }
            ("POST", _) => fault_of_parts(parts),
            _ => None,
        }
    }
}

/// Returns what R2 has against the sizes of an upload's parts.
fn fault_of_parts(parts: &BTreeMap<u32, u64>) -> Option<String> {
    let sizes: Vec<u64> = parts.values().copied().collect();
    let (last, others) = sizes.split_last()?;
    let first = others.first().unwrap_or(last);
    let is_wrong = others.iter().any(|size| size != first || *size < SMALLEST_PART);
    (is_wrong || last > first || sizes.len() > MOST_PARTS).then(|| format!("parts of {sizes:?} bytes"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(seen: &mut Seen, line: &str, headers: &str, length: usize) -> Option<String> {
        let head = format!("{line} HTTP/1.1\r\n{headers}content-length: {length}");
        seen.fault(&Request::new(&head, Vec::new()))
    }

    #[test]
    fn what_r2_does_not_have_is_refused() {
        let seen = &mut Seen::default();
        for (line, headers) in [
            ("GET /b/k?tagging", ""),
            ("GET /b?versions&prefix=a", ""),
            ("PUT /b/k", "X-Amz-Acl: private\r\n"),
            ("PUT /b/k", "x-amz-server-side-encryption: AES256\r\n"),
            ("PUT /b/k", "x-amz-object-lock-mode: GOVERNANCE\r\n"),
            (
                "GET /b/k",
                "Authorization: AWS4-HMAC-SHA256 Credential=K/20261130/eu-west-1/s3/aws4_request\r\n",
            ),
        ] {
            assert!(fault(seen, line, headers, 0).is_some(), "{line} {headers}");
        }
        for (line, headers) in [
            ("GET /b?list-type=2&prefix=a%2F&delimiter=%2F", ""),
            ("PUT /b/k", "If-None-Match: *\r\n"),
            (
                "PUT /b/k",
                "x-amz-server-side-encryption-customer-algorithm: AES256\r\n",
            ),
            (
                "GET /b/k",
                "Authorization: AWS4-HMAC-SHA256 Credential=K/20261130/auto/s3/aws4_request\r\n",
            ),
        ] {
            assert_eq!(fault(seen, line, headers, 0), None, "{line} {headers}");
        }
    }

    #[test]
    fn all_parts_but_the_last_have_one_size() {
        const MIB: usize = 1 << 20;
        for (sizes, is_taken) in [
            (&[8, 8, 3][..], true),
            (&[1], true),
            (&[8, 8], true),
            (&[8, 9, 3], false),
            (&[5, 6], false),
            (&[4, 4, 4], false),
        ] {
            let seen = &mut Seen::default();
            for (index, size) in sizes.iter().enumerate() {
                let line = format!("PUT /b/k?partNumber={}&uploadId=u", index + 1);
                assert_eq!(fault(seen, &line, "", size * MIB), None);
            }
            let completed = fault(seen, "POST /b/k?uploadId=u", "", 0);
            assert_eq!(completed.is_none(), is_taken, "{sizes:?}: {completed:?}");
        }
    }
}
