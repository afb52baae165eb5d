//! The server's side of a request: its address, headers and form.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, Uri};
use url::form_urlencoded;

use crate::{BadRequest, Credentials, form};

/// A query as a server of the ClickHouse HTTP interface receives it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IncomingQuery {
    /// The statement: the parameter `query` of the address, then the body.
    pub sql: String,
    /// The database for unqualified tables.
    pub database: Option<String>,
    /// Values of placeholders by name, from `param_<name>`. They are fields of TabSeparated, as sent.
    pub params: BTreeMap<String, String>,
    /// Settings: every other pair of the address that is not part of the protocol.
    pub settings: BTreeMap<String, String>,
    /// The output format if the statement has no FORMAT clause.
    pub format: Option<String>,
    /// The id that the caller gave to the query.
    pub query_id: Option<String>,
    /// The caller's user and password.
    pub credentials: Option<Credentials>,
    /// True if the reply may be compressed with an encoding of `Accept-Encoding`.
    pub http_compression: bool,
    /// True if the reply is to be sent in ClickHouse's native compressed blocks.
    pub native_compression: bool,
    /// True if the body consists of ClickHouse's native compressed blocks.
    pub native_body: bool,
    /// The protocol revision in which the client reads the format Native; 0 if it names none.
    pub revision: u64,
    /// The boundary of the body's parts if the body is a form. Statement and parameters are then fields of the form.
    pub form: Option<String>,
}

/// Names of pairs in the address that concern the protocol or the way of replying, and affect no result.
const PROTOCOL: [&str; 22] = [
    "add_http_cors_header",
    "buffer_size",
    "cancel_http_readonly_queries_on_client_close",
    "close_session",
    "http_headers_progress_interval_ms",
    "http_make_head_request",
    "http_native_compression_disable_checksumming_on_decompress",
    "http_receive_timeout",
    "http_response_buffer_size",
    "http_response_headers",
    "http_send_timeout",
    "http_wait_end_of_query",
    "http_write_exception_in_output_format",
    "http_zlib_compression_level",
    "priority",
    "quota_key",
    "role",
    "send_progress_in_http_headers",
    "session_check",
    "session_id",
    "session_timeout",
    "stacktrace",
];

impl IncomingQuery {
    /// Parses a request's address, headers and decompressed body.
    ///
    /// # Errors
    /// The errors of [`Self::head`] and [`Self::fields`], and [`BadRequest::NotText`] if the body is not UTF-8.
    pub fn read(uri: &Uri, headers: &HeaderMap, body: &[u8]) -> Result<Self, BadRequest> {
        let mut read = Self::head(uri, headers)?;
        if read.form.is_some() {
            read.fields(body)?;
            return Ok(read);
        }
        let body = std::str::from_utf8(body).map_err(|_| BadRequest::NotText)?;
        if !read.sql.is_empty() && !body.is_empty() {
            read.sql.push('\n');
        }
        read.sql.push_str(body);
        Ok(read)
    }

    /// Parses a request's address and headers. The caller reads the body, which continues [`Self::sql`] on a new line,
    /// or is a form with the boundary [`Self::form`].
    ///
    /// # Errors
    /// [`BadRequest::Form`] if the body is a form without a boundary, [`BadRequest::Authorization`] for a malformed
    /// `Authorization`.
    pub fn head(uri: &Uri, headers: &HeaderMap) -> Result<Self, BadRequest> {
        let content_type = headers
            .get(CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default();
        let form = content_type.starts_with("multipart/");
        let mut read = Self {
            format: header(headers, "x-clickhouse-format"),
            form: form.then(|| form::boundary(content_type)).transpose()?,
            ..Self::default()
        };
        read.database = header(headers, "x-clickhouse-database");
        read.credentials = credentials(headers)?;
        for (name, value) in form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes()) {
            read.pair(&name, value.into_owned());
        }
        Ok(read)
    }

    /// Parses the body as a form and adds its fields.
    ///
    /// # Errors
    /// [`BadRequest`] if the body is not a form, has files, or is not UTF-8.
    pub fn fields(&mut self, body: &[u8]) -> Result<(), BadRequest> {
        for (name, value) in form::fields(body, self.form.as_deref().unwrap_or_default())? {
            self.pair(&name, value);
        }
        Ok(())
    }

    /// Adds a pair of the address, or a field of the form.
    fn pair(&mut self, name: &str, value: String) {
        match name {
            "query" => self.sql = value,
            "database" => self.database = Some(value),
            "default_format" | "output_format" => self.format = Some(value),
            "query_id" => self.query_id = Some(value),
            "user" => self.credentials.get_or_insert_default().user = value,
            "password" => self.credentials.get_or_insert_default().password = value,
            "enable_http_compression" => self.http_compression = is_on(&value),
            "compress" => self.native_compression = is_on(&value),
            "decompress" => self.native_body = is_on(&value),
            "client_protocol_version" => self.revision = value.parse().unwrap_or_default(),
            "wait_end_of_query" => {}
            _ if PROTOCOL.contains(&name) => {}
            _ => match name.strip_prefix("param_") {
                Some(param) => drop(self.params.insert(param.into(), value)),
                None => drop(self.settings.insert(name.into(), value)),
            },
        }
    }
}

fn is_on(value: &str) -> bool {
    matches!(value, "1" | "true")
}

fn header(headers: &HeaderMap, name: &str) -> Option<String> {
    headers
        .get(name)
        .and_then(|value| value.to_str().ok())
        .map(Into::into)
}

/// Returns the credentials in `X-ClickHouse-User` and `-Key`, else those in `Authorization`. Basic authentication has
/// user and password; a bearer token is a password without a user.
fn credentials(headers: &HeaderMap) -> Result<Option<Credentials>, BadRequest> {
    let (user, key) = (
        header(headers, "x-clickhouse-user"),
        header(headers, "x-clickhouse-key"),
    );
    if user.is_some() || key.is_some() {
        return Ok(Some(Credentials {
            user: user.unwrap_or_default(),
            password: key.unwrap_or_default(),
        }));
    }
    let Some(authorization) = headers.get(AUTHORIZATION) else {
        return Ok(None);
    };
    let authorization = authorization.to_str().map_err(|_| BadRequest::Authorization)?;
    let (scheme, token) = authorization.split_once(' ').ok_or(BadRequest::Authorization)?;
    if scheme.eq_ignore_ascii_case("bearer") {
        return Ok(Some(Credentials {
            user: String::new(),
            password: token.trim().into(),
        }));
    }
    if !scheme.eq_ignore_ascii_case("basic") {
        return Err(BadRequest::Authorization);
    }
    let decoded = STANDARD
        .decode(token.trim())
        .map_err(|_| BadRequest::Authorization)?;
    let decoded = String::from_utf8(decoded).map_err(|_| BadRequest::Authorization)?;
    let (user, password) = decoded.split_once(':').ok_or(BadRequest::Authorization)?;
    Ok(Some(Credentials {
        user: user.into(),
        password: password.into(),
    }))
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderName, HeaderValue, Uri};

    use super::IncomingQuery;
    use crate::{BadRequest, Endpoint, Param, Statement};

    fn read(uri: &str, headers: &[(&str, &str)], body: &str) -> Result<IncomingQuery, BadRequest> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.insert(
                HeaderName::try_from(*name).expect("a name"),
                HeaderValue::from_str(value).expect("a value"),
            );
        }
        IncomingQuery::read(&uri.parse::<Uri>().expect("a URI"), &map, body.as_bytes())
    }

    #[test]
    fn where_the_statement_stands() {
        for (uri, body, sql) in [
            ("/?query=SELECT%201", "", "SELECT 1"),
            ("/", "SELECT 1", "SELECT 1"),
            ("/?query=SELECT+1%2B", "2", "SELECT 1+\n2"),
            ("/", "", ""),
        ] {
            assert_eq!(read(uri, &[], body).expect("read").sql, sql);
        }
    }

    #[test]
    fn what_the_address_carries() {
        let query = read(
            "/?database=otel&default_format=CSV&query_id=q1&param_a=x%09y&max_threads=2&session_id=s&compress=0\
             &enable_http_compression=1&wait_end_of_query=1",
            &[("x-clickhouse-format", "JSON")],
            "SELECT 1",
        )
        .expect("read");
        assert_eq!(query.database.as_deref(), Some("otel"));
        assert_eq!(
            query.format.as_deref(),
            Some("CSV"),
            "the address wins over the header"
        );
        assert_eq!(query.query_id.as_deref(), Some("q1"));
        assert_eq!(query.params["a"], "x\ty");
        assert_eq!(
            query.settings.iter().collect::<Vec<_>>(),
            [(&"max_threads".into(), &"2".into())]
        );
        assert!(query.http_compression && !query.native_compression);
    }

    #[test]
    fn a_form() {
        let body = "--x\r\nContent-Disposition: form-data; name=\"query\"\r\n\r\nSELECT {a:String}\r\n--x\r\n\
                    Content-Disposition: form-data; name=\"param_a\"\r\n\r\nb\r\n--x--\r\n";
        let form = [("content-type", "multipart/form-data; boundary=x")];
        let query = read("/?max_threads=1", &form, body).expect("read");
        assert_eq!((&*query.sql, &*query.params["a"]), ("SELECT {a:String}", "b"));
        assert_eq!(query.settings["max_threads"], "1");
    }

    #[test]
    fn who_asks() {
        for (uri, headers, user, password) in [
            (
                "/",
                vec![("x-clickhouse-user", "u"), ("x-clickhouse-key", "k")],
                "u",
                "k",
            ),
            ("/", vec![("authorization", "Basic dTpwOnE=")], "u", "p:q"),
            ("/", vec![("authorization", "Bearer token")], "", "token"),
            ("/?user=u&password=p", vec![], "u", "p"),
        ] {
            let credentials = read(uri, &headers, "")
                .expect("read")
                .credentials
                .expect("credentials");
            assert_eq!((&*credentials.user, &*credentials.password), (user, password));
        }
        assert_eq!(read("/", &[], "").expect("read").credentials, None);
        for wrong in ["Basic", "Basic ***", "Basic dQ==", "Digest x"] {
            assert_eq!(
                read("/", &[("authorization", wrong)], ""),
                Err(BadRequest::Authorization),
                "{wrong}"
            );
        }
    }

    #[test]
    fn what_is_refused() {
        let form = [("content-type", "multipart/form-data; boundary=x")];
        assert_eq!(read("/", &form, ""), Err(BadRequest::Form));
        let form = [("content-type", "multipart/form-data")];
        assert_eq!(read("/", &form, ""), Err(BadRequest::Form));
        let uri = Uri::from_static("/");
        assert_eq!(
            IncomingQuery::read(&uri, &HeaderMap::new(), &[0xff]),
            Err(BadRequest::NotText)
        );
    }

    #[test]
    fn what_the_client_writes_the_server_reads() {
        let endpoint = Endpoint::new("http://127.0.0.1:1/".parse().expect("a URL"));
        let statement = Statement::new("SELECT {a:String}")
            .param("a", "tab\tü&=")
            .param("b", Param::Null);
        let request = endpoint.request(&statement).expect("a request");
        let (parts, body) = request.into_parts();
        let query = IncomingQuery::read(&parts.uri, &parts.headers, body.as_bytes()).expect("read");
        assert_eq!(query.sql, statement.sql);
        assert_eq!(query.params["a"], statement.params[0].1.wire());
        assert_eq!(query.params["b"], "\\N");
        assert_eq!(query.format.as_deref(), Some("JSONCompact"));
    }
}
