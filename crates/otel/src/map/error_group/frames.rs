//! Where an error was thrown: the first frames of a stack that are the application's own.

use std::sync::LazyLock;

use regex::{Captures, Regex};

/// How many frames tell errors apart.
const FRAMES: usize = 3;

/// A language's way to write a frame. Groups: `function` and `file`, either may be missing.
struct Format {
    pattern: &'static str,
    /// Whether the innermost frame comes last.
    innermost_last: bool,
}

/// The formats in order; the first that matches any line reads the stack.
const FORMATS: &[Format] = &[
    // Python: File "/app/shop/cart.py", line 12, in add
    Format {
        pattern: r#"^\s*File "(?<file>[^"]+)", line \d+, in (?<function>.+)$"#,
        innermost_last: true,
    },
    // V8: at add (https://shop.example/assets/cart-3f2a1b9c.js:1:2345), at /app/cart.js:1:2; also Rust: at ./src/cart.rs:1:2
    Format {
        pattern: r"^\s*at (?:async )?(?:(?:new )?(?<function>[^\s(]+)(?: \[as \S+\])? \()?(?<file>[^()]+?):\d+:\d+\)?$",
        innermost_last: false,
    },
    // Java, Kotlin, Scala: at com.shop.Cart.add(Cart.java:12)
    Format {
        pattern: r"^\s*at (?<function>[\w.$<>/@-]+)\((?<file>[\w$-]+\.\w+|Native Method|Unknown Source)(?::\d+)?\)",
        innermost_last: false,
    },
    // .NET: at Shop.Cart.Add(String id) in /app/Cart.cs:line 12
    Format {
        pattern: r"^\s*at (?<function>[\w.<>`+\[\],]+)\(.*\)(?: in (?<file>.+):line \d+)?$",
        innermost_last: false,
    },
    // Firefox and Safari: add@https://shop.example/assets/cart.js:1:2345
    Format {
        pattern: r"^(?<function>[^@\s]*)@(?<file>\S+?):\d+:\d+$",
        innermost_last: false,
    },
    // Ruby: /app/cart.rb:12:in `add'
    Format {
        pattern: r"^\s*(?:from )?(?<file>[^:\s]+):\d+:in [`'](?<function>[^']+)'",
        innermost_last: false,
    },
    // PHP: #0 /app/Cart.php(12): Shop\Cart->add()
    Format {
        pattern: r"^#\d+ (?<file>[^(]+)\(\d+\): (?<function>[^(]+)",
        innermost_last: false,
    },
    // Go, of the two lines of a frame: /app/cart.go:12 +0x1d
    Format {
        pattern: r"^\s+(?<file>\S+\.go):\d+",
        innermost_last: false,
    },
];

/// What marks frames of libraries and runtimes, anywhere in file or function.
const FOREIGN: &[&str] = &[
    "node_modules/",
    "node:",
    "webpack/bootstrap",
    "-extension://",
    "<anonymous>",
    "site-packages/",
    "dist-packages/",
    "lib/python3",
    "<frozen ",
    "/rustc/",
    "/.cargo/registry/",
    "/go/pkg/mod/",
    "/usr/local/go/",
    "/gems/",
    "/vendor/",
];

/// What marks functions of libraries and runtimes by their beginning.
const FOREIGN_FUNCTIONS: &[&str] = &[
    "java.",
    "javax.",
    "jdk.",
    "sun.",
    "kotlin.",
    "scala.",
    "org.springframework.",
    "org.apache.",
    "System.",
    "Microsoft.",
    "core::",
    "std::",
    "tokio::",
    "runtime.",
];

/// The first own frames of a stack, innermost first, as `function file`; of all frames when none is its own.
pub(super) fn own_frames(stack: &str) -> Vec<String> {
    static PATTERNS: LazyLock<Vec<(Regex, bool)>> = LazyLock::new(|| {
        FORMATS
            .iter()
            .map(|format| {
                (
                    Regex::new(format.pattern).expect("the formats are tested"),
                    format.innermost_last,
                )
            })
            .collect()
    });
    for (pattern, innermost_last) in PATTERNS.iter() {
        let mut frames: Vec<Frame<'_>> = stack
            .lines()
            .filter_map(|line| pattern.captures(line.trim_end()))
            .map(|captures| Frame::new(&captures))
            .collect();
        if frames.is_empty() {
            continue;
        }
        if *innermost_last {
            frames.reverse();
        }
        let own: Vec<String> = frames
            .iter()
            .filter(|frame| frame.is_own())
            .take(FRAMES)
            .map(Frame::name)
            .collect();
        return if own.is_empty() {
            frames.iter().take(FRAMES).map(Frame::name).collect()
        } else {
            own
        };
    }
    Vec::new()
}

struct Frame<'a> {
    function: &'a str,
    file: &'a str,
}

impl<'a> Frame<'a> {
    fn new(captures: &Captures<'a>) -> Self {
        let group = |name| captures.name(name).map_or("", |group| group.as_str());
        Self {
            function: group("function"),
            file: group("file"),
        }
    }

    fn is_own(&self) -> bool {
        let foreign = FOREIGN
            .iter()
            .any(|mark| self.file.contains(mark) || self.function.contains(mark));
        !foreign
            && !FOREIGN_FUNCTIONS
                .iter()
                .any(|start| self.function.starts_with(start))
    }

    fn name(&self) -> String {
        // Minifiers give such names anew in every build.
        let function = if self.function.len() > 2 {
            self.function
        } else {
            ""
        };
        format!("{function} {}", without_build_hash(file_name(self.file)))
    }
}

/// The name of a file without its folders, which differ between machines, and without a query.
fn file_name(file: &str) -> &str {
    let end = file.find(['?', '#']).unwrap_or(file.len());
    file[..end].rsplit(['/', '\\']).next().unwrap_or_default()
}

/// `cart-3f2a1b9c.js` and `cart.BxT9d2Zk.js` are both `cart.js`.
fn without_build_hash(name: &str) -> String {
    static BUILD_HASH: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"[.-](?<hash>[0-9A-Za-z_-]{8,})(?<extension>(?:\.\w+)+)$").expect("tested")
    });
    let Some(captures) = BUILD_HASH.captures(name) else {
        return name.to_owned();
    };
    let hash = &captures["hash"];
    let is_hash = hash.bytes().any(|byte| byte.is_ascii_digit())
        || hash.bytes().any(|byte| byte.is_ascii_uppercase())
            && hash.bytes().any(|byte| byte.is_ascii_lowercase());
    if !is_hash {
        return name.to_owned();
    }
    let start = captures.get(0).map_or(name.len(), |whole| whole.start());
    format!("{}{}", &name[..start], &captures["extension"])
}

#[cfg(test)]
mod tests;
