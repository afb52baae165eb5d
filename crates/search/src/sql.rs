//! Renders a tree as a condition in ClickHouse's SQL. Every value is a typed parameter.

use std::fmt::Write as _;

use lakefront_api::Signal;

use crate::column::{Column, Kind, RESOURCE, attributes, texts};
use crate::expression::{Expression, Field, Test, Value};
use crate::parse::Search;
use crate::pattern::{Pattern, cases, is_word};

/// A condition of a statement, the same for both tiers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition {
    /// The text in parentheses, with placeholders such as `{q0:String}`.
    pub sql: String,
    /// Names and values of the placeholders: `q0`, `q1`, …
    pub params: Vec<(String, String)>,
}

/// The shortest run of letters and digits that is looked for before a regular expression is.
const SHORTEST_RUN: usize = 3;

/// The class of characters that are no part of a word, in RE2's syntax.
const BETWEEN_WORDS: &str = r"[^0-9A-Za-z\x{80}-\x{10FFFF}]";

impl Search {
    /// Renders the search as a condition on the signal's table.
    pub fn condition(&self) -> Condition {
        let mut out = Writer {
            signal: self.signal,
            prefix: "q",
            params: Vec::new(),
        };
        let sql = out.expression(&self.root);
        Condition {
            sql: format!("({sql})"),
            params: out.params,
        }
    }
}

/// Renders the values of fields as one array of texts of at most `longest + 1` characters.
pub fn texts_of(signal: Signal, fields: &[Field], longest: u32) -> Condition {
    let mut out = Writer {
        signal,
        prefix: "f",
        params: Vec::new(),
    };
    let text = |value: String| format!("substringUTF8({value}::String, 1, {})", u64::from(longest) + 1);
    let values: Vec<_> = fields
        .iter()
        .map(|field| match field {
            Field::Column(column) => text(format!("ifNull(toString({}), '')", column.name)),
            Field::Attribute(name) => text(out.attribute(name)),
        })
        .collect();
    Condition {
        sql: format!("[{}]", values.join(", ")),
        params: out.params,
    }
}

struct Writer {
    signal: Signal,
    /// The first letter of the parameters' names.
    prefix: &'static str,
    params: Vec<(String, String)>,
}

impl Writer {
    fn param(&mut self, data_type: &str, value: impl Into<String>) -> String {
        let name = format!("{}{}", self.prefix, self.params.len());
        let placeholder = format!("{{{name}:{data_type}}}");
        self.params.push((name, value.into()));
        placeholder
    }

    fn expression(&mut self, expression: &Expression) -> String {
        match expression {
            Expression::All(parts) if parts.is_empty() => "true".into(),
            Expression::All(parts) => self.joined(parts, " AND "),
            Expression::Any(parts) => self.joined(parts, " OR "),
            // A comparison with an absent number is NULL, which NOT would keep.
            Expression::Not(inner) => format!("NOT ifNull({}, false)", self.expression(inner)),
            Expression::Text(pattern) => self.text(pattern),
            Expression::Field(Field::Column(column), test) => self.column(column, test),
            Expression::Field(Field::Attribute(name), test) => {
                let value = self.attribute(name);
                self.test(&value, test, true)
            }
        }
    }

    /// Renders the value of an attribute: of the record, else of the resource.
    fn attribute(&mut self, name: &str) -> String {
        let key = self.param("String", name);
        let of_record = format!("{}[{key}]", attributes(self.signal));
        format!("if({of_record} != '', {of_record}, {RESOURCE}[{key}])")
    }

    fn joined(&mut self, parts: &[Expression], by: &str) -> String {
        let parts: Vec<_> = parts.iter().map(|part| self.expression(part)).collect();
        format!("({})", parts.join(by))
    }

    fn text(&mut self, pattern: &Pattern) -> String {
        let words = self.words(pattern);
        let mut out = String::from("(");
        for column in texts(self.signal) {
            out += &words.replace(SUBJECT, column);
            out += " OR ";
        }
        let in_value = words.replace(SUBJECT, "v");
        // Not `arrayExists` over `mapValues`: chDB 26.7 loses that column between the steps of a filter on Parquet.
        let _ = write!(
            out,
            "mapExists((k, v) -> {in_value}, {}))",
            attributes(self.signal)
        );
        out
    }

    fn column(&mut self, column: &Column, test: &Test) -> String {
        match (column.kind, test) {
            (Kind::Words, Test::Is(pattern)) => self.words(pattern).replace(SUBJECT, column.name),
            (Kind::Nanoseconds | Kind::Severity, Test::Exists) => format!("{} != 0", column.name),
            (_, Test::Exists) if column.is_optional() => format!("{} IS NOT NULL", column.name),
            (Kind::Truth, Test::Exists) => "true".into(),
            (_, test) => self.test(column.name, test, false),
        }
    }

    /// Renders the test of a value. `is_text` says that the value is a text, even if it is compared with numbers.
    fn test(&mut self, value: &str, test: &Test, is_text: bool) -> String {
        match test {
            Test::Exists => format!("{value} != ''"),
            Test::Truth(true) => value.into(),
            Test::Truth(false) => format!("NOT {value}"),
            Test::Is(pattern) => {
                let text = self.param("String", pattern.text.as_str());
                match (pattern.open_start, pattern.open_end) {
                    (false, false) => format!("{value} = {text}"),
                    (false, true) => format!("startsWith({value}, {text})"),
                    (true, false) => format!("endsWith({value}, {text})"),
                    (true, true) => format!("position({value}, {text}) > 0"),
                }
            }
            Test::Compare(op, bound) => {
                let (number, guard) = compared(value, bound, is_text);
                format!("{guard}{number} {} {}", op.sign(), self.value(bound))
            }
            Test::Between(low, high) => {
                let (value, guard) = compared(value, low, is_text);
                let (low, high) = (self.value(low), self.value(high));
                format!("({guard}{value} >= {low} AND {value} <= {high})")
            }
        }
    }

    fn value(&mut self, value: &Value) -> String {
        match value {
            Value::Number(number) => self.param("Float64", number.to_string()),
            Value::Whole(number) => self.param("Int64", number.to_string()),
            Value::Text(text) => self.param("String", text.as_str()),
        }
    }

    /// Renders the search for words. [`SUBJECT`] stands for the text in which they are searched.
    fn words(&mut self, pattern: &Pattern) -> String {
        let Pattern { text, .. } = pattern;
        let (begins, ends) = (pattern.begins_a_word(), pattern.ends_a_word());
        if begins && ends && text.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            let word = self.param("String", text.as_str());
            return format!("hasTokenCaseInsensitive({SUBJECT}, {word})");
        }
        if !begins && !ends && text.is_ascii() {
            let text = self.param("String", text.as_str());
            return format!("positionCaseInsensitive({SUBJECT}, {text}) > 0");
        }
        let expression = self.param("String", expression(pattern));
        let matches = format!("match({SUBJECT}, {expression})");
        // Most texts do not have the longest run, and a search for it is much faster.
        match longest_run(text) {
            Some(run) => {
                let run = self.param("String", run);
                format!("(positionCaseInsensitive({SUBJECT}, {run}) > 0 AND {matches})")
            }
            None => matches,
        }
    }
}

/// Stands for the searched text while a condition is rendered. No parameter's placeholder contains it.
const SUBJECT: &str = "\u{0}";

/// Returns the value to compare, and a condition before the comparison. A text that is compared with a number is a number
/// itself, if it is one: the words for infinity, which ClickHouse accepts, are none.
fn compared(value: &str, bound: &Value, is_text: bool) -> (String, String) {
    match bound {
        Value::Number(_) if is_text => {
            let number = format!("toFloat64OrNull({value})");
            let guard = format!("isFinite({number}) AND ");
            (number, guard)
        }
        _ => (value.into(), String::new()),
    }
}

/// Returns the longest run of letters and digits of ASCII, if it is long enough to be rare.
fn longest_run(text: &str) -> Option<&str> {
    text.split(|letter: char| !letter.is_ascii_alphanumeric())
        .max_by_key(|run| run.len())
        .filter(|run| run.len() >= SHORTEST_RUN)
}

/// Returns the regular expression of a pattern. The cases of a character are listed, so that they are the same as in
/// [`Pattern::is_in`].
fn expression(pattern: &Pattern) -> String {
    let mut out = String::from("(?s)");
    if pattern.begins_a_word() {
        let _ = write!(out, "(?:^|{BETWEEN_WORDS})");
    }
    for letter in pattern.text.chars() {
        let mut cases = cases(letter).to_vec();
        cases.sort_unstable();
        cases.dedup();
        out.push('[');
        for case in cases {
            // Only ASCII has characters with a meaning inside of brackets.
            if case.is_ascii() && !is_word(case) {
                let _ = write!(out, "\\x{{{:x}}}", u32::from(case));
            } else {
                out.push(case);
            }
        }
        out.push(']');
    }
    if pattern.ends_a_word() {
        let _ = write!(out, "(?:{BETWEEN_WORDS}|$)");
    }
    out
}
