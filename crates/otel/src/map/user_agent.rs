//! Parses User-Agents with woothee (browser, system, device), isbot, and Lakefront's own list of bots (`bots.txt`).

use std::sync::LazyLock;

use isbot::Bots;
use regex::RegexSet;
use woothee::parser::Parser;

/// Most bytes of a User-Agent that are parsed. Real ones are shorter, and parsing takes time.
const MAX_LENGTH: usize = 512;

/// A parsed User-Agent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UserAgent {
    /// `desktop`, `mobile`, `tablet`, `bot` or `other`.
    pub device_type: &'static str,
    /// Name of the browser, e.g. `Chrome`, or of the bot, e.g. `bingbot`, or `""`.
    pub browser: String,
    /// Name of the operating system, e.g. `Android`, or `""`.
    pub os: String,
    /// True if the User-Agent is a bot's.
    pub is_bot: bool,
    /// True if the User-Agent is, or claims to be, a browser's. SDKs and command-line tools do not claim that.
    pub is_browser: bool,
}

impl UserAgent {
    /// Parses the value of the header `User-Agent`.
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
            browser: match robot_name(header).filter(|_| is_bot) {
                Some(name) => name.to_owned(),
                None => known(parsed.name),
            },
            os: known(parsed.os),
            is_bot,
            is_browser: header.starts_with("Mozilla/") || header.starts_with("Opera/"),
        }
    }
}

/// Returns true if a list names the User-Agent as a bot's and `bots.txt` does not name it as a person's.
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

/// Returns the first word of a User-Agent that is a bot's by itself, without its version. It says why the User-Agent
/// counts as a bot's.
fn robot_name(header: &str) -> Option<&str> {
    let words = header.split([' ', ';', ',', '(', ')']);
    let mut names = words.filter_map(|word| word.split('/').next());
    names.find(|name| !name.is_empty() && is_bot(name, ""))
}

/// Returns the patterns of the lines of `bots.txt` that begin with a word.
fn listed(word: &str) -> Vec<&'static str> {
    include_str!("bots.txt")
        .lines()
        .filter_map(|line| Some(line.strip_prefix(word)?.strip_prefix(' ')?.trim_start()))
        .collect()
}

/// Returns woothee's category of device, with tablets as a separate category.
fn device_type(header: &str, category: &str) -> &'static str {
    let android_tablet = header.contains("Android") && !header.contains("Mobile");
    match category {
        _ if header.contains("iPad") || header.contains("Tablet") || android_tablet => "tablet",
        "pc" => "desktop",
        "smartphone" | "mobilephone" => "mobile",
        _ => "other",
    }
}
