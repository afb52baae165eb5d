//! Reads the pieces of a search's text: characters, names, quoted texts and values, each with its place.

use crate::error::SyntaxError;
use crate::pattern::Pattern;

/// A text with the place up to which it has been read.
pub struct Scanner {
    letters: Vec<char>,
    at: usize,
}

/// A value as it is written.
#[derive(Debug, Clone, PartialEq)]
pub struct Raw {
    /// The place of the value, in characters.
    pub position: usize,
    /// The text with its stars.
    pub pattern: Pattern,
    /// True if the text is in quotes.
    pub is_quoted: bool,
}

impl Scanner {
    /// Creates a scanner at the begin of a text.
    pub fn new(text: &str) -> Self {
        Self {
            letters: text.chars().collect(),
            at: 0,
        }
    }

    /// Returns the place, in characters from the begin.
    pub fn position(&self) -> usize {
        self.at
    }

    /// Goes back to a place.
    pub fn back_to(&mut self, position: usize) {
        self.at = position;
    }

    /// Returns the next character.
    pub fn peek(&self) -> Option<char> {
        self.letters.get(self.at).copied()
    }

    /// Returns the character after the next.
    pub fn peek_second(&self) -> Option<char> {
        self.letters.get(self.at + 1).copied()
    }

    /// Skips the next character if it is `wanted`.
    pub fn take(&mut self, wanted: char) -> bool {
        let is_next = self.peek() == Some(wanted);
        self.at += usize::from(is_next);
        is_next
    }

    /// Skips white space.
    pub fn skip_space(&mut self) {
        while self.peek().is_some_and(char::is_whitespace) {
            self.at += 1;
        }
    }

    /// Skips a word in capitals such as `AND`, if it is the next one.
    pub fn take_word(&mut self, word: &str) -> bool {
        let end = self.at + word.len();
        let is_next = word
            .chars()
            .eq(self.letters.iter().skip(self.at).take(word.len()).copied())
            && self
                .letters
                .get(end)
                .is_none_or(|next| next.is_whitespace() || matches!(next, '(' | ')' | ']'));
        if is_next {
            self.at = end;
        }
        is_next
    }

    /// Returns an error at the place.
    pub fn error<T>(&self, message: impl Into<String>) -> Result<T, SyntaxError> {
        error(self.at, message)
    }

    /// Reads the name of a field, and returns it and whether it is in quotes. The name is empty if none follows.
    pub fn name(&mut self) -> Result<(String, bool), SyntaxError> {
        if self.peek() == Some('"') {
            return Ok((self.quoted()?, true));
        }
        let name: String = self
            .letters
            .iter()
            .skip(self.at)
            .take_while(|letter| letter.is_alphanumeric() || matches!(letter, '_' | '.' | '-' | '/' | '@'))
            .collect();
        self.at += name.chars().count();
        Ok((name, false))
    }

    /// Reads the name of a field with its colon, and returns the name and whether it is in quotes. Returns `None`, at
    /// the same place, if no field follows.
    pub fn field(&mut self) -> Result<Option<(String, bool)>, SyntaxError> {
        let begin = self.at;
        let (name, is_quoted) = self.name()?;
        let begins = is_quoted || name.starts_with(|first: char| first.is_alphabetic() || first == '_');
        let is_field = begins && self.take(':');
        // `https://…` and `std::fmt` are words.
        let goes_on = !is_quoted
            && (self.peek() == Some(':') || (self.peek() == Some('/') && self.peek_second() == Some('/')));
        if is_field && !goes_on {
            return Ok(Some((name, is_quoted)));
        }
        self.at = begin;
        Ok(None)
    }

    /// Reads a value: a word or a text in quotes, with an optional `*` at either end.
    pub fn value(&mut self) -> Result<Raw, SyntaxError> {
        let position = self.at;
        let open_start = self.take('*');
        let is_quoted = self.peek() == Some('"');
        let (text, open_end) = if is_quoted {
            let text = self.quoted()?;
            (text, self.take('*'))
        } else {
            let begin = self.at;
            let word: String = self
                .letters
                .iter()
                .skip(begin)
                .take_while(|letter| {
                    !letter.is_whitespace() && !matches!(letter, '(' | ')' | '[' | ']' | '"')
                })
                .collect();
            self.at += word.chars().count();
            let text = word.strip_suffix('*').unwrap_or(&word);
            if let Some(star) = text.chars().position(|letter| letter == '*') {
                let message =
                    "a * may stand only at either end; put the text in quotes to search for the character";
                return error(begin + star, message);
            }
            (text.to_owned(), text.len() < word.len())
        };
        if text.is_empty() && !is_quoted && !open_start && !open_end {
            return match self.peek() {
                None => self.error("the search ends here, but a word or a value is expected"),
                Some(other) => self.error(format!("expected a word or a value, not {other}")),
            };
        }
        let pattern = Pattern {
            text,
            open_start,
            open_end,
        };
        Ok(Raw {
            position,
            pattern,
            is_quoted,
        })
    }

    /// Reads a text in quotes. `\` takes the next character as it is.
    fn quoted(&mut self) -> Result<String, SyntaxError> {
        let begin = self.at;
        self.at += 1;
        let mut text = String::new();
        while let Some(letter) = self.peek() {
            self.at += 1;
            match letter {
                '"' => return Ok(text),
                '\\' => match self.peek() {
                    Some(escaped) => {
                        self.at += 1;
                        text.push(escaped);
                    }
                    None => break,
                },
                other => text.push(other),
            }
        }
        error(
            begin,
            "the quote that opens here is not closed; add a \" at the end of the text",
        )
    }
}

/// Returns an error at a place.
pub fn error<T>(position: usize, message: impl Into<String>) -> Result<T, SyntaxError> {
    Err(SyntaxError {
        position,
        message: message.into(),
    })
}
