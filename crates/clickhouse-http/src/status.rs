//! The HTTP status of an exception.

use http::StatusCode;

/// Returns the HTTP status of an exception with this code.
///
/// The statuses are those of ClickHouse's `exceptionCodeToHTTPStatus`, with two differences. A full queue (202) has
/// 503, so that clients try again. A format that is not served (73) has 400.
pub fn status_of(code: u32) -> StatusCode {
    match code {
        // REQUIRED_PASSWORD
        194 => StatusCode::UNAUTHORIZED,
        // READONLY, UNKNOWN_USER, WRONG_PASSWORD, ACCESS_DENIED, AUTHENTICATION_FAILED
        164 | 192 | 193 | 497 | 516 => StatusCode::FORBIDDEN,
        // CANNOT_PARSE_*, BAD_ARGUMENTS, TYPE_MISMATCH, SYNTAX_ERROR, values out of range, TOO_DEEP_AST, TOO_BIG_AST,
        // INCORRECT_DATA, UNKNOWN_QUERY_PARAMETER, BAD_QUERY_PARAMETER, BAD_REQUEST_PARAMETER, UNKNOWN_FORMAT
        6 | 25..=27 | 36 | 38 | 41 | 53 | 62 | 69 | 72 | 73 | 117 | 167 | 168 | 456 | 457 | 471 => {
            StatusCode::BAD_REQUEST
        }
        // UNKNOWN_FUNCTION, _IDENTIFIER, _TYPE, _STORAGE, _TABLE, _AGGREGATE_FUNCTION, _TYPE_OF_QUERY,
        // _DATABASE, _DATABASE_ENGINE, _SETTING
        46 | 47 | 50 | 56 | 60 | 63 | 78 | 81 | 115 | 336 => StatusCode::NOT_FOUND,
        // NOT_IMPLEMENTED
        48 => StatusCode::NOT_IMPLEMENTED,
        // TIMEOUT_EXCEEDED
        159 => StatusCode::REQUEST_TIMEOUT,
        // QUERY_IS_TOO_LARGE
        229 => StatusCode::PAYLOAD_TOO_LARGE,
        // CANNOT_OPEN_FILE, TOO_MANY_SIMULTANEOUS_QUERIES, SOCKET_TIMEOUT
        76 | 202 | 209 => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

#[cfg(test)]
mod tests {
    use super::status_of;

    #[test]
    fn statuses() {
        for (code, status) in [
            (62, 400),
            (164, 403),
            (60, 404),
            (73, 400),
            (159, 408),
            (241, 500),
            (202, 503),
            (0, 500),
        ] {
            assert_eq!(status_of(code).as_u16(), status, "{code}");
        }
    }
}
