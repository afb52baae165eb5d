//! Reads just enough of a statement to check it against its declaration: placeholders, the outer select list and
//! the outer order. Not a parser: what it can't see is tested by running the query.

/// The statement with comments and the insides of quotes blanked out; every byte keeps its place.
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
            // Outside quotes and comments a statement is ASCII; anything else is of no interest here.
            byte if byte.is_ascii() => out.push(byte),
            _ => out.push(b' '),
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// The placeholders `{name:Type}` of a blanked statement, in order, each occurrence.
pub fn placeholders(blanked: &str) -> Vec<(&str, &str)> {
    blanked
        .split('{')
        .skip(1)
        .filter_map(|rest| rest.split_once('}'))
        .filter_map(|(inside, _)| inside.split_once(':'))
        .collect()
}

/// A word or a comma outside every parenthesis, with where it begins.
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

/// The words of each item of a blanked statement's outer select list, or what keeps them from being seen.
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

/// The names of the columns that a blanked statement returns, or what keeps them from being seen.
pub fn select_list(blanked: &str) -> Result<Vec<&str>, String> {
    let items = select_items(blanked)?;
    Ok(items.iter().filter_map(|item| item.last().copied()).collect())
}

/// The names in the outer `GROUP BY` of a blanked statement.
pub fn group_by(blanked: &str) -> Vec<&str> {
    clause(blanked, "GROUP", &["HAVING", "ORDER", "LIMIT", "SETTINGS"])
        .into_iter()
        .filter(|word| *word != ",")
        .collect()
}

/// The outer `ORDER BY` of a blanked statement: names, and whether each descends.
pub fn order(blanked: &str) -> Vec<(&str, bool)> {
    clause(blanked, "ORDER", &["LIMIT", "SETTINGS"])
        .split(|word| *word == ",")
        .filter_map(|item| {
            let descends = item.last().is_some_and(|word| word.eq_ignore_ascii_case("DESC"));
            item.first().map(|name| (*name, descends))
        })
        .collect()
}

/// What stands between `<begin> BY` and the first of the ends, outside every parenthesis.
fn clause<'a>(blanked: &'a str, begin: &str, ends: &[&str]) -> Vec<&'a str> {
    outer_words(blanked)
        .into_iter()
        .skip_while(|word| !word.eq_ignore_ascii_case(begin))
        .skip(2)
        .take_while(|word| !ends.iter().any(|end| word.eq_ignore_ascii_case(end)))
        .collect()
}

/// Every word of a text, wherever it stands, with where it begins.
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

/// The text with each of its words `word` replaced.
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
