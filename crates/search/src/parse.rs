//! The parser: from a text to a typed tree.

use std::fmt;

use lakefront_api::Signal;

use crate::column::{columns, named};
use crate::error::SyntaxError;
use crate::expression::{Expression, Field, Op};
use crate::pattern::Pattern;
use crate::scan::{Raw, Scanner, error};
use crate::typed::{RawTest, attribute_test, column_test};

/// The longest text of a search, in bytes.
pub const MAX_BYTES: usize = 4_096;
/// The most words and tests in a search.
pub const MAX_TERMS: usize = 64;
/// The deepest nesting of parentheses and negations.
pub const MAX_DEPTH: usize = 32;

/// A search over one signal.
#[derive(Debug, Clone, PartialEq)]
pub struct Search {
    /// The signal whose rows are searched.
    pub signal: Signal,
    /// The condition on a row.
    pub root: Expression,
}

impl Search {
    /// Parses a text. An empty one fits every row.
    ///
    /// # Errors
    /// [`SyntaxError`] with the place of the first fault: a text that does not follow the grammar, a value that the
    /// field cannot have, or a text beyond [`MAX_BYTES`], [`MAX_TERMS`] or [`MAX_DEPTH`].
    pub fn parse(signal: Signal, text: &str) -> Result<Self, SyntaxError> {
        if text.len() > MAX_BYTES {
            let within = text.char_indices().take_while(|(at, _)| *at < MAX_BYTES).count();
            return error(
                within,
                format!("a search has at most {MAX_BYTES} bytes; shorten it"),
            );
        }
        let mut parser = Parser {
            signal,
            scan: Scanner::new(text),
            terms: 0,
            depth: 0,
        };
        parser.scan.skip_space();
        if parser.scan.peek().is_none() {
            return Ok(Self {
                signal,
                root: Expression::All(Vec::new()),
            });
        }
        let root = parser.any()?;
        match parser.scan.peek() {
            None => Ok(Self { signal, root }),
            Some(')') => parser.scan.error("no ( before it is open; remove this )"),
            Some(other) => parser
                .scan
                .error(format!("{other} has no meaning here; put the text in quotes")),
        }
    }

    /// Returns the text of a search for rows that fit both `text` and a value of a field. With `exclude` the rows do not
    /// have the value.
    ///
    /// `text` stays as it was written. A text that cannot be parsed is dropped.
    pub fn narrowed(signal: Signal, text: &str, field: Named<'_>, value: &str, exclude: bool) -> String {
        let term = term(signal, field, value, exclude);
        let text = text.trim();
        match Self::parse(signal, text) {
            Ok(_) if text.is_empty() => term,
            Err(_) => term,
            Ok(Self {
                root: Expression::Any(_),
                ..
            }) => format!("({text}) {term}"),
            Ok(_) => format!("{text} {term}"),
        }
    }
}

/// The name of a field, as a row has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Named<'a> {
    /// A column of the table.
    Column(&'a str),
    /// An attribute of the record or the resource.
    Attribute(&'a str),
}

/// Returns the text of one test: a field has a value, or with `exclude` has another.
fn term(signal: Signal, field: Named<'_>, value: &str, exclude: bool) -> String {
    let raw = || {
        RawTest::Is(Raw {
            position: 0,
            pattern: Pattern::exact(value),
            is_quoted: true,
        })
    };
    let of_column = |name: &str| {
        let column = columns(signal).find(|column| column.name == name)?;
        Some(Expression::Field(
            Field::Column(column),
            column_test(column, raw()).ok()?,
        ))
    };
    let found = match field {
        Named::Column(name) => of_column(name),
        Named::Attribute(_) => None,
    };
    let term = found.unwrap_or_else(|| {
        let (Named::Column(name) | Named::Attribute(name)) = field;
        Expression::Field(Field::Attribute(name.to_owned()), attribute_test(raw()))
    });
    let root = match exclude {
        true => Expression::Not(Box::new(term)),
        false => term,
    };
    Search { signal, root }.to_string()
}

impl fmt::Display for Search {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        crate::print::print(self.signal, &self.root, f)
    }
}

struct Parser {
    signal: Signal,
    scan: Scanner,
    terms: usize,
    depth: usize,
}

impl Parser {
    /// Parses `a OR b`.
    fn any(&mut self) -> Result<Expression, SyntaxError> {
        let mut parts = vec![self.all()?];
        while self.scan.take_word("OR") {
            self.scan.skip_space();
            parts.push(self.all()?);
        }
        Ok(Expression::any(parts))
    }

    /// Parses `a b` and `a AND b`.
    fn all(&mut self) -> Result<Expression, SyntaxError> {
        let mut parts = vec![self.unary()?];
        loop {
            if self.scan.take_word("AND") {
                self.scan.skip_space();
            } else if matches!(self.scan.peek(), None | Some(')')) || self.is_or() {
                break;
            }
            parts.push(self.unary()?);
        }
        Ok(Expression::all(parts))
    }

    fn is_or(&mut self) -> bool {
        let here = self.scan.position();
        let is_or = self.scan.take_word("OR");
        self.scan.back_to(here);
        is_or
    }

    /// Parses a term, with an optional negation before it, and skips the space behind it.
    fn unary(&mut self) -> Result<Expression, SyntaxError> {
        let here = self.scan.position();
        let follows = |next: Option<char>| next.is_some_and(|next| !next.is_whitespace() && next != '-');
        let is_negated = if self.scan.peek() == Some('-') && follows(self.scan.peek_second()) {
            self.scan.take('-')
        } else {
            self.scan.take_word("NOT")
        };
        if !is_negated {
            return self.term();
        }
        self.scan.skip_space();
        self.enter(here)?;
        let negated = self.unary()?;
        self.depth -= 1;
        Ok(Expression::Not(Box::new(negated)))
    }

    fn enter(&mut self, position: usize) -> Result<(), SyntaxError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            let message = format!("a search is nested at most {MAX_DEPTH} deep; remove parentheses");
            return error(position, message);
        }
        Ok(())
    }

    fn term(&mut self) -> Result<Expression, SyntaxError> {
        let here = self.scan.position();
        if self.scan.take('(') {
            self.enter(here)?;
            self.scan.skip_space();
            let inner = self.any()?;
            if !self.scan.take(')') {
                return error(here, "the ( that opens here is not closed; add a )");
            }
            self.depth -= 1;
            self.scan.skip_space();
            return Ok(inner);
        }
        for word in ["AND", "OR", "NOT"] {
            if self.scan.take_word(word) {
                return error(
                    here,
                    format!("{word} stands between two conditions; put the word in quotes to search for it"),
                );
            }
        }
        self.terms += 1;
        if self.terms > MAX_TERMS {
            return error(
                here,
                format!("a search has at most {MAX_TERMS} words and conditions; remove some"),
            );
        }
        let term = match self.scan.field()? {
            Some((name, is_quoted)) => self.field_term(here, name, is_quoted)?,
            None => self.text_term()?,
        };
        self.scan.skip_space();
        Ok(term)
    }

    fn text_term(&mut self) -> Result<Expression, SyntaxError> {
        let Raw {
            position, pattern, ..
        } = self.scan.value()?;
        match (pattern.text.is_empty(), pattern.open_start || pattern.open_end) {
            (true, true) => Ok(Expression::All(Vec::new())),
            (true, false) => error(
                position,
                "the quotes are empty; write a word or phrase between them",
            ),
            (false, _) => Ok(Expression::Text(pattern)),
        }
    }

    fn field_term(&mut self, here: usize, name: String, is_quoted: bool) -> Result<Expression, SyntaxError> {
        if name.is_empty() {
            return error(
                here,
                "the quotes are empty; write the name of an attribute between them",
            );
        }
        let test = self.test(&name)?;
        let column = named(self.signal, &name).filter(|_| !is_quoted);
        let Some(column) = column else {
            return Ok(Expression::Field(Field::Attribute(name), attribute_test(test)));
        };
        // A status is a number, that of HTTP, or a name, that of the span.
        let of_span = (name == "status")
            .then(|| named(self.signal, "StatusCode"))
            .flatten()
            .and_then(|column| Some((column, column_test(column, test.clone()).ok()?)));
        match (column_test(column, test), of_span) {
            (Ok(test), _) => Ok(Expression::Field(Field::Column(column), test)),
            (Err(_), Some((column, test))) => Ok(Expression::Field(Field::Column(column), test)),
            (Err(error), None) => Err(error),
        }
    }

    /// Parses what stands behind the colon of a field.
    fn test(&mut self, name: &str) -> Result<RawTest, SyntaxError> {
        match self.scan.peek() {
            None => self.missing(name),
            Some(space) if space.is_whitespace() || space == ')' => self.missing(name),
            Some('(') => self.scan.error(format!(
                "write ({name}:a OR {name}:b) to search for several values"
            )),
            Some('[') => self.range(),
            Some('>' | '<') => {
                let is_greater = self.scan.take('>');
                self.scan.take('<');
                let op = match (is_greater, self.scan.take('=')) {
                    (true, true) => Op::AtLeast,
                    (true, false) => Op::Greater,
                    (false, true) => Op::AtMost,
                    (false, false) => Op::Less,
                };
                Ok(RawTest::Compare(op, self.bound()?))
            }
            Some(_) => Ok(match self.scan.value()? {
                Raw {
                    pattern,
                    is_quoted: false,
                    ..
                } if pattern.text.is_empty() => RawTest::Exists,
                value => RawTest::Is(value),
            }),
        }
    }

    fn missing<T>(&self, name: &str) -> Result<T, SyntaxError> {
        let message = format!("a value must follow \"{name}:\"; put the text in quotes to search for it");
        self.scan.error(message)
    }

    /// Parses a value without stars.
    fn bound(&mut self) -> Result<Raw, SyntaxError> {
        let value = self.scan.value()?;
        if value.pattern.open_start || value.pattern.open_end {
            return error(value.position, "a value to compare with takes no *");
        }
        Ok(value)
    }

    /// Parses `[a TO b]`. A `*` leaves that end open.
    fn range(&mut self) -> Result<RawTest, SyntaxError> {
        let here = self.scan.position();
        self.scan.take('[');
        self.scan.skip_space();
        let low = self.end()?;
        self.scan.skip_space();
        if !self.scan.take_word("TO") {
            return self.scan.error("expected TO, as in [1 TO 5]");
        }
        self.scan.skip_space();
        let high = self.end()?;
        self.scan.skip_space();
        if !self.scan.take(']') {
            return error(
                here,
                "the [ that opens here is not closed; write a range as [1 TO 5]",
            );
        }
        Ok(match (low, high) {
            (None, None) => RawTest::Exists,
            (Some(low), None) => RawTest::Compare(Op::AtLeast, low),
            (None, Some(high)) => RawTest::Compare(Op::AtMost, high),
            (Some(low), Some(high)) => RawTest::Between(low, high),
        })
    }

    fn end(&mut self) -> Result<Option<Raw>, SyntaxError> {
        let value = self.scan.value()?;
        let is_star = value.pattern.text.is_empty() && !value.is_quoted;
        if !is_star && (value.pattern.open_start || value.pattern.open_end) {
            return error(value.position, "a value to compare with takes no *");
        }
        Ok((!is_star).then_some(value))
    }
}
