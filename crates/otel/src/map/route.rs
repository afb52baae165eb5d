//! The column `PageRoute`: the path of a page with its ids replaced, so that views of the same kind of page can be
//! counted.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::Regex;

/// Replacement of an id.
const ID: &str = ":id";

/// Names of the files that servers send for a folder.
const INDEX_FILES: &[&str] = &[
    "index.html",
    "index.htm",
    "index.php",
    "index.jsp",
    "index.asp",
    "index.aspx",
    "default.asp",
    "default.aspx",
];

/// Most bytes of a segment that the rules read.
const MAX_SEGMENT: usize = 512;

/// A rule that recognises a kind of path segment.
struct Rule {
    pattern: &'static str,
    /// Fewest bytes of a segment of this kind.
    min_length: usize,
    verdict: Verdict,
}

/// The meaning of a match.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Verdict {
    /// The segment is an id.
    Id,
    /// The segment is a word or a title.
    Word,
    /// The segment is an id if the rule matches one of its parts between `-`, `_`, `.` and `~`.
    IdInPart,
}
use Verdict::{Id, IdInPart, Word};

/// The rules in order, of which the first match decides. A segment without a match is a word.
const RULES: &[Rule] = &[
    // Numbers: 42, +4915112345678
    rule(Id, 1, r"^\+?[0-9]+$"),
    // Dates: 2026-03, 2026-03-24, 2026-03-24T12:00:00Z
    rule(Id, 7, r"^[0-9]{4}-(?:0[1-9]|1[0-2])(?:-[0-9]{2}(?:[T_ ].*)?)?$"),
    // UUIDs
    rule(
        Id,
        32,
        r"^(?i)\{?[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\}?$",
    ),
    // Email addresses
    rule(Id, 6, r"^[^@\s]+@[^@\s]+\.[^@.\s]+$"),
    // A name and a year: COVID-2019, report_2024
    rule(Word, 1, r"^[A-Za-z]+[-_](?:19|20)[0-9]{2}$"),
    // Numbers with a prefix: ORD-2024-00017, JIRA-1234, user_12345, order-47110
    rule(Id, 6, r"^[A-Z]{2,8}(?:[-_][0-9]+)*[-_][0-9]{3,}$"),
    rule(Id, 7, r"^[a-z]+[-_][0-9]{5,}$"),
    // Numbers in groups: 123-4567890-1234567
    rule(Id, 11, r"^[0-9]+(?:[-_][0-9]+)+$"),
    // Ids without a digit that name their kind: cus_NffrFeUfNVHrbK
    rule(
        Id,
        15,
        r"^[a-z]{2,8}_[A-Za-z]*[a-z]{1,2}[A-Z]+[a-z]{1,2}[A-Z][A-Za-z]*$",
    ),
    // Sizes: 1920x1080
    rule(Word, 3, r"^[0-9]{1,5}x[0-9]{1,5}$"),
    // Titles: words and numbers, also v2, 3rd, 1920x1080, h264, 2000s, covid19
    rule(
        Word,
        1,
        r"^(?:\p{L}+|[0-9]+|\p{L}{1,3}[0-9]{1,4}|[0-9]{1,4}(?:\p{L}{1,2}|x[0-9]{1,4}|min|mbit)|\p{L}+[0-9]{1,2})(?:[-_.,+'’()!:&~ ]+(?:\p{L}+|[0-9]+|\p{L}{1,3}[0-9]{1,4}|[0-9]{1,4}(?:\p{L}{1,2}|x[0-9]{1,4}|min|mbit)|\p{L}+[0-9]{1,2}))+[-_.,+'’()!:&~ ]*$",
    ),
    // Names of capitalised words: WorldCup2022Qualifiers, iPhone15ProMax
    rule(
        Word,
        1,
        r"^[a-z]?(?:[A-Z][a-z]{2,})+(?:[0-9]{1,4}(?:[A-Z][a-z]{2,})*)?$",
    ),
    // Ids that name their kind: cus_9s6XKzkNRiz8i3
    rule(Id, 12, r"^[a-z]{2,8}_[0-9A-Za-z]*[0-9][0-9A-Za-z]*$"),
    // Hashes, alone or in a part: commits, object ids
    rule(
        IdInPart,
        7,
        r"^(?:[0-9a-f]*[0-9][0-9a-f]*[0-9][0-9a-f]*|[0-9A-F]*[0-9][0-9A-F]*[0-9][0-9A-F]*)$",
    ),
    // Tokens with digits here and there: dQw4w9WgXcQ, A1B2C3
    rule(IdInPart, 8, r"^[A-Za-z]*[0-9]+[A-Za-z]+[0-9][0-9A-Za-z]*$"),
    rule(
        IdInPart,
        6,
        r"^[A-Za-z]?[0-9]+[A-Za-z]+[0-9]+[A-Za-z]+[0-9A-Za-z]*$",
    ),
    // ULIDs, KSUIDs, Firebase ids and other long tokens
    rule(
        IdInPart,
        20,
        r"^(?:[0-9]+[0-9A-Za-z]*[A-Za-z][0-9A-Za-z]*|[0-9A-Za-z]*[A-Z][0-9A-Za-z]*[0-9][0-9A-Za-z]*)$",
    ),
];

const fn rule(verdict: Verdict, min_length: usize, pattern: &'static str) -> Rule {
    Rule {
        pattern,
        min_length,
        verdict,
    }
}

/// Returns the route of a path, with `:id` in place of ids. A slash or index file at the end and parameters of a
/// segment (`;jsessionid=`) are removed.
pub(super) fn page_route(path: &str) -> Cow<'_, str> {
    let rooted = path.starts_with('/');
    let mut segments: Vec<Cow<'_, str>> = path
        .split('/')
        .map(|segment| segment.split(';').next().unwrap_or_default())
        .filter(|segment| !segment.is_empty())
        .map(|segment| if is_id(segment) { ID.into() } else { segment.into() })
        .collect();
    if segments
        .last()
        .is_some_and(|last| INDEX_FILES.iter().any(|index| index.eq_ignore_ascii_case(last)))
    {
        segments.pop();
    }
    if !rooted {
        return Cow::Owned(segments.join("/"));
    }
    let length = segments.iter().map(|segment| segment.len() + 1).sum::<usize>();
    let unchanged = length == path.len() && segments.iter().all(|segment| segment != ID);
    if unchanged || path == "/" {
        return Cow::Borrowed(path);
    }
    Cow::Owned(format!("/{}", segments.join("/")))
}

/// Returns true if a segment is an id.
fn is_id(segment: &str) -> bool {
    static PATTERNS: LazyLock<Vec<Regex>> = LazyLock::new(|| {
        RULES
            .iter()
            .map(|rule| Regex::new(rule.pattern).expect("the rules are tested"))
            .collect()
    });
    let may_be = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'_' | b'@' | b'%');
    if !segment.bytes().any(may_be) {
        return false;
    }
    let segment = decoded(&segment[..segment.floor_char_boundary(MAX_SEGMENT)]);
    let segment = &*segment;
    RULES
        .iter()
        .zip(PATTERNS.iter())
        .find_map(|(rule, pattern)| {
            let fits = |text: &str| text.len() >= rule.min_length && pattern.is_match(text);
            let found = match rule.verdict {
                IdInPart => segment.split(['-', '_', '.', '~']).any(fits),
                Id | Word => fits(segment),
            };
            found.then_some(rule.verdict != Word)
        })
        .unwrap_or(false)
}

/// Decodes the percent-encoding of a segment for the rules. A byte beyond ASCII becomes a letter, because the rules
/// need no more.
fn decoded(segment: &str) -> Cow<'_, str> {
    static ESCAPE: LazyLock<Regex> = LazyLock::new(|| Regex::new("%([0-9A-Fa-f]{2})").expect("tested"));
    ESCAPE.replace_all(
        segment,
        |captures: &regex::Captures<'_>| match u8::from_str_radix(&captures[1], 16) {
            Ok(byte) if byte.is_ascii() => char::from(byte).to_string(),
            _ => "x".to_owned(),
        },
    )
}
