//! What a User-Agent says, by woothee (browser, system, device), isbot and a list of our own (`bots.txt`).

use std::sync::LazyLock;

use isbot::Bots;
use regex::RegexSet;
use woothee::parser::Parser;

/// Longer ones are cut: no real one is longer, and parsing costs time.
const MAX_LENGTH: usize = 512;

/// A parsed User-Agent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UserAgent {
    /// `desktop`, `mobile`, `tablet`, `bot` or `other`.
    pub device_type: &'static str,
    /// Name of the browser, e.g. `Chrome`, or `""`.
    pub browser: String,
    /// Name of the operating system, e.g. `Android`, or `""`.
    pub os: String,
    /// Whether it is a bot's.
    pub is_bot: bool,
    /// Whether it is a browser's, or says so: SDKs and command-line tools do not.
    pub is_browser: bool,
}

impl UserAgent {
    /// Parses the header.
    pub fn parse(header: &str) -> Self {
        static PARSER: LazyLock<Parser> = LazyLock::new(Parser::new);
        let header = &header[..header.floor_char_boundary(MAX_LENGTH)];
        let parsed = PARSER.parse(header).unwrap_or_default();
        let is_bot = is_bot(header, parsed.category);
        let known = |name: &str| {
            if name == "UNKNOWN" {
                String::new()
            } else {
                name.to_owned()
            }
        };
        Self {
            device_type: if is_bot {
                "bot"
            } else {
                device_type(header, parsed.category)
            },
            browser: known(parsed.name),
            os: known(parsed.os),
            is_bot,
            is_browser: header.starts_with("Mozilla/") || header.starts_with("Opera/"),
        }
    }
}

/// Whether it is a robot's, by the lists.
fn is_bot(header: &str, category: &str) -> bool {
    static BOTS: LazyLock<Bots> = LazyLock::new(|| {
        let mut bots = Bots::default();
        bots.remove(&listed("without"));
        bots.append(&listed("robot"));
        bots
    });
    static PEOPLE: LazyLock<RegexSet> =
        LazyLock::new(|| RegexSet::new(listed("person")).expect("the list is tested"));
    (category == "crawler" || BOTS.is_bot(header)) && !PEOPLE.is_match(&header.to_ascii_lowercase())
}

/// The patterns of `bots.txt` that stand after a word.
fn listed(word: &str) -> Vec<&'static str> {
    include_str!("bots.txt")
        .lines()
        .filter_map(|line| Some(line.strip_prefix(word)?.strip_prefix(' ')?.trim_start()))
        .collect()
}

/// woothee's category, with tablets told from phones.
fn device_type(header: &str, category: &str) -> &'static str {
    let android_tablet = header.contains("Android") && !header.contains("Mobile");
    match category {
        _ if header.contains("iPad") || header.contains("Tablet") || android_tablet => "tablet",
        "pc" => "desktop",
        "smartphone" | "mobilephone" => "mobile",
        _ => "other",
    }
}
