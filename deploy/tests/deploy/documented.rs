//! Calls as they are documented, with the answers of the documentation: `tests/documented`.

use serde_json::Value;

/// A call with its documented answer.
pub struct Documented {
    pub method: String,
    path: Vec<String>,
    pub request: Value,
    pub status: u16,
    pub answer: Value,
}

/// The documented calls, by the name of their file.
pub fn all() -> Vec<(String, Documented)> {
    let files = std::fs::read_dir("tests/documented").expect("a folder");
    let read = files.map(|file| {
        let path = file.expect("a file").path();
        let text = std::fs::read_to_string(&path).expect("a text");
        let call: Value = serde_json::from_str(&text).expect("JSON");
        let text = |key: &str| call[key].as_str().unwrap_or_default().to_owned();
        assert!(text("source").starts_with("https://"), "{path:?} has no source");
        assert_eq!(text("read").len(), 10, "{path:?} has no day");
        let documented = Documented {
            method: text("method"),
            path: text("path").split('/').map(str::to_owned).collect(),
            request: call["request"].clone(),
            status: call["status"].as_u64().expect("a status") as u16,
            answer: call["answer"].clone(),
        };
        let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
        (name, documented)
    });
    read.collect()
}

impl Documented {
    /// Returns true if a call has this method and path. A part in braces is any text.
    pub fn is(&self, method: &str, path: &str) -> bool {
        let parts: Vec<&str> = path.split('/').collect();
        self.method == method
            && parts.len() == self.path.len()
            && self
                .path
                .iter()
                .zip(parts)
                .all(|(known, part)| known == part || known.starts_with('{'))
    }

    /// Returns the first key of a body that is not documented.
    pub fn unknown_key(&self, body: &Value) -> Option<String> {
        unknown(&self.request, body)
    }
}

fn unknown(known: &Value, body: &Value) -> Option<String> {
    match (known, body) {
        (Value::Object(known), Value::Object(body)) => {
            body.iter().find_map(|(key, value)| match known.get(key) {
                Some(known) => unknown(known, value).map(|inner| format!("{key}.{inner}")),
                None => Some(key.clone()),
            })
        }
        (Value::Array(known), Value::Array(body)) => {
            body.iter().find_map(|value| unknown(known.first()?, value))
        }
        (Value::Null, Value::Null) => None,
        (known, body) if std::mem::discriminant(known) == std::mem::discriminant(body) => None,
        (_, body) => Some(format!("{body} is of another type")),
    }
}
