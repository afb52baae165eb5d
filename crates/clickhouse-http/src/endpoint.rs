//! The client's side of a request.

use std::collections::BTreeMap;

use http::header::CONTENT_TYPE;
use http::{HeaderName, HeaderValue, Method, Request};
use url::Url;

use crate::{Format, RequestError, Statement};

/// The address of an engine, with the credentials and headers for its requests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// The address: `http://127.0.0.1:8686/`.
    pub url: Url,
    /// User and password; `None` means the engine's default user.
    pub credentials: Option<Credentials>,
    /// The database in which unqualified tables are looked up.
    pub database: Option<String>,
    /// Further headers of every request, such as a shared secret.
    pub headers: Vec<(HeaderName, HeaderValue)>,
}

/// A user and the password. The debug output hides the password.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Credentials {
    /// The user's name.
    pub user: String,
    /// The password.
    pub password: String,
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Credentials")
            .field("user", &self.user)
            .field("password", &"…")
            .finish()
    }
}

/// The settings that make the engine write values as [`crate::Answer`] documents: times in RFC 3339 and UTC, numbers as
/// numbers, decimals as text, NaN and infinity as null.
const SHAPE: [(&str, &str); 5] = [
    ("date_time_output_format", "iso"),
    ("output_format_json_quote_64bit_integers", "0"),
    ("output_format_json_quote_decimals", "1"),
    ("output_format_json_quote_denormals", "0"),
    ("session_timezone", "UTC"),
];

impl Endpoint {
    /// Returns an endpoint without credentials.
    pub fn new(url: Url) -> Self {
        Self {
            url,
            credentials: None,
            database: None,
            headers: Vec::new(),
        }
    }

    /// Returns the settings of every request. They make an engine write values as [`crate::Answer`] documents.
    pub fn shape() -> BTreeMap<String, String> {
        SHAPE
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect()
    }

    /// Returns the request that runs a statement. [`crate::Answer::read`] parses the reply.
    ///
    /// The body carries the statement, the address everything else. `wait_end_of_query` makes the engine hold the reply
    /// until the statement has ended, so that a failure has its own status.
    ///
    /// # Errors
    /// [`RequestError::TooLong`] if the parameters do not fit into an address, [`RequestError::Credentials`] if a
    /// credential does not fit into a header.
    pub fn request(&self, statement: &Statement) -> Result<Request<String>, RequestError> {
        let mut url = self.url.clone();
        {
            let mut query = url.query_pairs_mut();
            query
                .append_pair("default_format", statement.format.name())
                .append_pair("wait_end_of_query", "1");
            if let Some(database) = &self.database {
                query.append_pair("database", database);
            }
            if let Some(id) = &statement.query_id {
                query.append_pair("query_id", id);
            }
            if let Some(rows) = statement.max_rows {
                // One row more than the limit distinguishes a cut answer from one that fits exactly. Nobody takes that row
                // out of a file.
                let more = u64::from(statement.format == Format::Rows);
                query.append_pair("limit", &rows.saturating_add(more).to_string());
                // Results over the engine's own limits are cut too, and the reply reports the cut.
                query.append_pair("result_overflow_mode", "break");
            }
            for (name, value) in SHAPE {
                if !statement.settings.iter().any(|(own, _)| own == name) {
                    query.append_pair(name, value);
                }
            }
            for (name, value) in &statement.settings {
                query.append_pair(name, value);
            }
            for (name, value) in &statement.params {
                query.append_pair(&format!("param_{name}"), &value.wire());
            }
        }
        let mut request = Request::new(statement.sql.clone());
        *request.method_mut() = Method::POST;
        *request.uri_mut() = url.as_str().parse().map_err(|_| RequestError::TooLong)?;
        let headers = request.headers_mut();
        headers.insert(
            CONTENT_TYPE,
            HeaderValue::from_static("text/plain; charset=utf-8"),
        );
        if let Some(Credentials { user, password }) = &self.credentials {
            for (name, value) in [("x-clickhouse-user", user), ("x-clickhouse-key", password)] {
                let mut value = HeaderValue::from_str(value).map_err(|_| RequestError::Credentials)?;
                value.set_sensitive(true);
                headers.insert(name, value);
            }
        }
        for (name, value) in &self.headers {
            headers.insert(name.clone(), value.clone());
        }
        Ok(request)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use http::Uri;
    use url::{Url, form_urlencoded};

    use super::{Credentials, Endpoint};
    use crate::{RequestError, Statement};

    fn query(uri: &Uri) -> BTreeMap<String, String> {
        form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes())
            .into_owned()
            .collect()
    }

    #[test]
    fn everything_has_its_place() {
        let mut endpoint = Endpoint::new(Url::parse("http://127.0.0.1:8686/").expect("a URL"));
        endpoint.credentials = Some(Credentials {
            user: "reader".into(),
            password: "s3cret".into(),
        });
        endpoint.database = Some("otel".into());
        let statement = Statement::new("SELECT {user:String}")
            .param("user", "a&b=c\tü")
            .setting("max_execution_time", 30)
            .max_rows(100);
        let statement = Statement {
            query_id: Some("q-1".into()),
            ..statement
        };
        let request = endpoint.request(&statement).expect("a request");
        assert_eq!(request.method(), "POST");
        assert_eq!(request.body(), "SELECT {user:String}");
        assert_eq!(request.headers()["x-clickhouse-user"], "reader");
        assert!(request.headers()["x-clickhouse-key"].is_sensitive());
        let query = query(request.uri());
        for (name, value) in [
            ("default_format", "JSONCompact"),
            ("wait_end_of_query", "1"),
            ("database", "otel"),
            ("query_id", "q-1"),
            ("limit", "101"),
            ("result_overflow_mode", "break"),
            ("date_time_output_format", "iso"),
            ("max_execution_time", "30"),
            ("param_user", r"a&b=c\tü"),
        ] {
            assert_eq!(query.get(name).map(String::as_str), Some(value), "{name}");
        }
        assert!(!format!("{endpoint:?}").contains("s3cret"));
    }

    #[test]
    fn what_does_not_fit() {
        let mut endpoint = Endpoint::new(Url::parse("http://127.0.0.1:8686/").expect("a URL"));
        let long = Statement::new("SELECT 1").param("text", "x".repeat(70_000));
        assert_eq!(
            endpoint.request(&long).expect_err("too long"),
            RequestError::TooLong
        );
        endpoint.credentials = Some(Credentials {
            user: "a\nb".into(),
            password: String::new(),
        });
        let refused = endpoint
            .request(&Statement::new("SELECT 1"))
            .expect_err("a line break in a header");
        assert_eq!(refused, RequestError::Credentials);
    }
}
