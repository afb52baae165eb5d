//! Formulas over the metrics of a chart, such as `a / b * 100`.

use super::letter::Letter;

/// The longest formula, in characters.
pub const MAX_LENGTH: usize = 200;
/// The deepest nesting of parentheses and minus signs.
const MAX_DEPTH: usize = 32;

/// A formula that can be computed.
#[derive(Debug, Clone, PartialEq)]
pub struct Formula {
    root: Node,
    /// The metrics in it, each with the place at which it is first named, in characters.
    pub letters: Vec<(Letter, usize)>,
}

/// A fault in the text of a formula.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The number of characters before the fault.
    pub position: usize,
    /// The message: what the formula should have at the fault, and how to correct it.
    pub message: String,
}

#[derive(Debug, Clone, PartialEq)]
enum Node {
    Number(f64),
    Metric(Letter),
    Negated(Box<Node>),
    Both(Box<Node>, Operator, Box<Node>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operator {
    Plus,
    Minus,
    Times,
    Divided,
}

impl Formula {
    /// Parses a text that may name the `known` metrics.
    ///
    /// # Errors
    /// The first fault: a text outside of the grammar, an unknown metric, no metric at all, or a text longer than
    /// [`MAX_LENGTH`] or nested deeper than [`MAX_DEPTH`].
    pub fn parse(text: &str, known: &[Letter]) -> Result<Self, Fault> {
        let mut parser = Parser {
            text: text.chars().collect(),
            at: 0,
            depth: 0,
            known,
            letters: Vec::new(),
        };
        if parser.text.len() > MAX_LENGTH {
            parser.at = MAX_LENGTH;
            return parser.fault(format!(
                "a formula has at most {MAX_LENGTH} characters; shorten it"
            ));
        }
        let root = parser.sum()?;
        match parser.next() {
            None if parser.letters.is_empty() => {
                parser.at = 0;
                parser.fault(format!("name a metric, as in {} * 100", names(known)))
            }
            None => Ok(Self {
                root,
                letters: parser.letters,
            }),
            Some(')') => parser.fault("no ( before it is open; remove this )"),
            Some(_) => parser.fault("expected +, -, * or / before this"),
        }
    }

    /// Computes the value. `None` if a metric in it has none, and for a division by zero or a number that is too large.
    pub fn value(&self, of: &impl Fn(Letter) -> Option<f64>) -> Option<f64> {
        self.root.value(of)
    }

    /// Returns the unit of the values (UCUM), by those of the metrics. It is empty for a plain number, and where no rule
    /// says what it is.
    pub fn unit<'a>(&self, of: &impl Fn(Letter) -> &'a str) -> &'a str {
        self.root.unit(of).unwrap_or_default()
    }
}

impl Node {
    fn value(&self, of: &impl Fn(Letter) -> Option<f64>) -> Option<f64> {
        let value = match self {
            Self::Number(value) => *value,
            Self::Metric(letter) => of(*letter)?,
            Self::Negated(node) => -node.value(of)?,
            Self::Both(left, operator, right) => {
                let (left, right) = (left.value(of)?, right.value(of)?);
                match operator {
                    Operator::Plus => left + right,
                    Operator::Minus => left - right,
                    Operator::Times => left * right,
                    Operator::Divided => left / right,
                }
            }
        };
        value.is_finite().then_some(value)
    }

    /// Returns the unit, or `None` for a number, which takes the unit of the other side.
    fn unit<'a>(&self, of: &impl Fn(Letter) -> &'a str) -> Option<&'a str> {
        match self {
            Self::Number(_) => None,
            Self::Metric(letter) => Some(of(*letter)),
            Self::Negated(node) => node.unit(of),
            Self::Both(left, operator, right) => {
                let (left, right) = (left.unit(of), right.unit(of));
                match (left, operator, right) {
                    (left, Operator::Divided, None) => left,
                    (Some(left), Operator::Divided, Some(right)) if is_plain(right) && !is_plain(left) => {
                        Some(left)
                    }
                    (_, Operator::Divided, _) => Some(""),
                    (None, _, other) | (other, _, None) => other,
                    (Some(left), Operator::Times, Some(right)) if is_plain(right) => Some(left),
                    (Some(left), Operator::Times, Some(right)) if is_plain(left) => Some(right),
                    (_, Operator::Times, _) => Some(""),
                    (Some(left), _, Some(right)) => Some(if left == right { left } else { "" }),
                }
            }
        }
    }
}

/// Returns true for a count or a share, by which another value may be multiplied or divided and keeps its unit.
fn is_plain(unit: &str) -> bool {
    matches!(unit, "" | "1" | "%") || unit.starts_with('{')
}

/// Returns the letters as a text: `a, b`.
fn names(letters: &[Letter]) -> String {
    let names: Vec<_> = letters.iter().map(Letter::to_string).collect();
    names.join(", ")
}

/// A recursive-descent parser. Only parentheses and minus signs nest, so that [`MAX_DEPTH`] bounds the recursion.
struct Parser<'a> {
    text: Vec<char>,
    at: usize,
    depth: usize,
    known: &'a [Letter],
    letters: Vec<(Letter, usize)>,
}

impl Parser<'_> {
    /// Reads terms that are added or subtracted.
    fn sum(&mut self) -> Result<Node, Fault> {
        let mut node = self.product()?;
        loop {
            let operator = match self.next() {
                Some('+') => Operator::Plus,
                Some('-') => Operator::Minus,
                _ => return Ok(node),
            };
            self.at += 1;
            node = Node::Both(Box::new(node), operator, Box::new(self.product()?));
        }
    }

    /// Reads factors that are multiplied or divided.
    fn product(&mut self) -> Result<Node, Fault> {
        let mut node = self.factor()?;
        loop {
            let operator = match self.next() {
                Some('*') => Operator::Times,
                Some('/') => Operator::Divided,
                _ => return Ok(node),
            };
            self.at += 1;
            node = Node::Both(Box::new(node), operator, Box::new(self.factor()?));
        }
    }

    /// Reads a number, a metric, or an expression in parentheses, with a minus sign before it or not.
    fn factor(&mut self) -> Result<Node, Fault> {
        match self.next() {
            Some('-') => {
                self.deeper()?;
                let node = self.factor()?;
                self.depth -= 1;
                Ok(Node::Negated(Box::new(node)))
            }
            Some('(') => {
                self.deeper()?;
                let node = self.sum()?;
                if self.next() != Some(')') {
                    return self.fault("expected ) or an operator");
                }
                self.at += 1;
                self.depth -= 1;
                Ok(node)
            }
            Some(digit) if digit.is_ascii_digit() || digit == '.' => self.number(),
            Some(letter) if letter.is_alphabetic() => self.metric(letter),
            _ => self.fault(format!("expected a number, ( or a metric: {}", names(self.known))),
        }
    }

    fn metric(&mut self, character: char) -> Result<Node, Fault> {
        if self
            .text
            .get(self.at + 1)
            .is_some_and(|next| next.is_alphanumeric())
        {
            return self.fault("a metric is named by one letter");
        }
        match Letter::of(character).filter(|letter| self.known.contains(letter)) {
            Some(letter) => {
                if self.letters.iter().all(|(known, _)| *known != letter) {
                    self.letters.push((letter, self.at));
                }
                self.at += 1;
                Ok(Node::Metric(letter))
            }
            None => self.fault(format!(
                "the chart has no metric {character}; it has {}",
                names(self.known)
            )),
        }
    }

    /// Reads a number such as `100`, `0.5` or `1e6`.
    fn number(&mut self) -> Result<Node, Fault> {
        let begin = self.at;
        let mut end = self.digits(begin);
        if self.text.get(end) == Some(&'.') {
            end = self.digits(end + 1);
        }
        if matches!(self.text.get(end), Some('e' | 'E')) {
            let sign = usize::from(matches!(self.text.get(end + 1), Some('+' | '-')));
            let exponent = self.digits(end + 1 + sign);
            if exponent > end + 1 + sign {
                end = exponent;
            }
        }
        let text: String = self.text[begin..end].iter().collect();
        match text.parse::<f64>() {
            Ok(value) if value.is_finite() => {
                self.at = end;
                Ok(Node::Number(value))
            }
            Ok(_) => self.fault("this number is too large"),
            Err(_) => self.fault("expected a number such as 0.5"),
        }
    }

    /// Returns the place after the digits that begin at a place.
    fn digits(&self, begin: usize) -> usize {
        let rest = self.text.iter().skip(begin);
        begin + rest.take_while(|letter| letter.is_ascii_digit()).count()
    }

    /// Enters a parenthesis or passes a minus sign.
    fn deeper(&mut self) -> Result<(), Fault> {
        if self.depth == MAX_DEPTH {
            return self.fault(format!(
                "parentheses and minus signs nest at most {MAX_DEPTH} deep"
            ));
        }
        self.depth += 1;
        self.at += 1;
        Ok(())
    }

    /// Skips white space and returns the next character.
    fn next(&mut self) -> Option<char> {
        while self
            .text
            .get(self.at)
            .is_some_and(|letter| letter.is_whitespace())
        {
            self.at += 1;
        }
        self.text.get(self.at).copied()
    }

    /// Returns a fault at the current place.
    fn fault<T>(&self, message: impl Into<String>) -> Result<T, Fault> {
        Err(Fault {
            position: self.at,
            message: message.into(),
        })
    }
}

#[cfg(test)]
#[path = "formula_tests.rs"]
mod tests;
