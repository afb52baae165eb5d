//! Finds the frame that threw an error: the innermost frame of a stack that belongs to the application.
//!
//! Only one frame counts, because the others differ between records of the same throw. Python and .NET collect frames
//! while the exception passes them, and browsers disagree on those before an `await`.

use std::sync::LazyLock;

use regex::{Captures, Regex};

use super::formats::{
    COMMON_NAMES, FOREIGN_APPS, FOREIGN_BUNDLES, FOREIGN_FILES, FOREIGN_FUNCTIONS, FOREIGN_SCHEMES, FORMATS,
    Language,
};
use super::{cut, unless_minified};

/// Bytes of a stack that are read, at the end where the error was thrown.
const MAX_STACK: usize = 32_768;

/// Returns the application's innermost frame as `function file`. Without one, returns the innermost frame; without any
/// frame, `""`.
pub(super) fn thrown_in(stack: &str) -> String {
    static PATTERNS: LazyLock<Vec<Regex>> = LazyLock::new(|| {
        FORMATS
            .iter()
            .map(|format| Regex::new(format.pattern).expect("the formats are tested"))
            .collect()
    });
    let stack = thrown(stack);
    for (format, pattern) in FORMATS.iter().zip(PATTERNS.iter()) {
        let frames = frames(stack, pattern, format.language);
        if format.language == Language::Rust && !frames.iter().any(|frame| frame.function.contains("::")) {
            // The match is a numbered list in a message.
            continue;
        }
        if let Some(innermost) = frames.first() {
            return frames
                .iter()
                .find(|frame| frame.is_own())
                .unwrap_or(innermost)
                .name();
        }
    }
    String::new()
}

/// Returns the part of the stack of the exception that caused the others, cut to [`MAX_STACK`].
fn thrown(stack: &str) -> &str {
    // Python writes the cause first. It also writes the exception that was being handled first, although that is no
    // cause.
    if stack.contains("Traceback (most recent call last):") {
        let raised = after_last(
            stack,
            "During handling of the above exception, another exception occurred:",
        );
        let cause = raised
            .find("The above exception was the direct cause of the following exception:")
            .map_or(raised, |end| &raised[..end]);
        let start = cause.len().saturating_sub(MAX_STACK);
        return &cause[cause.ceil_char_boundary(start)..];
    }
    // Rust's anyhow numbers causes like frames.
    let stack = after_last(stack, "\nStack backtrace:\n");
    // Java writes the cause last. Suppressed exceptions are indented.
    let cause = after_last(stack, "\nCaused by: ");
    let cause = cause.find("\n\tSuppressed: ").map_or(cause, |end| &cause[..end]);
    cut(cause, MAX_STACK)
}

/// Returns the text after the last `mark`, or the whole text.
fn after_last<'a>(text: &'a str, mark: &str) -> &'a str {
    text.rfind(mark).map_or(text, |at| &text[at + mark.len()..])
}

/// Returns the frames of a stack, innermost first.
fn frames<'a>(stack: &'a str, pattern: &Regex, language: Language) -> Vec<Frame<'a>> {
    let mut frames: Vec<Frame<'a>> = Vec::new();
    let mut before = "";
    for line in stack.lines().map(str::trim_end) {
        match (pattern.captures(line), language) {
            (Some(captures), Language::Go) => {
                let function = before.trim_start_matches("created by ");
                // The frames above a panic belong to the code that recovered and printed the stack.
                if function.starts_with("panic(") {
                    frames.clear();
                }
                frames.push(Frame {
                    function,
                    ..Frame::new(&captures, language)
                });
            }
            (Some(captures), Language::Ruby) => {
                // After frames with `from`, a frame without it is the first of the cause.
                let begins = captures.name("from").is_none();
                if begins && stack.contains("from ") {
                    frames.clear();
                }
                frames.push(Frame::new(&captures, language));
            }
            (Some(captures), _) => frames.push(Frame::new(&captures, language)),
            (None, Language::Rust) => {
                let file = line.trim_start().strip_prefix("at ");
                if let (Some(file), Some(frame)) = (file, frames.last_mut()) {
                    frame.file = without_position(file);
                }
            }
            (None, _) => {}
        }
        before = line;
    }
    if language == Language::Python {
        frames.reverse();
    }
    frames
}

/// Returns a file without its position: `./src/cart.rs` for `./src/cart.rs:12:5`.
fn without_position(file: &str) -> &str {
    let numbers = |char: char| char == ':' || char.is_ascii_digit();
    file.trim_end_matches(numbers)
}

/// A frame of a stack, as its format captured it.
struct Frame<'a> {
    language: Language,
    function: &'a str,
    file: &'a str,
    app: &'a str,
}

impl<'a> Frame<'a> {
    fn new(captures: &Captures<'a>, language: Language) -> Self {
        let group = |name| captures.name(name).map_or("", |group| group.as_str());
        let function = match group("function") {
            // V8 writes the name of a getter or setter beside it.
            "get" | "set" | "Object.get" | "Object.set" => group("alias"),
            function => function,
        };
        let file = if group("file").is_empty() {
            group("bare")
        } else {
            group("file")
        };
        Self {
            language,
            function,
            file,
            app: group("app"),
        }
    }

    /// Returns true if the frame belongs to the application, not to a library or runtime.
    fn is_own(&self) -> bool {
        let foreign = FOREIGN_FILES.iter().any(|mark| self.file.contains(mark))
            || FOREIGN_SCHEMES.iter().any(|scheme| self.file.starts_with(scheme))
            || self.is_foreign_by_name();
        !foreign
    }

    fn is_foreign_by_name(&self) -> bool {
        match self.language {
            Language::JavaScript => {
                let file = without_build_hash(file_name(self.file));
                FOREIGN_BUNDLES.contains(&file.split('.').next().unwrap_or_default())
            }
            Language::Elixir if FOREIGN_APPS.contains(&self.app) => true,
            // A function without `::` belongs to the C runtime.
            Language::Rust if !self.function.contains("::") => true,
            language => {
                let function = self.function.trim_start_matches(['<', '&', '*']);
                FOREIGN_FUNCTIONS
                    .iter()
                    .filter(|(of, _)| *of == language)
                    .flat_map(|(_, starts)| *starts)
                    .any(|start| function.starts_with(start))
            }
        }
    }

    /// Returns the frame as `function file`, without the parts that vary.
    fn name(&self) -> String {
        let function = function_name(self.function, self.language);
        let name = file_name(self.file);
        let file = without_build_hash(name);
        let folder = match file.split('.').next() {
            Some(stem) if COMMON_NAMES.contains(&stem) => folder_of(self.file, name),
            _ => String::new(),
        };
        format!("{} {folder}{file}", unless_minified(&function))
    }
}

/// Returns the name of a function without the parts that compilers and engines add.
fn function_name(function: &str, language: Language) -> String {
    match language {
        Language::JavaScript => javascript_name(function).to_owned(),
        Language::Java => java_name(function),
        Language::DotNet => dotnet_name(function),
        Language::Rust => rust_name(function),
        Language::Ruby => ruby_name(function).to_owned(),
        Language::Go => go_name(function).to_owned(),
        Language::Php if function.contains("{closure") => "{closure}".to_owned(),
        Language::Php | Language::Python | Language::Dart => function.to_owned(),
        // Elixir: anonymous fn/1 in Shop.Cart.add/2
        Language::Elixir => after_last(function, " in ").to_owned(),
    }
}

/// Returns the last part of a name, on which engines agree: `Cart.total`, `async*Cart/this.total` and `get total` are
/// `total`.
fn javascript_name(function: &str) -> &str {
    let name = function.rsplit(['*', '/', '.']).next().unwrap_or_default();
    let name = ["async ", "get ", "set "]
        .iter()
        .fold(name, |name, word| name.strip_prefix(word).unwrap_or(name))
        .trim_start_matches('#');
    match name {
        "<" | "?" | "anonymous" | "global code" | "module code" | "eval code" => "",
        name if name.starts_with(['<', '(']) => "",
        name => name,
    }
}

/// Removes generated parts: `com.shop.Cart$$SpringCGLIB$$0.add`, `com.shop.Cart$1.add` and `com.shop.Cart.lambda$add$0`
/// become `com.shop.Cart.add`.
fn java_name(function: &str) -> String {
    static LAMBDA: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"lambda\$(\w+?)\$\d+").expect("tested"));
    static GENERATED: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\$\$[^.]*|\$\d+").expect("tested"));
    let function = LAMBDA.replace(function, "$1");
    GENERATED.replace_all(&function, "").into_owned()
}

/// Removes generated parts: `Shop.Cart.<AddAsync>d__5.MoveNext` and `Shop.Cart.<>c__DisplayClass3_0.<AddAsync>b__0`
/// become `Shop.Cart.AddAsync`.
fn dotnet_name(function: &str) -> String {
    static GENERATED: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"^(?<class>[^<]*?)\.(?:<>c\w*\.)?<(?<method>\w+)>.*$").expect("tested"));
    static GENERIC: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"`\d+|\[[^\]]*\]").expect("tested"));
    let function = GENERATED.replace(function, "$class.$method");
    GENERIC.replace_all(&function, "").into_owned()
}

/// Removes generated parts: `shop::cart::add::{{closure}}::h0123456789abcdef` becomes `shop::cart::add`.
fn rust_name(function: &str) -> String {
    static GENERATED: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"::h[0-9a-f]{16}$|::\{\{closure\}\}|::\{closure(?:#\d+)?(?:_env#\d+)?\}").expect("tested")
    });
    GENERATED.replace_all(function, "").into_owned()
}

/// Returns the bare method: `block (2 levels) in Shop::Cart#add` (Ruby 3.4) and `rescue in add` become `add`.
fn ruby_name(function: &str) -> &str {
    let function = after_last(function, " in ");
    let after = function.rfind(['#', '.']).map_or(0, |at| at + 1);
    &function[after..]
}

/// Removes arguments and closures: `main.(*Cart).add(0xc000010000, 0x2)` becomes `main.(*Cart).add`, and
/// `main.add.func1()` becomes `main.add`.
fn go_name(function: &str) -> &str {
    let name = match function.rfind('(') {
        Some(at) if function.ends_with(')') => &function[..at],
        _ => function,
    };
    let outer = name.trim_end_matches(|char: char| char.is_ascii_digit());
    outer.strip_suffix(".func").unwrap_or(name)
}

/// Returns the name of a file without a query and without its folders, which differ between machines.
fn file_name(file: &str) -> &str {
    let end = file.find(['?', '#']).unwrap_or(file.len());
    file[..end].rsplit(['/', '\\']).next().unwrap_or_default()
}

/// Returns the folder of a file, unless its name may depend on the release or the machine.
fn folder_of(file: &str, name: &str) -> String {
    let end = file.rfind(name).unwrap_or(0);
    match file[..end]
        .trim_end_matches(['/', '\\'])
        .rsplit(['/', '\\'])
        .next()
    {
        Some(folder)
            if !folder.is_empty()
                && !folder.contains([':', '.'])
                && !folder.bytes().any(|byte| byte.is_ascii_digit()) =>
        {
            format!("{folder}/")
        }
        _ => String::new(),
    }
}

/// Removes the hash of a build: `cart-3f2a1b9c.js` and `cart.BxT9d2Zk.js` become `cart.js`.
fn without_build_hash(name: &str) -> String {
    static BUILD_HASHES: LazyLock<[Regex; 3]> = LazyLock::new(|| {
        [
            // Webpack, Next.js, Angular
            r"^(?<stem>.+)[.-](?<hash>[0-9a-f]{4,64})(?<extension>(?:\.\w+)+)$",
            // Vite and Rollup, esbuild
            r"^(?<stem>.+)[.-](?<hash>[0-9A-Za-z_-]{8})(?<extension>(?:\.\w+)+)$",
            r"^(?<stem>.+?)[.-](?<hash>[0-9A-Za-z_]{8,})(?<extension>(?:\.\w+)+)$",
        ]
        .map(|pattern| Regex::new(pattern).expect("tested"))
    });
    for pattern in BUILD_HASHES.iter() {
        if let Some(captures) = pattern.captures(name)
            && is_hash(&captures["hash"])
        {
            return format!("{}{}", &captures["stem"], &captures["extension"]);
        }
    }
    name.to_owned()
}

/// Returns true if a text is a hash instead of a word: it has digits, or capitals that begin no words (`UserMenu` has
/// two words).
fn is_hash(text: &str) -> bool {
    let mut word = 0;
    let begins_no_words = text.bytes().any(|byte| {
        let ends = byte.is_ascii_uppercase() && (1..3).contains(&word);
        word = if byte.is_ascii_uppercase() { 1 } else { word + 1 };
        ends
    });
    text.bytes().any(|byte| byte.is_ascii_digit()) || begins_no_words
}
