//! Repairs the text of JSON that is invalid because of strings that are not Unicode or numbers that JSON can't hold.

use std::borrow::Cow;

/// Returns the repaired JSON, and the number of changed strings and numbers:
/// - In strings, bytes that are not UTF-8, lone surrogates and unknown escapes become U+FFFD. Control characters become
///   escapes.
/// - `NaN`, `Infinity` and numbers beyond a double become the strings that protobuf's JSON mapping has for them.
///
/// Other errors in the JSON are left unchanged.
pub(super) fn repair(json: &[u8]) -> (Vec<u8>, u64) {
    let mut out = Vec::with_capacity(json.len());
    let mut changed = 0;
    let mut rest = json;
    while let Some(&first) = rest.first() {
        let length = match first {
            b'"' => {
                let Some(length) = string_length(rest) else {
                    // A string without an end is not JSON.
                    out.extend_from_slice(rest);
                    break;
                };
                let text = string(&rest[1..length - 1]);
                changed += u64::from(matches!(text, Cow::Owned(_)));
                out.push(b'"');
                out.extend_from_slice(&text);
                out.push(b'"');
                length
            }
            b'-' | b'0'..=b'9' | b'N' | b'I' => {
                let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'+' | b'-');
                let length = rest.iter().take_while(|byte| is_part(byte)).count();
                let name = not_finite(&rest[..length]);
                changed += u64::from(name.is_some());
                out.extend_from_slice(name.unwrap_or(&rest[..length]));
                length
            }
            _ => {
                out.push(first);
                1
            }
        };
        rest = &rest[length..];
    }
    (out, changed)
}

/// Returns the length in bytes of the string literal at the start of `json`, quotes included.
fn string_length(json: &[u8]) -> Option<usize> {
    let mut at = 1;
    loop {
        at += match json.get(at)? {
            b'"' => return Some(at + 1),
            b'\\' => 2,
            _ => 1,
        };
    }
}

/// Returns the quoted string for a number that JSON can't hold, or `None` for other numbers.
fn not_finite(number: &[u8]) -> Option<&'static [u8]> {
    let text = std::str::from_utf8(number).ok()?;
    if text == "NaN" {
        return Some(b"\"NaN\"");
    }
    let digits = text.ends_with(|last: char| last.is_ascii_digit());
    let value: f64 = text.parse().ok()?;
    let infinite = value.is_infinite() && (digits || text.ends_with("Infinity"));
    infinite.then_some(if value > 0.0 {
        b"\"Infinity\""
    } else {
        b"\"-Infinity\""
    })
}

/// Returns the repaired content of a string literal, borrowed if nothing is changed.
fn string(content: &[u8]) -> Cow<'_, [u8]> {
    const REPLACEMENT: &str = "\\ufffd";
    let text = String::from_utf8_lossy(content);
    let mut changed = matches!(text, Cow::Owned(_));
    let mut out = String::with_capacity(text.len());
    let mut rest = &*text;
    while let Some(at) = rest.find(|letter: char| letter == '\\' || letter < ' ') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let taken = match rest.as_bytes() {
            [b'\\', b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't', ..] => {
                out.push_str(&rest[..2]);
                2
            }
            [b'\\', b'u', ..] => {
                let length = unicode_escape(rest);
                out.push_str(length.map_or(REPLACEMENT, |length| &rest[..length]));
                changed |= length.is_none();
                // A lone surrogate takes six bytes. After an escape without four digits, only `\u` is replaced.
                length.unwrap_or(if code_unit(rest).is_some() { 6 } else { 2 })
            }
            [b'\\', ..] => {
                changed = true;
                out.push_str(REPLACEMENT);
                1 + rest[1..].chars().next().map_or(0, char::len_utf8)
            }
            control => {
                changed = true;
                out.push_str(&format!("\\u{:04x}", control[0]));
                1
            }
        };
        rest = &rest[taken..];
    }
    out.push_str(rest);
    if changed {
        Cow::Owned(out.into_bytes())
    } else {
        Cow::Borrowed(content)
    }
}

/// Returns the length of an escape that is a valid character: 6 for `\uXXXX`, 12 for a surrogate pair.
fn unicode_escape(text: &str) -> Option<usize> {
    match code_unit(text)? {
        0xd800..=0xdbff => matches!(code_unit(text.get(6..)?)?, 0xdc00..=0xdfff).then_some(12),
        0xdc00..=0xdfff => None,
        _ => Some(6),
    }
}

/// Returns the UTF-16 code unit of the `\uXXXX` escape at the start of the text.
fn code_unit(text: &str) -> Option<u16> {
    let digits = text.strip_prefix("\\u")?.get(..4)?;
    let all = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    u16::from_str_radix(digits, 16).ok().filter(|_| all)
}

#[cfg(test)]
mod tests {
    use super::repair;

    #[track_caller]
    fn check(json: &[u8], expected: &str, changed: u64) {
        let (repaired, count) = repair(json);
        assert_eq!(
            (String::from_utf8_lossy(&repaired).as_ref(), count),
            (expected, changed)
        );
    }

    #[test]
    fn what_is_right_stays() {
        let json = r#"{"a\"\\\n":["ä😀\ud83d\ude00",1e3,-0.5,null,true,"Infinity NaN 1e999"]}"#;
        check(json.as_bytes(), json, 0);
    }

    #[test]
    fn what_is_no_unicode_costs_one_character() {
        check(br#"["\ud83d"]"#, r#"["\ufffd"]"#, 1);
        check(br#"["a\ude00b\ud83dc"]"#, r#"["a\ufffdb\ufffdc"]"#, 1);
        check(br#"["\ud83d\ud83d\ude00"]"#, r#"["\ufffd\ud83d\ude00"]"#, 1);
        check(br#"["\ud83d\n"]"#, r#"["\ufffd\n"]"#, 1);
        check(b"[\"caf\xe9\",\"x\"]", "[\"caf\u{fffd}\",\"x\"]", 1);
        check(b"[\"a\nb\"]", r#"["a\u000ab"]"#, 1);
        check(br#"["\x \u12"]"#, r#"["\ufffd \ufffd12"]"#, 1);
        check("[\"\\ä\"]".as_bytes(), r#"["\ufffd"]"#, 1);
    }

    #[test]
    fn numbers_that_json_cannot_hold_become_their_names() {
        check(
            br#"[1e999,-1e999,NaN,-Infinity,Infinity,1e21]"#,
            r#"["Infinity","-Infinity","NaN","-Infinity","Infinity",1e21]"#,
            5,
        );
        check(b"[-inf,Nan,Nothing]", "[-inf,Nan,Nothing]", 0);
    }

    #[test]
    fn what_is_no_json_stays_so() {
        for broken in [&b"{\"a\":\"b"[..], b"\"\\", b"[1,", b"\xff\xfe", b""] {
            assert_eq!(repair(broken), (broken.to_vec(), 0));
        }
    }
}
