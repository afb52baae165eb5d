//! The fields that a list shows besides its own: names with commas between them, as a search writes names before a colon.

use lakefront_api::Signal;

use crate::column::{columns, named};
use crate::error::SyntaxError;
use crate::expression::Field;
use crate::parse::Named;
use crate::print::write_field;
use crate::scan::{Scanner, error};
use crate::sql::{Condition, texts_of};

/// The most fields that a list shows besides its own.
pub const MAX_FIELDS: usize = 10;

/// Some fields of a signal, in the order in which they are shown.
///
/// ```
/// use lakefront_api::Signal;
/// use lakefront_search::Fields;
///
/// let fields = Fields::parse(Signal::Logs, "route, host.name, \"level\"")?;
/// assert_eq!(fields.names(), ["route", "host.name", "\"level\""]);
/// # Ok::<(), lakefront_search::SyntaxError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Fields {
    signal: Signal,
    fields: Vec<Field>,
}

impl Fields {
    /// Returns no fields.
    pub const fn none(signal: Signal) -> Self {
        Self {
            signal,
            fields: Vec::new(),
        }
    }

    /// Parses names with commas between them. A name that is given twice counts once.
    ///
    /// # Errors
    /// [`SyntaxError`] with the place of the first fault, which is also that of a name beyond [`MAX_FIELDS`].
    pub fn parse(signal: Signal, text: &str) -> Result<Self, SyntaxError> {
        let mut scan = Scanner::new(text);
        let mut fields: Vec<Field> = Vec::new();
        loop {
            scan.skip_space();
            if scan.peek().is_none() {
                break;
            }
            let here = scan.position();
            let (name, is_quoted) = scan.name()?;
            if name.is_empty() {
                return error(here, "expected the name of a field");
            }
            let column = named(signal, &name).filter(|_| !is_quoted);
            let field = column.map_or(Field::Attribute(name), Field::Column);
            if !fields.contains(&field) {
                if fields.len() == MAX_FIELDS {
                    return error(
                        here,
                        format!("at most {MAX_FIELDS} fields are shown; remove some"),
                    );
                }
                fields.push(field);
            }
            scan.skip_space();
            if scan.peek().is_some() && !scan.take(',') {
                return scan
                    .error("expected a comma between two names; put a name with other characters in quotes");
            }
        }
        Ok(Self { signal, fields })
    }

    /// Returns the names of the fields, as [`Fields::parse`] reads them.
    pub fn names(&self) -> Vec<String> {
        let name = |field: &Field| {
            let mut name = String::new();
            // Writing to a text does not fail.
            let _ = write_field(self.signal, field, &mut name);
            name
        };
        self.fields.iter().map(name).collect()
    }

    /// Returns the fields without a field, or with it as the last one, and whether it was among them. `None` if there are
    /// [`MAX_FIELDS`] others.
    pub fn toggled(&self, field: Named<'_>) -> Option<(bool, Self)> {
        let of_column = match field {
            Named::Column(name) => columns(self.signal).find(|column| column.name == name),
            Named::Attribute(_) => None,
        };
        let (Named::Column(name) | Named::Attribute(name)) = field;
        let field = of_column.map_or_else(|| Field::Attribute(name.to_owned()), Field::Column);
        let mut fields = self.clone();
        fields.fields.retain(|other| *other != field);
        if fields.fields.len() < self.fields.len() {
            return Some((true, fields));
        }
        fields.fields.push(field);
        (fields.fields.len() <= MAX_FIELDS).then_some((false, fields))
    }

    /// Returns true if there is no field.
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    /// Renders the values of the fields as one array of texts. An absent value is an empty text, and a longer one has its
    /// first `longest` characters and one more.
    pub fn values(&self, longest: u32) -> Condition {
        texts_of(self.signal, &self.fields, longest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(text: &str) -> Result<Vec<String>, SyntaxError> {
        Fields::parse(Signal::Logs, text).map(|fields| fields.names())
    }

    #[test]
    fn names_are_printed_as_they_are_read() {
        assert_eq!(names("").unwrap(), [""; 0]);
        assert_eq!(
            names(" ServiceName ,host.name,\"a, \\\"b\\\"\",\"level\",level,service").unwrap(),
            ["service", "host.name", "\"a, \\\"b\\\"\"", "\"level\"", "level"]
        );
        let printed = names("\"a, b\", \"\\\\\"").unwrap().join(",");
        assert_eq!(names(&printed).unwrap().join(","), printed);
    }

    #[test]
    fn a_field_is_added_at_the_end_and_taken_out_again() {
        let fields = Fields::parse(Signal::Logs, "route").unwrap();
        let (was_shown, fields) = fields.toggled(Named::Attribute("level")).unwrap();
        let (_, fields) = fields.toggled(Named::Column("SeverityNumber")).unwrap();
        assert!(!was_shown);
        assert_eq!(fields.names(), ["route", "\"level\"", "level"]);
        let (was_shown, fields) = fields.toggled(Named::Attribute("level")).unwrap();
        assert!(was_shown);
        assert_eq!(fields.names(), ["route", "level"]);
        let full: Vec<_> = (0..10).map(|at| format!("a{at}")).collect();
        let full = Fields::parse(Signal::Logs, &full.join(",")).unwrap();
        assert!(full.toggled(Named::Attribute("a10")).is_none());
        assert!(full.toggled(Named::Attribute("a9")).is_some());
    }

    #[test]
    fn a_fault_names_its_place() {
        for (text, position) in [("a b", 2), (",a", 0), ("a,,b", 2), ("a,\"b", 2), ("a(b", 1)] {
            assert_eq!(names(text).unwrap_err().position, position, "{text}");
        }
        let many: Vec<_> = (0..11).map(|at| format!("a{at}")).collect();
        assert_eq!(names(&many.join(",")).unwrap_err().position, 30);
        assert_eq!(names(&many[..10].join(",")).unwrap().len(), 10);
    }
}
