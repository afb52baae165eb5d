//! A parser of `multipart/form-data`, in which some clients send a statement and its parameters.
//! <https://www.rfc-editor.org/rfc/rfc7578>

use crate::BadRequest;

/// Returns the boundary that a `Content-Type` names.
///
/// # Errors
/// [`BadRequest::Form`] if there is none.
pub fn boundary(content_type: &str) -> Result<String, BadRequest> {
    let mut attributes = content_type.split(';').skip(1);
    attributes
        .find_map(|attribute| attribute.trim().strip_prefix("boundary="))
        .map(|boundary| boundary.trim_matches('"').to_owned())
        .filter(|boundary| !boundary.is_empty())
        .ok_or(BadRequest::Form)
}

/// Returns the names and values of a form's fields, in order.
///
/// # Errors
/// [`BadRequest::Form`] for a malformed form, [`BadRequest::ExternalTable`] for files, [`BadRequest::NotText`] for a
/// body that is not UTF-8.
pub fn fields(body: &[u8], boundary: &str) -> Result<Vec<(String, String)>, BadRequest> {
    let body = std::str::from_utf8(body).map_err(|_| BadRequest::NotText)?;
    let delimiter = format!("--{boundary}");
    let between = format!("\r\n{delimiter}");
    let mut rest = body.strip_prefix(&delimiter).ok_or(BadRequest::Form)?;
    let mut fields = Vec::new();
    while !rest.starts_with("--") {
        let part = rest.strip_prefix("\r\n").ok_or(BadRequest::Form)?;
        let (part, behind) = part.split_once(&between).ok_or(BadRequest::Form)?;
        let (head, value) = part.split_once("\r\n\r\n").ok_or(BadRequest::Form)?;
        fields.push((name(head)?, value.to_owned()));
        rest = behind;
    }
    Ok(fields)
}

/// Returns the name of a field from the headers of its part.
fn name(head: &str) -> Result<String, BadRequest> {
    let disposition = head
        .lines()
        .filter_map(|line| line.split_once(':'))
        .find(|(header, _)| header.eq_ignore_ascii_case("content-disposition"))
        .map(|(_, value)| value)
        .ok_or(BadRequest::Form)?;
    let mut attributes = disposition.split(';').map(str::trim);
    if attributes
        .clone()
        .any(|attribute| attribute.starts_with("filename"))
    {
        return Err(BadRequest::ExternalTable);
    }
    attributes
        .find_map(|attribute| attribute.strip_prefix("name="))
        .map(|name| name.trim_matches('"').to_owned())
        .ok_or(BadRequest::Form)
}

#[cfg(test)]
mod tests {
    use super::{boundary, fields};
    use crate::BadRequest;

    const BODY: &str = "--b-1\r\nContent-Disposition: form-data; name=\"query\"\r\n\r\nSELECT {a:String}\r\n--b-1\r\n\
                        content-disposition: form-data; name=param_a\r\nContent-Type: text/plain\r\n\r\nx\r\n--y\r\n--b-1--\r\n";

    #[test]
    fn two_fields() {
        let read = fields(BODY.as_bytes(), "b-1").expect("a form");
        assert_eq!(
            read,
            [
                ("query".into(), "SELECT {a:String}".into()),
                ("param_a".into(), "x\r\n--y".into())
            ]
        );
        assert_eq!(fields(b"--b----", "b--"), Ok(Vec::new()), "none");
    }

    #[test]
    fn boundaries() {
        assert_eq!(
            boundary("multipart/form-data; boundary=\"b 1\"").as_deref(),
            Ok("b 1")
        );
        assert_eq!(
            boundary("multipart/form-data;charset=x; boundary=b").as_deref(),
            Ok("b")
        );
        assert_eq!(boundary("multipart/form-data"), Err(BadRequest::Form));
    }

    #[test]
    fn what_is_refused() {
        for end in 0..BODY.len() - 4 {
            assert_eq!(
                fields(&BODY.as_bytes()[..end], "b-1"),
                Err(BadRequest::Form),
                "{end}"
            );
        }
        assert_eq!(fields(BODY.as_bytes(), "other"), Err(BadRequest::Form));
        let file =
            "--b\r\nContent-Disposition: form-data; name=\"t\"; filename=\"t.tsv\"\r\n\r\n1\r\n--b--\r\n";
        assert_eq!(fields(file.as_bytes(), "b"), Err(BadRequest::ExternalTable));
    }
}
