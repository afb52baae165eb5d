//! `docs/settings.md` has every setting of every program, as the programs themselves describe them. `UPDATE_EXPECT=1` writes it.

use std::env;
use std::fmt::Write as _;
use std::str;

use anyhow::{Context as _, Result, ensure};
use expect_test::expect_file;
use lakefront_tests::command;

/// The programs, in the order in which somebody meets them.
const PROGRAMS: [&str; 6] = [
    "lakefront",
    "lakefront-ingest",
    "lakefront-chdb-container",
    "lakefront-sync",
    "lakefront-deploy",
    "lakefront-demo",
];

#[test]
fn the_reference_is_current() -> Result<()> {
    let mut page = "# Every setting\n\n\
        What each program says with `--help`, and the variables of the Worker. This page is written by a test \
        (`UPDATE_EXPECT=1 cargo xtask test --only cargo --suite settings`).\n\n\
        A setting of a program is a flag, or the environment variable in `[env: …]`; a flag takes precedence.\n"
        .to_owned();
    for program in PROGRAMS {
        describe(&mut page, &[program])?;
    }
    page += "\n## The Worker\n\nVariables and secrets of the router.\n\n```text\n";
    let comments = include_str!("../../router/wrangler.toml").lines();
    let variables = comments
        .skip_while(|line| !line.starts_with("# Variables and secrets"))
        .skip(1)
        .map_while(|line| line.strip_prefix("#   "));
    let variables: Vec<&str> = variables.collect();
    ensure!(variables.len() > 20, "the variables are not where they were");
    page += &variables.join("\n");
    page += "\n```\n";
    expect_file!["../../docs/settings.md"].assert_eq(&page);
    Ok(())
}

/// Variables that do something on Cloudflare alone: of containers, and of the scheduled handler.
const OF_CLOUDFLARE: [&str; 4] = ["CHDB_INSTANCES", "CHDB_SLEEP_AFTER", "WATCH", "WATCH_WEBHOOK"];

/// workerd hands the Worker only the variables that its configuration lists.
#[test]
fn workerd_gets_every_variable_of_the_worker() -> Result<()> {
    let listed = include_str!("../../router/workerd.capnp");
    let comments = include_str!("../../router/wrangler.toml").lines();
    let described = comments.filter_map(|line| {
        let name = line.strip_prefix("#   ")?.split_whitespace().next()?;
        let is_name = name.len() > 1 && name.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_');
        is_name.then_some(name)
    });
    let mut names = 0;
    for name in described.filter(|name| !OF_CLOUDFLARE.contains(name)) {
        ensure!(
            listed.contains(&format!("fromEnvironment = \"{name}\"")),
            "{name} is in wrangler.toml and not in workerd.capnp"
        );
        names += 1;
    }
    ensure!(names > 15, "the variables are not where they were");
    Ok(())
}

/// Adds the help of a command and of the commands below it.
fn describe(page: &mut String, words: &[&str]) -> Result<()> {
    let (program, rest) = words.split_first().context("a program")?;
    let mut command = command(program)?;
    command.args(rest).arg("--help");
    // A variable that is set would be shown with its value.
    for (name, _) in env::vars().filter(|(name, _)| name.starts_with("LAKEFRONT_")) {
        command.env_remove(name);
    }
    let output = command.output()?;
    ensure!(output.status.success(), "{words:?}: {output:?}");
    let help = str::from_utf8(&output.stdout)?;
    let help: Vec<&str> = help.lines().map(str::trim_end).collect();
    let level = "#".repeat(words.len() + 1);
    writeln!(
        page,
        "\n{level} {}\n\n```text\n{}\n```",
        words.join(" "),
        help.join("\n").trim()
    )?;
    let below = help.iter().skip_while(|line| **line != "Commands:").skip(1);
    for line in below.take_while(|line| !line.is_empty()) {
        let name = line.split_whitespace().next().unwrap_or("help");
        // `lakefront deploy` runs lakefront-deploy, which has its own part. A description goes on in lines that are indented further.
        if !["help", "deploy"].contains(&name) && line.starts_with("  ") && !line.starts_with("   ") {
            describe(page, &[words, &[name]].concat())?;
        }
    }
    Ok(())
}
