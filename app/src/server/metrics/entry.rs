//! A metric of the chart: what the address says of it, its points, and its choices.

use jiff::SignedDuration;
use lakefront_api::{QueryReply, Range, TimeRange, instant};
use maud::{Markup, html};
use serde_json::Value;

use super::{
    super::explore::Columns,
    Asker,
    function::{Function, Kind, Point},
    letter::Letter,
    list::{more_services, services},
    unit::shown,
};
use crate::{failure::Failure, render, view::View};

/// The parameters of a metric in the address, each with the letter's name before it.
pub const PARAMS: [&str; 5] = ["metric", "type", "show", "group", "where"];

/// The most pairs of attributes that are asked for, and the most values of one attribute that are offered.
const PAIRS: &str = "1000";
const VALUES: usize = 20;

/// The group and the condition that are of the service, not of an attribute of the points.
const SERVICE: &str = "service";

/// The name of the series of points without the attribute by which they are grouped.
const NONE: &str = "(none)";

/// A metric, as the address has it.
pub struct Wanted<'a> {
    /// The name in formulas.
    pub letter: Letter,
    /// The name of the metric.
    pub name: &'a str,
    /// The attribute by which the points are grouped, or an empty text.
    pub group: &'a str,
    type_name: &'a str,
    show: &'a str,
    condition: &'a str,
}

/// A metric that has points, as its row in the list describes it.
pub struct Metric<'a> {
    /// The name.
    pub name: &'a str,
    /// The type.
    pub kind: Kind,
    /// The type in words.
    pub type_name: &'a str,
    /// The unit (UCUM).
    pub unit: &'a str,
    temporality: &'a str,
    services: Vec<&'a str>,
    more_services: Option<u64>,
}

/// The attributes of a metric, each with its most frequent values.
pub type Attributes = Vec<(String, Vec<String>)>;

impl<'a> Wanted<'a> {
    /// Returns the metrics of an address by their letters.
    pub fn all(view: &'a View) -> Vec<Self> {
        let param = |letter: Letter, name: &str| view.param(&letter.param(name));
        let all = Letter::ALL.into_iter().map(|letter| Self {
            letter,
            name: param(letter, "metric"),
            group: param(letter, "group"),
            type_name: param(letter, "type"),
            show: param(letter, "show"),
            condition: param(letter, "where"),
        });
        all.filter(|wanted| !wanted.name.is_empty()).collect()
    }

    /// Returns the key by which the link to this metric in the list has the focus.
    pub fn key(&self) -> String {
        format!("metric {} {}", self.name, self.type_name)
    }

    /// Asks for the row of the list.
    ///
    /// # Errors
    /// The host's problem.
    pub async fn listed(&self, asker: &Asker<'_>) -> Result<QueryReply, Failure> {
        let own = [("metric_name", self.name.to_owned())];
        asker.ask("metrics", asker.range, &own).await
    }

    /// Returns the metric of a list: that of the type in the address, or else the first of the name.
    pub fn metric<'b>(&self, listed: &'b QueryReply) -> Option<Metric<'b>> {
        let columns = Columns(listed);
        let of_type = listed
            .rows
            .iter()
            .find(|row| columns.text(row, "type") == self.type_name);
        let row = of_type.or(listed.rows.first())?;
        let text = |name: &str| columns.text(row, name);
        Some(Metric {
            name: text("metric"),
            kind: Kind::parse(text("type"))?,
            type_name: text("type"),
            temporality: text("temporality"),
            unit: text("unit"),
            services: services(&columns, row),
            more_services: more_services(&columns, row),
        })
    }

    /// Returns the parameters by which only some points are read.
    pub fn filter(&self) -> Vec<(&'static str, String)> {
        match self.condition.split_once('=') {
            Some((SERVICE, value)) => vec![(SERVICE, value.to_owned())],
            Some((attribute, value)) => vec![
                ("attribute", attribute.to_owned()),
                ("attribute_value", value.to_owned()),
            ],
            None => Vec::new(),
        }
    }

    /// Returns the function that is shown: that of the address, or else the first.
    pub fn function(&self, functions: &[Function]) -> Option<Function> {
        let found = functions.iter().find(|function| function.key() == self.show);
        found.or(functions.first()).copied()
    }
}

impl Metric<'_> {
    /// Returns what can be shown, the usual first.
    pub fn functions(&self, answer: &QueryReply) -> Vec<Function> {
        self.kind.functions(self.temporality, answer)
    }

    /// Returns the unit of a function's values (UCUM). Counts of measurements have none.
    pub fn unit_of(&self, function: Function) -> &str {
        if function.is_count(self.kind) {
            ""
        } else {
            self.unit
        }
    }
}

/// Returns the parameters of the query for the points of a metric. `groups` have a name, or without it as many as the query
/// says.
pub fn params(wanted: &Wanted<'_>, width: u32, groups: Option<u32>) -> Vec<(&'static str, String)> {
    let mut params = vec![
        ("metric", wanted.name.to_owned()),
        ("seconds", width.to_string()),
        ("group", wanted.group.to_owned()),
    ];
    params.extend(groups.map(|groups| ("groups", groups.to_string())));
    params.extend(wanted.filter());
    params
}

/// Asks for the steps of a range.
///
/// Reads one step before the range too. The growth up to the first point of the range is known then, and belongs to its step.
///
/// # Errors
/// The host's problem.
pub async fn steps(
    asker: &Asker<'_>,
    kind: Kind,
    range: Range,
    width: u32,
    params: &[(&str, String)],
) -> Result<QueryReply, Failure> {
    let between = TimeRange::Absolute {
        from: range
            .from
            .checked_sub(SignedDuration::from_secs(width.into()))
            .unwrap_or(range.from),
        to: range.to,
    };
    let mut reply = asker.ask(kind.query(), between, params).await?;
    let begins = range.from.as_second() - range.from.as_second().rem_euclid(width.into());
    let rows = std::mem::take(&mut reply.rows);
    let columns = Columns(&reply);
    let is_shown = |row: &Vec<Value>| {
        columns
            .time(row, "time")
            .is_none_or(|time| time.as_second() >= begins)
    };
    let rows = rows.into_iter().filter(is_shown).collect();
    reply.rows = rows;
    reply.range = Some(range);
    Ok(reply)
}

/// Computes the points of an answer for a range.
pub fn points(
    wanted: &Wanted<'_>,
    kind: Kind,
    function: Function,
    reply: &QueryReply,
    range: Range,
    width: u32,
) -> Vec<Point> {
    let mut points = function.points(kind, reply, width);
    if function.is_growth(kind) {
        points.retain(|point| instant::time(&point.time).is_some_and(|time| time >= range.from));
    }
    for point in &mut points {
        if !wanted.group.is_empty() && point.series.is_empty() {
            NONE.clone_into(&mut point.series);
        }
    }
    points
}

/// Asks for the attributes of a metric. Without an answer there is less to choose from.
pub async fn attributes(asker: &Asker<'_>, name: &str, between: TimeRange) -> Attributes {
    let about = [("metric", name.to_owned()), ("limit", PAIRS.to_owned())];
    let pairs = asker.ask("metric_attributes", between, &about).await;
    pairs.map(|pairs| by_name(&pairs)).unwrap_or_default()
}

/// Returns the attributes of pairs, which begin with the most frequent.
fn by_name(pairs: &QueryReply) -> Attributes {
    let columns = Columns(pairs);
    let mut attributes: Attributes = Vec::new();
    for row in &pairs.rows {
        let (name, value) = (
            columns.text(row, "attribute_key"),
            columns.text(row, "attribute_value"),
        );
        let at = attributes.iter().position(|(known, _)| known == name);
        let at = at.unwrap_or_else(|| {
            attributes.push((name.to_owned(), Vec::new()));
            attributes.len() - 1
        });
        let values = &mut attributes[at].1;
        if values.len() < VALUES {
            values.push(value.to_owned());
        }
    }
    attributes.sort();
    attributes
}

/// Renders the function and the words of its unit.
pub fn unit_words(metric: &Metric<'_>, function: Option<Function>) -> Markup {
    html! {
        @if let Some(function) = function {
            @let words = shown(metric.unit_of(function)).words;
            span.unit { (function.label(metric.kind)) @if !words.is_empty() { " (" (words) ")" } }
        }
    }
}

/// Renders type, unit and services of a metric.
pub fn about(asker: &Asker<'_>, metric: &Metric<'_>) -> Markup {
    html! {
        (metric.type_name) @if !metric.temporality.is_empty() { ", " (metric.temporality) }
        @if !metric.unit.is_empty() { ", in " span translate="no" { (metric.unit) } }
        " · of "
        @for (at, service) in metric.services.iter().enumerate() {
            @if at > 0 { ", " }
            @if asker.view.param(SERVICE) == *service { span translate="no" { (service) } }
            @else { a href=(asker.with(&[(SERVICE, service)])) translate="no" data-noscroll { (service) } }
        }
        @if let Some(more) = metric.more_services { " and " (more) " more" }
    }
}

/// Renders what is shown, by what it is grouped and by what it is filtered.
pub fn choices(
    asker: &Asker<'_>,
    wanted: &Wanted<'_>,
    metric: &Metric<'_>,
    functions: &[Function],
    attributes: &Attributes,
) -> Markup {
    let [show, group_by, only] = ["show", "group", "where"].map(|name| wanted.letter.param(name));
    let kept = asker.view.without(&[&show, &group_by, &only]);
    let usual = functions.first().map(|function| function.key());
    let chosen = wanted.function(functions);
    let (group, condition) = (wanted.group, wanted.condition);
    let services = metric.services.iter().filter(|_| metric.services.len() > 1);
    let services = services.map(|service| (SERVICE, *service));
    let pairs = attributes
        .iter()
        .flat_map(|(name, values)| values.iter().map(move |value| (name.as_str(), value.as_str())));
    let is = |(name, value): (&str, &str)| condition.split_once('=') == Some((name, value));
    let is_listed = services.clone().chain(pairs).any(is);
    let names = attributes.iter().map(|(name, _)| name.as_str());
    let pair = |pair: (&str, &str)| {
        html! { option value={ (pair.0) "=" (pair.1) } selected[is(pair)] { (pair.0) " = " (pair.1) } }
    };
    html! {
        form.params method="get" data-instant {
            label {
                "Show "
                select name=(show) data-key=(show) data-default=[usual] {
                    @for function in functions {
                        option value=(function.key()) selected[chosen == Some(*function)] { (function.label(metric.kind)) }
                    }
                }
            }
            label {
                "Group by "
                select name=(group_by) data-key=(group_by) translate="no" {
                    option value="" { "nothing" }
                    @for name in std::iter::once(SERVICE).chain(names.clone()) {
                        option value=(name) selected[name == group] { (name) }
                    }
                    @if !group.is_empty() && group != SERVICE && !names.clone().any(|name| name == group) {
                        option value=(group) selected { (group) }
                    }
                }
            }
            @if !attributes.is_empty() || !condition.is_empty() || services.clone().next().is_some() {
                label {
                    "Only "
                    select name=(only) data-key=(only) translate="no" {
                        option value="" { "all points" }
                        @if services.clone().next().is_some() {
                            optgroup label=(SERVICE) { @for service in services { (pair(service)) } }
                        }
                        @for (name, values) in attributes {
                            optgroup label=(name) { @for value in values { (pair((name.as_str(), value.as_str()))) } }
                        }
                        @if !condition.is_empty() && !is_listed { option value=(condition) selected { (condition) } }
                    }
                }
            }
            button { "Apply" }
            (render::hidden(&kept))
        }
    }
}
