//! The formats of stack frames in each language, and the marks of frames of libraries.

/// The format of a frame in one language.
pub(super) struct Format {
    /// Pattern of a frame's line. Its groups `function` and `file` may be missing.
    pub(super) pattern: &'static str,
    pub(super) language: Language,
}

/// The language of a stack, whose further rules depend on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Language {
    Python,
    Rust,
    JavaScript,
    /// Java, Kotlin and Scala; also PHP, whose OpenTelemetry SDK writes stacks like Java.
    Java,
    DotNet,
    Ruby,
    Php,
    Go,
    Dart,
    Elixir,
}

/// The formats in order. The first that matches any line is used for the stack.
pub(super) const FORMATS: &[Format] = &[
    // File "/app/shop/cart.py", line 12, in add
    Format {
        pattern: r#"^\s*File "(?<file>[^"]+)", line \d+(?:, in (?<function>.+))?$"#,
        language: Language::Python,
    },
    // `   2: shop::cart::add`, its file on the next line: `             at ./src/cart.rs:12:5`
    Format {
        pattern: r"^\s*\d+:\s+(?:0x[0-9a-f]+ - )?(?<function>[\w<&\[{(*].*)$",
        language: Language::Rust,
    },
    // Chromium, Node.js, Deno, Bun: at add (https://shop.example/assets/cart-3f2a1b9c.js:1:2345), at /app/cart.js:1:2.
    // Files may have blanks and parentheses. Hermes: at add (address at index.android.bundle:1:2345)
    Format {
        pattern: r"^\s*at (?:async )?(?:new )?(?<function>\S.*?)(?: \[as (?<alias>[^\]]+)\])? \((?:address at )?(?<file>.+):\d+:\d+\)$|^\s*at (?:async )?(?<bare>\S.*):\d+:\d+$",
        language: Language::JavaScript,
    },
    // at com.shop.Cart.add(Cart.java:12), at java.base/java.util.Optional.get(Optional.java:143) ~[?:?]
    Format {
        pattern: r"^\s*at (?:[^\s()]*/)?(?<function>[^\s()/]+)\((?<file>[^\s():]+|Native Method|Unknown Source)(?::\d+)?\)(?: ~?\[.*\])?$",
        language: Language::Java,
    },
    // at Shop.Cart.Add(String id) in /app/Cart.cs:line 12
    Format {
        pattern: r"^\s*at (?<function>[^\s()]+)\(.*\)(?: in (?<file>.+):line \d+)?$",
        language: Language::DotNet,
    },
    // Firefox and Safari: add@https://shop.example/assets/cart.js:1:2345
    Format {
        pattern: r"^\s*(?<function>[^@]*)@(?<file>\S.*?)(?: line \d+ > \w+)*:\d+:\d+$",
        language: Language::JavaScript,
    },
    // /app/cart.rb:12:in `add', from /app/cart.rb:12:in 'Shop::Cart#add'
    Format {
        pattern: r"^\s*(?<from>from )?(?<file>(?:[A-Za-z]:)?[^:]+):\d+:in [`'](?<function>[^']+)'",
        language: Language::Ruby,
    },
    // #0 /app/Cart.php(12): Shop\Cart->add()
    Format {
        pattern: r"^#\d+ (?<file>.+?)\(\d+\): (?<function>[^(]+)",
        language: Language::Php,
    },
    // #0      Cart.add (package:shop/cart.dart:12:5)
    Format {
        pattern: r"^#\d+\s+(?<function>\S.*?) \((?<file>[^()\s]+?)(?::\d+){0,2}\)$",
        language: Language::Dart,
    },
    // /app/cart.go:12 +0x1d, its function on the line before: main.add(0x1, {0x2, 0x3})
    Format {
        pattern: r"^\s+(?<file>\S.*\.(?:go|s)):\d+(?: \+0x[0-9a-f]+)?$",
        language: Language::Go,
    },
    // (shop 0.1.0) lib/shop/cart.ex:12: Shop.Cart.add/2
    Format {
        pattern: r"^\s*(?:\((?<app>\w+)(?: [^)]+)?\) )?(?<file>\S+\.(?:exs?|erl)):\d+: (?<function>.+)$",
        language: Language::Elixir,
    },
];

/// Parts of paths that mark files of libraries and runtimes.
pub(super) const FOREIGN_FILES: &[&str] = &[
    // JavaScript
    "node_modules/",
    "webpack/bootstrap",
    "webpack/runtime",
    "-extension://",
    "<anonymous>",
    "(native)",
    "[native code]",
    "internal/process/",
    "internal/modules/",
    "/InternalBytecode.js",
    // Python
    "site-packages/",
    "site-packages\\",
    "dist-packages/",
    "lib/python3",
    "\\Lib\\",
    "<frozen ",
    // Rust
    "/rustc/",
    "/.cargo/registry/",
    "/.cargo/git/",
    // Go: modules have their version in the path
    "/pkg/mod/",
    "/usr/local/go/",
    "/hostedtoolcache/go/",
    "/libexec/src/",
    "@v0.",
    "@v1.",
    "@v2.",
    // Ruby
    "/gems/",
    "/lib/ruby/",
    "<internal:",
    // PHP, Go
    "/vendor/",
    "[internal function]",
];

/// Prefixes of paths of libraries and runtimes.
pub(super) const FOREIGN_SCHEMES: &[&str] = &[
    "node:",
    "ext:",
    "bun:",
    "webkit-masked-url:",
    "user-script:",
    "dart:",
    "package:flutter/",
    "org-dartlang-sdk:",
];

/// Files that hold libraries in a browser's bundle, by the name before the first dot, without a build hash.
pub(super) const FOREIGN_BUNDLES: &[&str] = &[
    "vendor",
    "vendors",
    "framework",
    "polyfills",
    "runtime",
    "webpack",
    "react-dom",
    "zone",
    "jquery",
];

/// Prefixes of functions of libraries and runtimes.
pub(super) const FOREIGN_FUNCTIONS: &[(Language, &[&str])] = &[
    (
        Language::Java,
        &[
            "java.",
            "javax.",
            "jakarta.",
            "jdk.",
            "sun.",
            "com.sun.",
            "kotlin.",
            "kotlinx.",
            "scala.",
            "akka.",
            "groovy.",
            "android.",
            "androidx.",
            "dalvik.",
            "com.android.",
            "com.google.common.",
            "com.fasterxml.",
            "com.zaxxer.",
            "io.netty.",
            "io.grpc.",
            "io.micrometer.",
            "io.opentelemetry.",
            "io.reactivex.",
            "io.vertx.",
            "reactor.",
            "okhttp3.",
            "org.apache.",
            "org.eclipse.",
            "org.hibernate.",
            "org.jboss.",
            "org.junit.",
            "org.postgresql.",
            "org.springframework.",
            "oracle.",
            "com.mysql.",
            // PHP's, written like Java
            "Illuminate.",
            "Symfony.",
            "Slim.",
            "GuzzleHttp.",
            "Doctrine.",
            "Composer.",
            "OpenTelemetry.",
        ],
    ),
    (
        Language::DotNet,
        &[
            "System.",
            "Microsoft.",
            "Npgsql.",
            "Newtonsoft.",
            "Grpc.",
            "OpenTelemetry.",
            "MediatR.",
            "Polly.",
        ],
    ),
    (
        Language::Rust,
        &[
            "core::",
            "std::",
            "alloc::",
            "backtrace::",
            "anyhow::",
            "tokio::",
            "tracing::",
            "hyper::",
            "hyper_util::",
            "axum::",
            "tower::",
            "futures_util::",
            "futures_core::",
        ],
    ),
    (
        Language::Go,
        &[
            "runtime.",
            "runtime/",
            "panic(",
            "reflect.",
            "sync.",
            "testing.",
            "net/",
            "net.",
            "database/sql.",
            "encoding/",
            "context.",
            "io.",
            "fmt.",
            "os.",
            "go.opentelemetry.io/",
            "google.golang.org/",
            "golang.org/x/",
            "github.com/pkg/errors.",
        ],
    ),
    (Language::Elixir, &[":erlang", ":proc_lib", ":gen_server"]),
];

/// Applications of Elixir that are libraries.
pub(super) const FOREIGN_APPS: &[&str] = &[
    "elixir",
    "stdlib",
    "kernel",
    "logger",
    "phoenix",
    "plug",
    "plug_cowboy",
    "cowboy",
    "bandit",
    "ecto",
    "ecto_sql",
    "db_connection",
    "postgrex",
    "telemetry",
];

/// File names without the extension that identify nothing without their folder.
pub(super) const COMMON_NAMES: &[&str] = &[
    "index", "page", "layout", "route", "mod", "lib", "__init__", "+page", "+layout", "+server",
];
