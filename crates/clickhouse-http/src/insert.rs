//! A parser that finds the end of an INSERT statement and the start of its data.
//!
//! Over HTTP, statement and data are one text: `INSERT INTO t (a) FORMAT RowBinary`, followed by arbitrary bytes. The
//! start of the text may be in the address. <https://clickhouse.com/docs/interfaces/http#http-interface-data>

use std::ops::Range;

use lexer::{Lexer, Token};

mod lexer;

/// The kind of a request's text, as its beginning shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Beginning {
    /// The text is too short to decide; more of it must be read.
    Undecided,
    /// A statement without data, which ends with the text.
    Statement,
    /// An INSERT with data.
    Insert {
        /// The bytes of the statement, up to FORMAT or VALUES and without that word.
        statement: Range<usize>,
        /// The input format; `Values` for VALUES.
        format: String,
        /// The position of the first byte of the data.
        data: usize,
    },
}

impl Beginning {
    /// Parses the beginning of a text. `ended` means that the text is complete; the result is then never
    /// [`Self::Undecided`].
    pub fn of(text: &[u8], ended: bool) -> Self {
        match find(text, ended) {
            Some(beginning) => beginning,
            None if ended => Self::Statement,
            None => Self::Undecided,
        }
    }
}

/// Returns the kind of a text; `None` if the text ends before its kind is clear.
fn find(text: &[u8], ended: bool) -> Option<Beginning> {
    let mut tokens = Lexer::new(text, ended);
    match tokens.next()? {
        Token::Word(word) if is(word, "INSERT") => {}
        _ => return Some(Beginning::Statement),
    }
    // A table's name may be any word, even FORMAT: after INTO, TABLE and a dot.
    let mut name_follows = false;
    let mut depth = 0_usize;
    loop {
        match tokens.next()? {
            Token::Mark(b'(' | b'{' | b'[') => {
                depth += 1;
                name_follows = false;
            }
            Token::Mark(b')' | b'}' | b']') => depth = depth.saturating_sub(1),
            Token::Mark(mark) if depth == 0 => name_follows = mark == b'.',
            Token::Word(word) if depth == 0 => {
                let start = tokens.position() - word.len();
                if is(word, "INTO") || is(word, "TABLE") {
                    name_follows = true;
                } else if is(word, "FUNCTION") {
                    return Some(Beginning::Statement);
                } else if name_follows {
                    name_follows = false;
                } else if is(word, "VALUES") {
                    return Some(Beginning::Insert {
                        statement: 0..start,
                        format: "Values".into(),
                        data: tokens.position(),
                    });
                } else if is(word, "FORMAT") {
                    return format(text, start, &mut tokens);
                } else if ["SELECT", "WITH", "FROM", "FUNCTION"]
                    .iter()
                    .any(|ends| is(word, ends))
                {
                    return Some(Beginning::Statement);
                }
            }
            Token::Quoted if depth == 0 => name_follows = false,
            Token::Word(_) | Token::Quoted | Token::Mark(_) => {}
        }
    }
}

/// Parses the format's name. The data begins after the first line break behind the name, or after blanks if there is no
/// line break.
fn format(text: &[u8], start: usize, tokens: &mut Lexer<'_>) -> Option<Beginning> {
    let Token::Word(name) = tokens.next()? else {
        return Some(Beginning::Statement);
    };
    let name = String::from_utf8_lossy(name).into_owned();
    let mut data = tokens.position();
    let rest = text.get(data..).unwrap_or_default();
    data += rest
        .iter()
        .take_while(|byte| matches!(byte, b' ' | b'\t' | b'\x0c'))
        .count();
    for end in [b'\r', b'\n'] {
        match text.get(data) {
            Some(&byte) if byte == end => data += 1,
            None if !tokens.ended() => return None,
            _ => {}
        }
    }
    Some(Beginning::Insert {
        statement: 0..start,
        format: name,
        data,
    })
}

fn is(word: &[u8], keyword: &str) -> bool {
    word.eq_ignore_ascii_case(keyword.as_bytes())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Beginning;

    /// Returns statement, format and data as text; `None` for a statement without data.
    fn parts(text: &str) -> Option<(&str, String, &str)> {
        match Beginning::of(text.as_bytes(), true) {
            Beginning::Insert {
                statement,
                format,
                data,
            } => Some((&text[statement], format, &text[data..])),
            Beginning::Statement => None,
            Beginning::Undecided => panic!("{text:?} is undecided"),
        }
    }

    #[test]
    fn with_data() {
        for (text, statement, format, data) in [
            ("INSERT INTO t FORMAT CSV\n1,2", "INSERT INTO t ", "CSV", "1,2"),
            ("INSERT INTO t FORMAT CSV \t\r\n 1", "INSERT INTO t ", "CSV", " 1"),
            ("insert into t format CSV 1\n", "insert into t ", "CSV", "1\n"),
            (
                "INSERT INTO t FORMAT Native\n\n\n",
                "INSERT INTO t ",
                "Native",
                "\n\n",
            ),
            ("INSERT INTO t VALUES (1)", "INSERT INTO t ", "Values", " (1)"),
            ("INSERT INTO t(a)VALUES(1)", "INSERT INTO t(a)", "Values", "(1)"),
            ("INSERT t FORMAT CSV", "INSERT t ", "CSV", ""),
            (
                "-- FORMAT x\nINSERT /* VALUES */ INTO TABLE o.format (`values`, \"format\", f) SETTINGS a='FORMAT \\' b' FORMAT TSV\nx",
                "-- FORMAT x\nINSERT /* VALUES */ INTO TABLE o.format (`values`, \"format\", f) SETTINGS a='FORMAT \\' b' ",
                "TSV",
                "x",
            ),
            (
                "INSERT INTO {t:Identifier} VALUES (1)",
                "INSERT INTO {t:Identifier} ",
                "Values",
                " (1)",
            ),
            (
                "INSERT INTO values VALUES (1)",
                "INSERT INTO values ",
                "Values",
                " (1)",
            ),
            (
                "INSERT INTO `t` FORMAT JSONEachRow {}",
                "INSERT INTO `t` ",
                "JSONEachRow",
                "{}",
            ),
        ] {
            assert_eq!(parts(text), Some((statement, format.to_owned(), data)), "{text}");
        }
    }

    #[test]
    fn without() {
        for text in [
            "",
            "SELECT 1 FORMAT CSV",
            "INSERT INTO t SELECT * FROM x FORMAT CSV",
            "INSERT INTO t (a, b) WITH 1 AS x SELECT x",
            "INSERT INTO t (SELECT 1) ",
            "INSERT INTO FUNCTION file('x') VALUES (1)",
            "INSERT INTO t FROM INFILE 'x' FORMAT CSV",
            "WITH x AS (SELECT 1) INSERT INTO t SELECT * FROM x",
            "INSERT INTO t 'unclosed FORMAT CSV",
            "INSERT INTO t FORMAT",
            "INSERT INTO t FORMAT 'x'",
            "INSERTED",
        ] {
            assert_eq!(parts(text), None, "{text}");
        }
    }

    #[test]
    fn what_can_not_be_told_yet() {
        for text in [
            "",
            "INSE",
            "INSERT",
            "INSERT INTO t FORM",
            "INSERT INTO t FORMAT CS",
            "INSERT INTO t FORMAT CSV ",
            "INSERT INTO t FORMAT CSV\r",
            "INSERT INTO t -- FORMAT",
            "INSERT INTO t VALUES",
        ] {
            assert_eq!(
                Beginning::of(text.as_bytes(), false),
                Beginning::Undecided,
                "{text}"
            );
        }
    }

    proptest! {
        #[test]
        fn more_text_never_changes_what_was_decided(text in "(?s)(INSERT INTO t )?(FORMAT |VALUES|CSV|SELECT|[ -~\n]|'){0,12}") {
            let whole = Beginning::of(text.as_bytes(), true);
            for end in 0..text.len() {
                let early = Beginning::of(&text.as_bytes()[..end], false);
                prop_assert!(early == Beginning::Undecided || early == whole, "{:?} {early:?} {whole:?}", &text[..end]);
            }
        }

        #[test]
        fn any_bytes_are_something(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            prop_assert_ne!(Beginning::of(&bytes, true), Beginning::Undecided);
        }
    }
}
