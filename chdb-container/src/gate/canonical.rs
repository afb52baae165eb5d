//! The canonical text of a statement, as the engine's parser writes it: without comments, each placeholder as
//! `{name:Type}`, each setting by its plain name. A sender can spell the same statement in ways that only the engine's
//! lexer understands.

use chdb_rust::format::OutputFormat;
use chdb_rust::query_param::{QueryParam, QueryParams};
use lakefront_clickhouse_http::{Exception, Param};

use crate::chdb::{self, Connection};
use crate::gate::rules::Names;
use crate::rights::Rights;
use crate::settings;

/// Types whose values can't name a table, a column or a function, and the words that occur in the types' arguments.
const TYPES_OF_VALUES: [&str; 38] = [
    "Array",
    "Bool",
    "Date",
    "Date32",
    "Date64",
    "DateTime",
    "DateTime64",
    "Decimal",
    "Decimal128",
    "Decimal256",
    "Decimal32",
    "Decimal64",
    "FixedString",
    "Float32",
    "Float64",
    "Int128",
    "Int16",
    "Int256",
    "Int32",
    "Int64",
    "Int8",
    "IPv4",
    "IPv6",
    "LowCardinality",
    "Map",
    "Nullable",
    "String",
    "Time",
    "Time64",
    "Tuple",
    "UInt128",
    "UInt16",
    "UInt256",
    "UInt32",
    "UInt64",
    "UInt8",
    "UTC",
    "UUID",
];

/// The text of a statement as the engine writes it.
pub struct Canonical(String);

impl Canonical {
    /// Formats a statement with the engine's `formatQuery`.
    ///
    /// # Errors
    /// The engine's exception.
    pub fn of(connection: &Connection, sql: &str) -> Result<Self, Exception> {
        let text = Param::Text(sql.to_owned());
        let params = QueryParams::new().bind("statement", QueryParam::raw(&*text.wire()));
        let written = connection
            .query_with_params(
                "SELECT formatQuery({statement:String})",
                OutputFormat::TabSeparatedRaw,
                params,
            )
            .map_err(|error| chdb::exception(&error))?;
        Ok(Self(written.data_utf8_lossy().into_owned()))
    }

    /// Returns true if a parameter may name a table, a column or a function. Quoted text that looks like such a
    /// placeholder also counts.
    pub fn has_identifiers(&self) -> bool {
        self.0.contains(":Identifier}")
    }

    /// Returns true unless the type of every parameter shows that it is a value. A brace that begins no placeholder
    /// counts as a placeholder of an unknown type.
    pub fn depends_on_values(&self) -> bool {
        self.0.split('{').skip(1).any(|behind| {
            let placeholder = behind.split_once('}').map(|(placeholder, _)| placeholder);
            let kind = placeholder.and_then(|placeholder| placeholder.split_once(':'));
            !kind.is_some_and(|(_, kind)| is_of_values(kind))
        })
    }

    /// Returns the first setting in the statement, of a query or of a table, that the caller may not set.
    pub fn foreign_setting(&self, names: &Names, rights: Rights) -> Option<&str> {
        self.0
            .split(|character: char| !character.is_ascii_alphanumeric() && character != '_')
            .find(|word| names.is_setting(word) && !settings::is_free(word, rights))
    }
}

/// Returns true if every word of a placeholder's type, except numbers, is in [`TYPES_OF_VALUES`].
fn is_of_values(kind: &str) -> bool {
    kind.split(|character: char| !character.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty() && !word.bytes().all(|byte| byte.is_ascii_digit()))
        .all(|word| TYPES_OF_VALUES.contains(&word))
}

#[cfg(test)]
mod tests {
    use super::Canonical;

    #[test]
    fn placeholders_decide() {
        for (text, depends_on_values, identifiers) in [
            ("SELECT 1", false, false),
            (
                "SELECT {a:String}, {b:Array(DateTime64(6, 'UTC'))}, {c:Map(String, UInt8)}",
                false,
                false,
            ),
            ("SELECT count() FROM {d:Identifier}.{t:Identifier}", true, true),
            ("SELECT {a:String} FROM {t:Identifier}", true, true),
            ("SELECT '{a:Identifier}'", true, true),
            ("SELECT {a:Enum8('x' = 1)}", true, false),
            ("SELECT '{' , {a:String}", true, false),
            ("SELECT '{'", true, false),
        ] {
            let canonical = Canonical(text.to_owned());
            assert_eq!(canonical.depends_on_values(), depends_on_values, "{text}");
            assert_eq!(canonical.has_identifiers(), identifiers, "{text}");
        }
    }
}
