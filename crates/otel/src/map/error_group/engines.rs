//! Recognises the errors that JavaScript engines raise themselves, with a different wording in each engine.

use std::sync::LazyLock;

use regex::Regex;

use super::unless_minified;

/// The wording of one error in one or more engines.
struct Wording {
    /// Types that the engines give the error.
    types: &'static [&'static str],
    /// Pattern of the message. Its group `name` is kept in the canonical message.
    pattern: &'static str,
    /// The type and message that replace all wordings.
    canonical: (&'static str, &'static str),
}

const TYPE_ERROR: &[&str] = &["TypeError"];
const NOTHING: (&str, &str) = ("TypeError", "property of undefined or null");
const NOT_A_FUNCTION: (&str, &str) = ("TypeError", "not a function");
const NOT_A_CONSTRUCTOR: (&str, &str) = ("TypeError", "not a constructor");
const NOT_ITERABLE: (&str, &str) = ("TypeError", "not iterable");
const NOT_DEFINED: (&str, &str) = ("ReferenceError", "not defined");
const NOT_INITIALIZED: (&str, &str) = ("ReferenceError", "not initialized");
const CONSTANT: (&str, &str) = ("TypeError", "assignment to a constant");
const RECURSION: (&str, &str) = ("RangeError", "too much recursion");
const ARRAY_LENGTH: (&str, &str) = ("RangeError", "invalid array length");
const JSON: (&str, &str) = ("SyntaxError", "invalid JSON");
const CYCLIC: (&str, &str) = ("TypeError", "cyclic JSON");
const IN: (&str, &str) = ("TypeError", "`in` of no object");
const FETCH: (&str, &str) = ("TypeError", "fetch failed");
const IMPORT: (&str, &str) = ("TypeError", "module import failed");

/// The wordings of V8 (Chromium, Node.js), SpiderMonkey (Firefox), JavaScriptCore (Safari) and Hermes.
const WORDINGS: &[Wording] = &[
    // V8: Cannot read properties of undefined (reading 'price'); before 2021, and Hermes: Cannot read property 'price'
    // of undefined
    Wording {
        types: TYPE_ERROR,
        pattern: r"^Cannot (?:read|set) propert(?:ies|y .*) of (?:undefined|null)(?: \(.*\))?$",
        canonical: NOTHING,
    },
    // V8: Cannot destructure property 'price' of 'x' as it is undefined.
    Wording {
        types: TYPE_ERROR,
        pattern: r"^Cannot destructure (?:property )?.* as it is (?:undefined|null)\.?$",
        canonical: NOTHING,
    },
    // Firefox: can't access property "price", x is undefined
    Wording {
        types: TYPE_ERROR,
        pattern: r"^(?:can't access property .*, )?\S(?:.*\S)? is (?:undefined|null)$",
        canonical: NOTHING,
    },
    // Safari: undefined is not an object (evaluating 'x.price')
    Wording {
        types: TYPE_ERROR,
        pattern: r"^(?:undefined|null) is not an object \(evaluating .*\)$",
        canonical: NOTHING,
    },
    // Safari: undefined is not a function (near '...of x...')
    Wording {
        types: TYPE_ERROR,
        pattern: r"^(?:undefined|null) is not a function \(near .*\)$",
        canonical: NOT_ITERABLE,
    },
    // V8, Firefox: x.total is not a function; Safari: x.total is not a function. (In 'x.total()', 'x.total' is
    // undefined)
    Wording {
        types: TYPE_ERROR,
        pattern: r"^(?:.*[.\s)])?(?<name>[\w$#]*)\)? is not a function(?:\. \(In .*\))?$",
        canonical: NOT_A_FUNCTION,
    },
    // V8, Firefox: Cart is not a constructor; Safari: Cart is not a constructor (evaluating 'new Cart()')
    Wording {
        types: TYPE_ERROR,
        pattern: r"^(?:.*[.\s)])?(?<name>[\w$#]*)\)? is not a constructor(?: \(evaluating .*\))?$",
        canonical: NOT_A_CONSTRUCTOR,
    },
    // V8: undefined is not iterable (cannot read property Symbol(Symbol.iterator)); Firefox, Safari: x is not iterable
    Wording {
        types: TYPE_ERROR,
        pattern: r"^.* is not iterable(?: \(.*\))?$",
        canonical: NOT_ITERABLE,
    },
    // V8, Firefox: cart is not defined
    Wording {
        types: &["ReferenceError"],
        pattern: r"^(?<name>[\w$]+) is not defined$",
        canonical: NOT_DEFINED,
    },
    // Safari: Can't find variable: cart; Hermes: Property 'cart' doesn't exist
    Wording {
        types: &["ReferenceError"],
        pattern: r"^(?:Can't find variable: |Property ')(?<name>[\w$]+)(?:' doesn't exist)?$",
        canonical: NOT_DEFINED,
    },
    // V8: Cannot access 'x' before initialization; Firefox: can't access lexical declaration 'x' before initialization
    Wording {
        types: &["ReferenceError"],
        pattern: r"^(?:Cannot|can't) access .* before initialization$|^Cannot access uninitialized variable\.?$",
        canonical: NOT_INITIALIZED,
    },
    // V8, Firefox, Safari
    Wording {
        types: TYPE_ERROR,
        pattern: r"^Assignment to constant variable\.?$|^invalid assignment to const .*$|^Attempted to assign to readonly property\.?$",
        canonical: CONSTANT,
    },
    // V8, Hermes and Safari; Firefox has a type of its own
    Wording {
        types: &["RangeError", "InternalError"],
        pattern: r"^Maximum call stack size exceeded(?: \(.*\))?\.?$|^too much recursion$",
        canonical: RECURSION,
    },
    // V8, Firefox, Safari
    Wording {
        types: &["RangeError"],
        pattern: r"^(?i)invalid array length$|^Array size is not a small enough positive integer\.?$",
        canonical: ARRAY_LENGTH,
    },
    // V8: Unexpected token '<', "<!doctype "... is not valid JSON
    Wording {
        types: &["SyntaxError"],
        pattern: r"^.*(?: is not valid JSON|in JSON at position \d+.*)$|^Unexpected end of JSON input$",
        canonical: JSON,
    },
    // Firefox: JSON.parse: unexpected character at line 1 column 1 of the JSON data; Safari: JSON Parse error:
    // Unexpected EOF
    Wording {
        types: &["SyntaxError"],
        pattern: r"^JSON(?:\.parse|\ Parse error): .*$",
        canonical: JSON,
    },
    // V8 (over several lines), Firefox, Safari
    Wording {
        types: TYPE_ERROR,
        pattern: r"^(?s)(?:Converting circular structure to JSON.*|cyclic object value|JSON\.stringify cannot serialize cyclic structures\.?)$",
        canonical: CYCLIC,
    },
    // V8, Firefox, Safari
    Wording {
        types: TYPE_ERROR,
        pattern: r"^Cannot use 'in' operator to search for .*$|^right-hand side of 'in' should be an object, got .*$|^.* is not an Object\. \(evaluating .*\)$",
        canonical: IN,
    },
    // V8: Failed to fetch dynamically imported module: https://…; Firefox: error loading …; Safari: Importing a module
    // script failed.
    Wording {
        types: TYPE_ERROR,
        pattern: r"^(?:Failed to fetch|error loading) dynamically imported module: .*$|^Importing a module script failed\.?$",
        canonical: IMPORT,
    },
    // V8: Failed to fetch; Firefox: NetworkError when attempting to fetch resource.; Safari: Load failed
    Wording {
        types: TYPE_ERROR,
        pattern: r"^(?:Failed to fetch|Load failed)(?: \(.*\))?$|^NetworkError when attempting to fetch resource\.?$",
        canonical: FETCH,
    },
];

/// Returns the canonical type and message of an error that an engine raised; `None` for other errors.
pub(super) fn canonical(r#type: &str, message: &str) -> Option<(&'static str, String)> {
    static PATTERNS: LazyLock<Vec<Regex>> = LazyLock::new(|| {
        WORDINGS
            .iter()
            .map(|wording| Regex::new(wording.pattern).expect("the wordings are tested"))
            .collect()
    });
    if !WORDINGS.iter().any(|wording| wording.types.contains(&r#type)) {
        return None;
    }
    WORDINGS
        .iter()
        .zip(PATTERNS.iter())
        .filter(|(wording, _)| wording.types.contains(&r#type))
        .find_map(|(wording, pattern)| {
            let captures = pattern.captures(message)?;
            let name = captures
                .name("name")
                .map_or("", |name| unless_minified(name.as_str()));
            let (r#type, canonical) = wording.canonical;
            Some((r#type, format!("{name} {canonical}").trim_start().to_owned()))
        })
}
