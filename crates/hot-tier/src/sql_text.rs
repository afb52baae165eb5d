//! Reads just enough of a statement to compare it with its declaration: placeholders, the outer select list and the
//! outer order.
//!
//! These functions are not a parser. The queries' tests, which run the statements, find what they miss.

/// Replaces comments and the insides of quotes by blanks. Every other byte keeps its position.
pub fn blank(sql: &str) -> String {
    let mut out = Vec::with_capacity(sql.len());
    let mut bytes = sql.bytes().peekable();
    while let Some(byte) = bytes.next() {
        match byte {
            b'\'' => {
                out.push(b'\'');
                while let Some(inner) = bytes.next() {
                    match inner {
                        b'\'' => {
                            out.push(b'\'');
                            break;
                        }
                        b'\\' => {
                            out.push(b' ');
                            out.extend(bytes.next().map(|_| b' '));
                        }
                        _ => out.push(b' '),
                    }
                }
            }
            b'-' if bytes.peek() == Some(&b'-') => {
                out.push(b' ');
                while let Some(inner) = bytes.next_if(|inner| *inner != b'\n') {
                    let _ = inner;
                    out.push(b' ');
                }
            }
            // Outside quotes and comments a statement is ASCII. Other bytes are blanked.
            byte if byte.is_ascii() => out.push(byte),
            _ => out.push(b' '),
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// Returns name and type of all placeholders `{name:Type}` of a blanked statement, in order, with repetitions.
pub fn placeholders(blanked: &str) -> Vec<(&str, &str)> {
    blanked
        .split('{')
        .skip(1)
        .filter_map(|rest| rest.split_once('}'))
        .filter_map(|(inside, _)| inside.split_once(':'))
        .collect()
}

/// Returns the words and commas outside all parentheses.
fn outer_words(blanked: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut depth = 0_i32;
    let mut begin = None;
    for (at, byte) in blanked.bytes().enumerate() {
        let in_word = depth == 0 && (byte.is_ascii_alphanumeric() || byte == b'_');
        if in_word {
            begin.get_or_insert(at);
            continue;
        }
        if let Some(from) = begin.take() {
            words.push(&blanked[from..at]);
        }
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth -= 1,
            b',' if depth == 0 => words.push(","),
            _ => {}
        }
    }
    words.extend(begin.map(|from| &blanked[from..]));
    words
}

/// Returns the words of each item of a blanked statement's outer select list.
///
/// # Errors
/// A sentence, unless the statement has exactly one `SELECT` outside parentheses.
pub fn select_items(blanked: &str) -> Result<Vec<Vec<&str>>, String> {
    let words = outer_words(blanked);
    let selects = words
        .iter()
        .filter(|word| word.eq_ignore_ascii_case("SELECT"))
        .count();
    if selects != 1 {
        return Err(format!(
            "expected one SELECT outside parentheses, found {selects}"
        ));
    }
    let list: Vec<&str> = words
        .into_iter()
        .skip_while(|word| !word.eq_ignore_ascii_case("SELECT"))
        .skip(1)
        .take_while(|word| !word.eq_ignore_ascii_case("FROM"))
        .collect();
    Ok(list.split(|word| *word == ",").map(<[&str]>::to_vec).collect())
}

/// Returns the names of the columns that a blanked statement returns.
///
/// # Errors
/// The errors of [`select_items`].
pub fn select_list(blanked: &str) -> Result<Vec<&str>, String> {
    let items = select_items(blanked)?;
    Ok(items.iter().filter_map(|item| item.last().copied()).collect())
}

/// Returns the names in the outer `GROUP BY` of a blanked statement.
pub fn group_by(blanked: &str) -> Vec<&str> {
    clause(blanked, "GROUP", &["HAVING", "ORDER", "LIMIT", "SETTINGS"])
        .into_iter()
        .filter(|word| *word != ",")
        .collect()
}

/// Returns the outer `ORDER BY` of a blanked statement: each name, and true if it descends.
pub fn order(blanked: &str) -> Vec<(&str, bool)> {
    clause(blanked, "ORDER", &["LIMIT", "SETTINGS"])
        .split(|word| *word == ",")
        .filter_map(|item| {
            let descends = item.last().is_some_and(|word| word.eq_ignore_ascii_case("DESC"));
            item.first().map(|name| (*name, descends))
        })
        .collect()
}

/// Returns the words between `<begin> BY` and the first of `ends`, outside all parentheses.
fn clause<'a>(blanked: &'a str, begin: &str, ends: &[&str]) -> Vec<&'a str> {
    outer_words(blanked)
        .into_iter()
        .skip_while(|word| !word.eq_ignore_ascii_case(begin))
        .skip(2)
        .take_while(|word| !ends.iter().any(|end| word.eq_ignore_ascii_case(end)))
        .collect()
}

/// Returns all words of a text, at any depth, each with its byte offset.
pub fn words(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let mut at = 0;
    std::iter::from_fn(move || {
        let bytes = text.as_bytes();
        while !is_word(*bytes.get(at)?) {
            at += 1;
        }
        let begin = at;
        while bytes.get(at).is_some_and(|byte| is_word(*byte)) {
            at += 1;
        }
        Some((begin, &text[begin..at]))
    })
}

/// Replaces all occurrences of the word `word` by `by`.
pub fn replace_word(text: &str, word: &str, by: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut done = 0;
    for (at, _) in words(text).filter(|(_, found)| *found == word) {
        out.push_str(&text[done..at]);
        out.push_str(by);
        done = at + word.len();
    }
    out + &text[done..]
}

#[cfg(test)]
mod tests {
    use super::blank;

    #[test]
    fn comments_and_quotes_are_blanked_in_place() {
        let sql = r"a 'b \' c' d -- e 'f
g 'ü''' h";
        let blanked = blank(sql);
        assert_eq!(blanked, "a '      ' d        \ng '  ''' h");
        assert_eq!(blanked.len(), sql.len());
    }
}
