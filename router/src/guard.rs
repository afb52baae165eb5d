//! Who may look: everyone, or whoever has the viewer's token.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, header};
use lakefront_api::ProblemType;

use crate::config::Secret;
use crate::problem::Refusal;

/// Refuses a request without the token, where one is demanded: `Authorization: Bearer <token>`, or `Basic` with any user
/// name and the token as password, which is what a browser asks its user for.
pub fn check(headers: &HeaderMap, token: Option<&Secret>) -> Result<(), Refusal> {
    let Some(token) = token else { return Ok(()) };
    let given = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok());
    let matches = match given.and_then(|value| value.split_once(' ')) {
        Some((scheme, value)) if scheme.eq_ignore_ascii_case("bearer") => token.matches(value.trim()),
        Some((scheme, value)) if scheme.eq_ignore_ascii_case("basic") => {
            password(value.trim()).is_some_and(|password| token.matches(&password))
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
    Err(Refusal::new(ProblemType::Unauthorized, detail))
}

fn password(encoded: &str) -> Option<String> {
    let decoded = String::from_utf8(STANDARD.decode(encoded).ok()?).ok()?;
    decoded.split_once(':').map(|(_, password)| password.to_owned())
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;
    use crate::config::Config;

    const TOKEN: &str = "0123456789abcdef";

    fn status(authorization: Option<&str>) -> Option<u16> {
        let lookup = |name: &str| match name {
            "CHDB_URL" => Some("http://a".to_owned()),
            "VIEWER_TOKEN" => Some(TOKEN.to_owned()),
            _ => None,
        };
        let token = Config::from_lookup(lookup, false).unwrap().viewer_token;
        let mut headers = HeaderMap::new();
        if let Some(value) = authorization {
            headers.insert(header::AUTHORIZATION, HeaderValue::from_str(value).unwrap());
        }
        check(&headers, token.as_ref())
            .err()
            .map(|Refusal(problem)| problem.status)
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
            "Basic ???",
            "Digest x",
            &no_colon,
        ] {
            assert_eq!(status(Some(wrong)), Some(401), "{wrong}");
        }
        assert_eq!(status(None), Some(401));
    }

    #[test]
    fn without_a_token_everyone_may_look() {
        assert!(check(&HeaderMap::new(), None).is_ok());
    }
}
