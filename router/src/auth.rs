//! The access check of the API and the dashboard.
//!
//! With `VIEWER_TOKEN` set, each request must carry the token. Without it, the request's host must be an allowed name.
//! Requests from pages of other origins are refused in both cases.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::request::Parts;
use http::{HeaderMap, header};
use lakefront_api::ProblemType;
use lakefront_hosts::{Foreign, check_fetch_site};
use secrecy::{ExposeSecret as _, SecretString};
use subtle::ConstantTimeEq as _;

use crate::config::Config;
use crate::problem::ApiError;

/// Admits or refuses a request.
///
/// A token alone is not enough: a browser that has it also adds it to requests from other pages. Without a token, a
/// page can reach the router under any name that resolves to its address.
///
/// # Errors
/// Returns a [`ProblemType::Unauthorized`] or a [`ProblemType::ForeignRequest`].
pub fn check(request: &Parts, config: &Config) -> Result<(), ApiError> {
    let hosts = &config.allowed_hosts;
    match &config.viewer_token {
        Some(token) => check_token(&request.headers, token)?,
        None => hosts
            .check_host(
                &request.uri,
                &request.headers,
                "ALLOWED_HOSTS, or set VIEWER_TOKEN",
            )
            .map_err(foreign)?,
    }
    hosts.check_origin(&request.headers).map_err(foreign)?;
    if is_navigation(request) {
        return Ok(());
    }
    check_fetch_site(&request.headers).map_err(foreign)
}

fn foreign(foreign: Foreign) -> ApiError {
    ApiError::new(ProblemType::ForeignRequest, foreign.to_string())
}

/// Returns true if a browser opens a page, for example by a link. Such a link may be on a page of another origin.
fn is_navigation(request: &Parts) -> bool {
    let is = |name: &str, value: &str| {
        let mut values = request.headers.get_all(name).iter();
        values.any(|given| given.as_bytes() == value.as_bytes())
    };
    request.method.is_safe() && is("sec-fetch-mode", "navigate") && is("sec-fetch-dest", "document")
}

/// Returns an error if the token is missing or wrong. It is given as `Authorization: Bearer <token>`, or as the
/// password of `Basic` with any user name. A browser asks its user for the latter.
fn check_token(headers: &HeaderMap, token: &SecretString) -> Result<(), ApiError> {
    let given = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok());
    // The time of the comparison does not depend on how much of the text is right.
    let is_token = |text: &str| bool::from(token.expose_secret().as_bytes().ct_eq(text.as_bytes()));
    let matches = match given.and_then(|value| value.split_once(' ')) {
        Some((scheme, value)) if scheme.eq_ignore_ascii_case("bearer") => is_token(value.trim()),
        Some((scheme, value)) if scheme.eq_ignore_ascii_case("basic") => {
            password(value.trim()).is_some_and(|password| is_token(&password))
        }
        _ => false,
    };
    if matches {
        return Ok(());
    }
    let detail = match given {
        None => "send Authorization: Bearer with the VIEWER_TOKEN, or open the page and give it as password",
        Some(_) => "the token is not the VIEWER_TOKEN that this router was given",
    };
    Err(ApiError::new(ProblemType::Unauthorized, detail))
}

fn password(encoded: &str) -> Option<String> {
    let decoded = String::from_utf8(STANDARD.decode(encoded).ok()?).ok()?;
    decoded.split_once(':').map(|(_, password)| password.to_owned())
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;
    use crate::config::Config;

    const TOKEN: &str = "0123456789abcdef";

    /// Returns the status of the refusal of a request with these headers, or `None` if it is admitted.
    fn refused(variables: &[(&str, &str)], method: &str, pairs: &[(&str, &str)]) -> Option<u16> {
        let lookup = |name: &str| {
            let mut all = variables.iter().chain(&[("CHDB_URL", "http://a")]);
            all.find(|(known, _)| *known == name)
                .map(|(_, value)| (*value).to_owned())
        };
        let config = Config::from_lookup(lookup, false).unwrap();
        let mut request = Request::builder().method(method).uri("/sql");
        for (name, value) in pairs {
            request = request.header(*name, *value);
        }
        let (parts, ()) = request.body(()).unwrap().into_parts();
        check(&parts, &config)
            .err()
            .map(|ApiError(problem)| problem.status)
    }

    fn status(authorization: Option<&str>) -> Option<u16> {
        let pairs = authorization.map(|value| ("authorization", value));
        let host = [("host", "metrics.example")];
        let pairs: Vec<_> = host.into_iter().chain(pairs).collect();
        refused(&[("VIEWER_TOKEN", TOKEN)], "POST", &pairs)
    }

    #[test]
    fn the_token_opens_as_bearer_or_as_password() {
        assert_eq!(status(Some(&format!("Bearer {TOKEN}"))), None);
        assert_eq!(
            status(Some(&format!("Basic {}", STANDARD.encode(format!("me:{TOKEN}"))))),
            None
        );
    }

    #[test]
    fn anything_else_is_refused() {
        let no_colon = format!("Basic {}", STANDARD.encode(TOKEN));
        for wrong in [
            "Bearer",
            "Bearer ",
            "Bearer 0123",
            "Bearer 0123456789abcdeX",
            "Bearer 0123456789abcdef0",
            "Basic ???",
            "Digest x",
            &no_colon,
        ] {
            assert_eq!(status(Some(wrong)), Some(401), "{wrong}");
        }
        assert_eq!(status(None), Some(401));
    }

    #[test]
    fn without_a_token_only_allowed_names_answer() {
        let host = |variables: &[(&str, &str)], host| refused(variables, "POST", &[("host", host)]);
        let named = [("ALLOWED_HOSTS", "metrics.example, lakefront.me.workers.dev")];
        for local in ["127.0.0.1:8787", "localhost:8787", "[::1]:8787"] {
            assert_eq!(host(&[], local), None, "{local}");
        }
        assert_eq!(host(&[], "metrics.example"), Some(403));
        assert_eq!(host(&named, "metrics.example"), None);
        assert_eq!(host(&named, "lakefront.me.workers.dev"), None);
        assert_eq!(host(&named, "evil.example"), Some(403));
    }

    #[test]
    fn pages_of_other_origins_are_refused() {
        let bearer = format!("Bearer {TOKEN}");
        let token = [("VIEWER_TOKEN", TOKEN)];
        let of = |method, pairs: &[(&str, &str)]| {
            let common = [("host", "127.0.0.1:8787"), ("authorization", bearer.as_str())];
            let pairs: Vec<_> = common.into_iter().chain(pairs.iter().copied()).collect();
            let open = refused(&[], method, &pairs);
            assert_eq!(open, refused(&token, method, &pairs), "{pairs:?}");
            open
        };
        assert_eq!(of("POST", &[("origin", "http://127.0.0.1:8787")]), None);
        assert_eq!(of("POST", &[("origin", "http://evil.example")]), Some(403));
        assert_eq!(of("GET", &[("sec-fetch-site", "same-origin")]), None);
        assert_eq!(of("GET", &[("sec-fetch-site", "cross-site")]), Some(403));
        let link = [
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-mode", "navigate"),
            ("sec-fetch-dest", "document"),
        ];
        assert_eq!(of("GET", &link), None);
        assert_eq!(of("POST", &link), Some(403));
        assert_eq!(
            of("GET", &[link[0], link[1], ("sec-fetch-dest", "iframe")]),
            Some(403)
        );
    }
}
