//! Groups of errors, by stacks of many runtimes in `fixtures/stacks` and by messages.
#![cfg(feature = "map")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use lakefront_otel::map::ErrorKey;

const STACKS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/stacks");

struct Case {
    at: String,
    label: String,
    fields: BTreeMap<String, String>,
    stack: String,
}

impl Case {
    fn key(&self) -> ErrorKey {
        ErrorKey::of(&self.fields["type"], &self.fields["message"], &self.stack)
    }
}

fn cases_of(path: &Path) -> Vec<Case> {
    let text = fs::read_to_string(path).expect("a fixture");
    let runtime = path.file_stem().expect("a name").to_string_lossy().into_owned();
    let cases = text.split("== ").skip(1).map(|case| {
        let (label, rest) = case.split_once('\n').expect("a label");
        let (fields, stack) = rest.split_once("stack:\n").expect("a stack");
        let fields = fields.lines().map(|line| {
            let (name, value) = line
                .split_once(": ")
                .unwrap_or_else(|| panic!("{runtime}: {line}"));
            (name.to_owned(), value.to_owned())
        });
        Case {
            at: format!("{runtime}: {label}"),
            label: label.to_owned(),
            fields: fields.collect(),
            stack: stack.to_owned(),
        }
    });
    cases.collect()
}

fn cases() -> Vec<Case> {
    let files = fs::read_dir(STACKS)
        .expect("fixtures")
        .map(|entry| entry.expect("a file").path());
    let mut files: Vec<_> = files
        .filter(|path| path.extension().is_some_and(|it| it == "txt"))
        .collect();
    files.sort();
    assert!(files.len() >= 12, "{files:?}");
    files.iter().flat_map(|path| cases_of(path)).collect()
}

#[test]
fn stacks_have_the_keys_beside_them() {
    let mut wrong = Vec::new();
    for case in cases() {
        let key = case.key();
        for (what, found) in [("cleaned", &key.message), ("frame", &key.frame)] {
            let wanted = &case.fields[what];
            if wanted.trim_end() != found.trim_end() {
                wrong.push(format!("{}: {what} is {found:?}, expected {wanted:?}", case.at));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Chromium, Firefox and Safari, or an inner and an outer function, report one throw as one error.
#[test]
fn one_label_is_one_group() {
    let mut groups = BTreeMap::<String, BTreeSet<String>>::new();
    let mut labels = BTreeMap::<String, BTreeSet<String>>::new();
    for case in cases() {
        let group = case.key().group();
        groups
            .entry(case.label.clone())
            .or_default()
            .insert(group.clone());
        labels.entry(group).or_default().insert(case.label);
    }
    for (label, groups) in groups {
        assert_eq!(groups.len(), 1, "{label}");
    }
    for labels in labels.values() {
        assert_eq!(labels.len(), 1, "one group: {labels:?}");
    }
}

/// The parts of a message that vary are replaced. Numbers that identify the error stay.
#[test]
fn messages_are_cleaned_as_listed() {
    let list = include_str!("../fixtures/messages.tsv");
    let mut wrong = Vec::new();
    for line in list.lines().filter(|line| !line.starts_with('#')) {
        let [r#type, message, cleaned] = line.split('\t').collect::<Vec<_>>()[..] else {
            panic!("not three fields: {line}");
        };
        let found = ErrorKey::of(r#type, message, "").message;
        if found != cleaned {
            wrong.push(format!("{message:?} is {found:?}, expected {cleaned:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Groups are stored in the lake, so they must not change within a version of the rules.
#[test]
fn groups_of_a_version_are_frozen() {
    let group = |r#type, message, stack| ErrorKey::of(r#type, message, stack).group();
    assert_eq!(group("TypeError", "order 1 failed", ""), "v2:7f2a8c3708b2d6d2");
    let stack = "    at total (https://shop.example/assets/cart-BxT9d2Zk.js:1:2345)";
    assert_eq!(group("TypeError", "x is undefined", stack), "v2:5687cbcc275cd1bf");
}

/// A stack above the limit gets its group from the end where the error was thrown.
#[test]
fn long_stacks_are_read_where_the_error_was_thrown() {
    let outer = |n| format!("  File \"/srv/app/walk.py\", line {n}, in walk\n    walk()\n");
    let frames: String = (0..5_000).map(outer).collect();
    let python = format!(
        "Traceback (most recent call last):\n{frames}  File \"/srv/app/end.py\", line 1, in end\nKeyError: 'a'\n"
    );
    assert_eq!(ErrorKey::of("KeyError", "'a'", &python).frame, "end end.py");
    let frames = "\tat org.springframework.web.Chain.next(Chain.java:1)\n".repeat(5_000);
    let java = format!("a.B: c\n{frames}Caused by: d.E: f\n\tat com.shop.Cart.add(Cart.java:12)\n");
    assert_eq!(
        ErrorKey::of("a.B", "c", &java).frame,
        "com.shop.Cart.add Cart.java"
    );
}

proptest::proptest! {
    /// Any input has a group.
    #[test]
    fn any_error_has_a_group(error_type in ".*", message in "(?s).*", stack in "(?s).*|(\\s*(at|File|from|#1)? ?[a-z(@:\"äß.]{0,9}:?[0-9(]{0,3}\n)*") {
        let group = ErrorKey::of(&error_type, &message, &stack).group();
        proptest::prop_assert!(group.len() == 19 && group.starts_with("v2:"));
    }
}
