//! A lexer of ClickHouse SQL, as far as the beginning of an INSERT needs one.

/// An iterator over the tokens of a text.
pub struct Lexer<'a> {
    text: &'a [u8],
    position: usize,
    ended: bool,
}

/// A token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Token<'a> {
    /// A keyword, a bare name or a number.
    Word(&'a [u8]),
    /// A quoted name or text.
    Quoted,
    /// Any other byte.
    Mark(u8),
}

impl<'a> Lexer<'a> {
    /// Returns a lexer. `ended` means that the text is complete, so that a word at its end is too.
    pub fn new(text: &'a [u8], ended: bool) -> Self {
        Self {
            text,
            position: 0,
            ended,
        }
    }

    /// Returns the position behind the last token.
    pub fn position(&self) -> usize {
        self.position
    }

    /// Returns true if the text is complete.
    pub fn ended(&self) -> bool {
        self.ended
    }

    /// Returns the next token; `None` if the text ends first.
    pub fn next(&mut self) -> Option<Token<'a>> {
        self.skip_blanks()?;
        let rest = self.rest();
        let first = *rest.first()?;
        if is_word(first) {
            let length = rest.iter().take_while(|byte| is_word(**byte)).count();
            if length == rest.len() && !self.ended {
                return None;
            }
            self.position += length;
            return rest.get(..length).map(Token::Word);
        }
        if matches!(first, b'\'' | b'"' | b'`') {
            self.position += quoted(rest, first)?;
            return Some(Token::Quoted);
        }
        self.position += 1;
        Some(Token::Mark(first))
    }

    /// Skips blanks and comments. Returns `None` if a comment does not end.
    fn skip_blanks(&mut self) -> Option<()> {
        loop {
            let rest = self.rest();
            let blank = rest.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
            self.position += blank;
            let rest = self.rest();
            let end: &[u8] = match rest {
                [b'-', b'-', ..] | [b'#', b' ' | b'!', ..] => b"\n",
                [b'/', b'*', ..] => b"*/",
                // This byte may be the first of two that begin a comment.
                [b'-' | b'/' | b'#'] if !self.ended => return None,
                _ => return Some(()),
            };
            self.position += 2 + find(rest.get(2..)?, end)? + end.len();
        }
    }

    fn rest(&self) -> &'a [u8] {
        self.text.get(self.position..).unwrap_or_default()
    }
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || !byte.is_ascii()
}

/// Returns the length of a quoted text. A backslash escapes the next byte. A doubled quote yields two texts.
fn quoted(text: &[u8], quote: u8) -> Option<usize> {
    let mut position = 1;
    loop {
        match *text.get(position)? {
            b'\\' => position += 2,
            byte if byte == quote => return Some(position + 1),
            _ => position += 1,
        }
    }
}

fn find(text: &[u8], what: &[u8]) -> Option<usize> {
    text.windows(what.len()).position(|window| window == what)
}
