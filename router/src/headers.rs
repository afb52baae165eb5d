//! The security and cache headers of the Worker's replies.

use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use http::{HeaderMap, HeaderName, HeaderValue};

/// Adds default headers where a handler set none. By default a reply must not be stored, sniffed or framed, and loads
/// nothing.
pub fn complete(headers: &mut HeaderMap) {
    let defaults: [(HeaderName, &'static str); 5] = [
        (CACHE_CONTROL, "no-store"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (REFERRER_POLICY, "same-origin"),
        (X_FRAME_OPTIONS, "DENY"),
        (
            CONTENT_SECURITY_POLICY,
            "default-src 'none'; frame-ancestors 'none'",
        ),
    ];
    for (name, value) in defaults {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
}

/// Returns true if the request accepts no kept answer: `Cache-Control: no-cache`.
///
/// A plain reload in a browser sends `max-age=0`, which accepts one.
pub fn wants_fresh(headers: &HeaderMap) -> bool {
    headers
        .get_all(CACHE_CONTROL)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|directive| directive.trim().eq_ignore_ascii_case("no-cache"))
}

/// Returns the `Content-Security-Policy` of a page: files of its own origin, and inline only scripts that carry the
/// page's nonce. Returns `None` if the nonce has characters that a header cannot hold.
///
/// `wasm-unsafe-eval` permits the WebAssembly bundle to compile. Charts position elements with `style` attributes,
/// which run no code.
pub fn page_policy(nonce: &str) -> Option<HeaderValue> {
    let policy = format!(
        "default-src 'none'; script-src 'self' 'nonce-{nonce}' 'wasm-unsafe-eval'; style-src 'self'; \
         style-src-attr 'unsafe-inline'; img-src 'self' data:; font-src 'self'; connect-src 'self'; \
         base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    );
    HeaderValue::from_str(&policy).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_handler_said_stays() {
        let mut headers = HeaderMap::new();
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("max-age=1"));
        complete(&mut headers);
        assert_eq!(headers[CACHE_CONTROL], "max-age=1");
        assert_eq!(headers[X_CONTENT_TYPE_OPTIONS], "nosniff");
        assert_eq!(headers.len(), 5);
    }

    #[test]
    fn only_no_cache_wants_a_fresh_answer() {
        for (value, fresh) in [
            ("no-cache", true),
            ("max-age=0, No-Cache", true),
            ("max-age=0", false),
            ("no-cache-at-all", false),
        ] {
            let headers = HeaderMap::from_iter([(CACHE_CONTROL, HeaderValue::from_static(value))]);
            assert_eq!(wants_fresh(&headers), fresh, "{value}");
        }
        assert!(!wants_fresh(&HeaderMap::new()));
    }

    #[test]
    fn a_page_runs_only_scripts_with_its_nonce() {
        let policy = page_policy("abc").unwrap();
        let policy = policy.to_str().unwrap();
        assert!(policy.contains("'nonce-abc'"), "{policy}");
        assert!(!policy.contains("script-src 'self' 'unsafe-inline'"), "{policy}");
        assert!(page_policy("a\nb").is_none());
    }
}
