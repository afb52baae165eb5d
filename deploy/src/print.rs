//! The text of plans, costs and checks. Pure functions.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::check::Check;
use crate::config::Config;
use crate::cost::Cost;
use crate::plan::{Action, Line};

/// Kinds of resources of which consecutive ones are shown as one line.
const GROUPED: [&str; 3] = ["stream", "sink", "pipeline"];

/// Returns the lines of a plan. Resources of one kind and action are one line.
pub fn lines(lines: &[Line]) -> String {
    let group = |line: &Line| {
        let kind = line.what.split(' ').next().unwrap_or_default();
        GROUPED.contains(&kind).then(|| (kind.to_owned(), line.action))
    };
    let groups = lines.chunk_by(|a, b| group(a).is_some() && group(a) == group(b));
    let shown: Vec<(char, String, String)> = groups
        .filter_map(|lines| {
            let (first, last) = (lines.first()?, lines.last()?);
            let sign = first.action.sign();
            if lines.len() == 1 {
                return Some((sign, first.what.clone(), first.note.clone()));
            }
            let (kind, name) = first.what.split_once(' ')?;
            let last = last.what.split_once(' ')?.1;
            Some((
                sign,
                format!("{} {kind}s", lines.len()),
                format!("{name} to {last}"),
            ))
        })
        .collect();
    let width = shown
        .iter()
        .map(|(_, what, _)| what.chars().count())
        .max()
        .unwrap_or_default();
    let mut text = String::new();
    for (sign, what, note) in shown {
        // A text in memory is always written.
        let _ = match note.is_empty() {
            true => writeln!(text, "  {sign} {what}"),
            false => writeln!(text, "  {sign} {what:width$}  {note}"),
        };
    }
    text
}

/// Returns the numbers of changes in one line.
pub fn summary(lines: &[Line]) -> String {
    let count = |action| lines.iter().filter(|line| line.action == action).count();
    let parts = [
        (count(Action::Create), "to create"),
        (count(Action::Change), "to change"),
        (count(Action::Remove), "to remove"),
    ];
    let parts: Vec<String> = parts
        .into_iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, what)| format!("{number} {what}"))
        .collect();
    match parts.is_empty() {
        true => format!("Nothing to do: all {} parts are as they have to be.", lines.len()),
        false => parts.join(", "),
    }
}

/// The width of the names of costs.
const COSTS: usize = 86;

/// Returns the costs.
pub fn costs(config: &Config, cost: &Cost) -> String {
    let month = |what: &str, dollars: f64| format!("  {what:<COSTS$}{dollars:>9.2}\n");
    let million = |what: &str, dollars: f64| format!("  {what:<COSTS$}{dollars:>10.3}\n");
    let mut text = format!(
        "Costs in US dollars, by prices read on {}, without taxes:\n\n",
        cost.read
    );
    text += &month("a month without any event", cost.base_month());
    for item in &cost.base {
        text += &month(&format!("  {}", item.what), item.dollars);
    }
    text += &million("each million events beyond what is included", cost.million());
    for item in &cost.million_events {
        text += &million(&format!("  {}", item.what), item.dollars);
    }
    let millions = config.traffic.million_events_a_month;
    text += &month(
        &format!("a month with {millions} million events"),
        cost.expected_month,
    );
    text += "\n  Sizes of events are assumptions, in queries/prices.toml. The prices are from\n";
    for source in &cost.sources {
        text += &format!("    {source}\n");
    }
    text
}

/// Returns a plan with its costs as JSON.
pub fn json(config: &Config, lines: &[Line], cost: &Cost, is_compared: bool) -> Value {
    json!({
        "name": config.name,
        "tier": config.tier(),
        "compared": is_compared,
        "resources": lines,
        "cost": {
            "currency": "USD",
            "read": cost.read,
            "base_month": cost.base_month(),
            "million_events": cost.million(),
            "expected_month": cost.expected_month,
            "base": cost.base,
            "per_million_events": cost.million_events,
            "sources": cost.sources,
        },
    })
}

/// Returns the results of checks.
pub fn checks(checks: &[Check]) -> String {
    let mut text = String::new();
    for check in checks {
        let sign = if check.ok { "ok   " } else { "WRONG" };
        let _ = writeln!(text, "  {sign} {:<32} {}", check.what, check.note);
    }
    text
}
