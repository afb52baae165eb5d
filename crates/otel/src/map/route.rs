//! PageRoute: a path whose ids are replaced, so that pages can be counted.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::Regex;

/// What an id is replaced with.
const ID: &str = ":id";

/// A kind of path segment that is an id.
struct Rule {
    pattern: &'static str,
    /// Shorter segments are words.
    min_length: usize,
}

/// The rules in order; the first that matches a whole segment wins. All want a digit somewhere.
const RULES: &[Rule] = &[
    // Numbers: 42
    Rule {
        pattern: r"^[0-9]+$",
        min_length: 1,
    },
    // Dates: 2026-03-24, 2026-03-24T12:00:00Z
    Rule {
        pattern: r"^[0-9]{4}-[0-9]{2}(-[0-9]{2}([T_ ].*)?)?$",
        min_length: 7,
    },
    // UUIDs
    Rule {
        pattern: r"^(?i)[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$",
        min_length: 36,
    },
    // Hashes: commits, object ids
    Rule {
        pattern: r"^(?i)[0-9a-f]+$",
        min_length: 7,
    },
    // ULIDs, KSUIDs, Firebase ids and other long tokens
    Rule {
        pattern: r"^[0-9A-Za-z_]+$",
        min_length: 20,
    },
];

/// The path with its ids replaced.
pub(super) fn page_route(path: &str) -> Cow<'_, str> {
    if !path.bytes().any(|byte| byte.is_ascii_digit()) {
        return Cow::Borrowed(path);
    }
    let mut changed = false;
    let segments: Vec<&str> = path
        .split('/')
        .map(|segment| {
            let id = is_id(segment);
            changed |= id;
            if id { ID } else { segment }
        })
        .collect();
    if changed {
        Cow::Owned(segments.join("/"))
    } else {
        Cow::Borrowed(path)
    }
}

fn is_id(segment: &str) -> bool {
    static PATTERNS: LazyLock<Vec<(usize, Regex)>> = LazyLock::new(|| {
        RULES
            .iter()
            .map(|rule| {
                (
                    rule.min_length,
                    Regex::new(rule.pattern).expect("the rules are tested"),
                )
            })
            .collect()
    });
    segment.bytes().any(|byte| byte.is_ascii_digit())
        && PATTERNS
            .iter()
            .any(|(min_length, pattern)| segment.len() >= *min_length && pattern.is_match(segment))
}

#[cfg(test)]
mod tests {
    use super::page_route;

    #[test]
    fn ids_are_replaced_and_words_stay() {
        for (path, route) in [
            ("", ""),
            ("/", "/"),
            ("/products/42", "/products/:id"),
            ("/products/42/reviews/7", "/products/:id/reviews/:id"),
            ("/blog/2026-03-24/hello-world", "/blog/:id/hello-world"),
            ("/blog/2026/03", "/blog/:id/:id"),
            ("/u/3f2504e0-4f89-11d3-9a0c-0305e82c3301", "/u/:id"),
            ("/commit/3911db2", "/commit/:id"),
            ("/o/507f1f77bcf86cd799439011/edit", "/o/:id/edit"),
            ("/s/01ARZ3NDEKTSV4RRFFQ69G5FAV", "/s/:id"),
            ("/v2/about", "/v2/about"),
            (
                "/how-to-build-10-things-in-rust",
                "/how-to-build-10-things-in-rust",
            ),
            ("/internationalization", "/internationalization"),
            ("/défacée/facade", "/défacée/facade"),
            ("/caf%C3%A9", "/caf%C3%A9"),
        ] {
            assert_eq!(page_route(path), route, "{path}");
        }
    }
}
