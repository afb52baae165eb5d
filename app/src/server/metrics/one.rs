//! One metric over time.

use futures::join;
use lakefront_api::{
    Bucket, ChartKind, ChartSpec, Column, ColumnInfo, Page, PanelPlace, QueryInfo, QueryReply, Range,
    TimeRange, instant,
};
use lakefront_chart::span;
use maud::{Markup, html};
use serde_json::Value;

use super::{
    super::{MetricChart, PanelAnswer, explore::Columns, panel::period_before},
    Asker, MetricsAnswer,
    function::{Function, Kind, Point},
    list::{more_services, services},
    step,
    unit::shown,
};
use crate::{failure::Failure, render};

/// The most pairs of attributes that are asked for, and the most values of one attribute that are offered.
const PAIRS: &str = "1000";
const VALUES: usize = 20;

/// The name of the series of points without the attribute by which they are grouped.
const NONE: &str = "(none)";

/// A metric, as its row in the list describes it.
struct Metric<'a> {
    name: &'a str,
    kind: Kind,
    type_name: &'a str,
    temporality: &'a str,
    unit: &'a str,
    services: Vec<&'a str>,
    more_services: Option<u64>,
}

/// The attributes of a metric, each with its most frequent values.
type Attributes = Vec<(String, Vec<String>)>;

/// Asks for the metric that the address names, and renders it.
pub async fn answer(asker: &Asker<'_>) -> Result<MetricsAnswer, Failure> {
    let name = asker.view.param("metric");
    let own = [("metric_name", name.to_owned())];
    let listed = asker.ask("metrics", asker.range, &own).await?;
    let (Some(metric), Some(range)) = (metric(asker, &listed), listed.range) else {
        return missing(asker, &listed);
    };
    // The same range for every question.
    let between = TimeRange::Absolute {
        from: range.from,
        to: range.to,
    };
    let about = [("metric", name.to_owned()), ("limit", PAIRS.to_owned())];
    let (points, pairs) = join!(
        points(asker, &metric, range),
        asker.ask("metric_attributes", between, &about)
    );
    let (reply, width, own) = points?;
    // Without the attributes, there is less to choose from.
    let attributes = pairs.map(|pairs| attributes(&pairs)).unwrap_or_default();
    let functions = metric.kind.functions(metric.temporality, &reply);
    let wanted = asker.view.param("show");
    let function = functions.iter().find(|function| function.key() == wanted);
    let function = function.or(functions.first()).copied();

    let zone = asker.zone(&reply)?;
    let group = asker.view.param("group");
    let drawing = |reply: &QueryReply, range: Range| {
        let function = function?;
        let mut points = function.points(metric.kind, reply, width);
        if function.is_growth(metric.kind) {
            points.retain(|point| instant::time(&point.time).is_some_and(|time| time >= range.from));
        }
        for point in points
            .iter_mut()
            .filter(|point| !group.is_empty() && point.series.is_empty())
        {
            NONE.clone_into(&mut point.series);
        }
        Some(chart(&metric, function, width, &points, reply))
    };
    let drawn = drawing(&reply, range).filter(|(_, drawn)| !drawn.rows.is_empty());
    let marked = async {
        if drawn.is_some() {
            asker.moments(between).await
        } else {
            Vec::new()
        }
    };
    let earlier = async {
        let range = period_before(range).filter(|_| asker.view.compare)?;
        let between = TimeRange::Absolute {
            from: range.from,
            to: range.to,
        };
        let reply = asker.ask(metric.kind.query(), between, &own).await.ok()?;
        let zone = asker.zone(&reply).ok()?;
        let (_, reply) = drawing(&reply, range)?;
        Some(Box::new(PanelAnswer::alone(reply, zone)))
    };
    let (moments, earlier) = join!(marked, earlier);
    let before = html! {
        (head(asker, &metric, function, width))
        (choices(asker, metric.kind, &functions, function, &attributes))
        @if reply.truncated {
            p.note { "The answer was longer than the limit and was cut. Choose a shorter range or a filter." }
        }
        @if drawn.is_none() {
            p.note { "Nothing to show in this range. A longer one, or fewer filters, may show more." }
        }
    };
    let info = asker.info(metric.kind.query())?;
    let after = html! {
        footer {
            (render::badge::badge(&reply, &zone))
            (render::provenance::of_view(info, &reply, &zone, asker.view_of_query(&own)))
        }
    };
    Ok(MetricsAnswer {
        before: before.into_string(),
        chart: drawn.map(|(info, reply)| MetricChart {
            info,
            answer: PanelAnswer {
                before: earlier,
                moments,
                ..PanelAnswer::alone(reply, zone)
            },
        }),
        after: after.into_string(),
    })
}

/// Renders the sentence for a metric that has no points.
fn missing(asker: &Asker<'_>, listed: &QueryReply) -> Result<MetricsAnswer, Failure> {
    let zone = asker.zone(listed)?;
    let before = html! {
        header { div.title { h2 translate="no" { (asker.view.param("metric")) } } p { (back(asker, "")) } }
        div.note { p { "No points of this metric in this range. A longer one, or fewer filters, may show more." } }
        footer { (render::badge::badge(listed, &zone)) }
    };
    Ok(MetricsAnswer {
        before: before.into_string(),
        chart: None,
        after: String::new(),
    })
}

/// Returns the metric of the address: that of the type in the address, or else the first of the name.
fn metric<'a>(asker: &'a Asker<'_>, listed: &'a QueryReply) -> Option<Metric<'a>> {
    let columns = Columns(listed);
    let wanted = asker.view.param("type");
    let of_type = listed.rows.iter().find(|row| columns.text(row, "type") == wanted);
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

/// Asks for the points of a metric. Returns the answer, the width of its steps, and the parameters of the query.
async fn points<'a>(
    asker: &Asker<'_>,
    metric: &Metric<'_>,
    range: Range,
) -> Result<(QueryReply, u32, Vec<(&'a str, String)>), Failure> {
    let between = TimeRange::Absolute {
        from: range.from,
        to: range.to,
    };
    let (attribute, value) = asker.view.param("where").split_once('=').unwrap_or_default();
    let own = |width: u32| {
        vec![
            ("metric", metric.name.to_owned()),
            ("seconds", width.to_string()),
            ("group", asker.view.param("group").to_owned()),
            ("attribute", attribute.to_owned()),
            ("attribute_value", value.to_owned()),
        ]
    };
    let width = step::width(range);
    let reply = asker.ask(metric.kind.query(), between, &own(width)).await?;
    let columns = Columns(&reply);
    let times = reply
        .rows
        .iter()
        .filter_map(|row| Some((columns.text(row, "series"), columns.time(row, "time")?)));
    match step::wider(width, times) {
        None => Ok((reply, width, own(width))),
        Some(width) => {
            let reply = asker.ask(metric.kind.query(), between, &own(width)).await?;
            Ok((reply, width, own(width)))
        }
    }
}

/// Returns the attributes of pairs, which begin with the most frequent.
fn attributes(pairs: &QueryReply) -> Attributes {
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

/// Returns what is drawn, as an entry of a catalogue with its answer.
fn chart(
    metric: &Metric<'_>,
    function: Function,
    width: u32,
    points: &[Point],
    reply: &QueryReply,
) -> (QueryInfo, QueryReply) {
    let shown = shown(if function.is_count(metric.kind) {
        ""
    } else {
        metric.unit
    });
    let label = function.label(metric.kind);
    let names = [
        ("time", "DateTime('UTC')"),
        ("series", "String"),
        ("value", "Float64"),
    ];
    let info = QueryInfo {
        name: "metrics".into(),
        title: format!("{}, {label}", metric.name),
        description: String::new(),
        bucket: Bucket::Exact,
        params: Vec::new(),
        columns: names
            .map(|(name, data_type)| ColumnInfo {
                name: name.into(),
                data_type: data_type.into(),
                unit: if name == "value" {
                    shown.unit.into()
                } else {
                    String::new()
                },
                better: None,
                description: String::new(),
            })
            .into(),
        order: String::new(),
        chart: ChartSpec {
            kind: match function {
                Function::Increase => ChartKind::Bar,
                _ => ChartKind::Line,
            },
            x: "time".into(),
            y: vec!["value".into()],
            series: vec!["series".into()],
            unit: shown.unit.into(),
            step_seconds: Some(width),
        },
        panels: vec![PanelPlace {
            page: Page::Metrics,
            position: 0,
            wide: true,
        }],
        retention_days: None,
    };
    let until = reply.range.map(|range| range.to);
    let reply = QueryReply {
        columns: names
            .map(|(name, data_type)| Column {
                name: name.into(),
                data_type: data_type.into(),
            })
            .into(),
        rows: points
            .iter()
            .filter_map(|point| {
                let value = point.value? * shown.factor;
                Some(vec![
                    point.time.clone().into(),
                    point.series.clone().into(),
                    Value::from(value),
                ])
            })
            .collect(),
        // A step that ends after the range is not complete either.
        as_of: reply
            .as_of
            .map(|time| until.map_or(time, |until| time.min(until)))
            .or(until),
        statement: None,
        ..reply.clone()
    };
    (info, reply)
}

/// Renders the name and what is known about a metric.
fn head(asker: &Asker<'_>, metric: &Metric<'_>, function: Option<Function>, width: u32) -> Markup {
    let is_count = function.is_some_and(|function| function.is_count(metric.kind));
    let words = shown(if is_count { "" } else { metric.unit }).words;
    html! {
        header {
            div.title {
                h2 translate="no" { (metric.name) }
                @if let Some(function) = function {
                    span.unit { (function.label(metric.kind)) @if !words.is_empty() { " (" (words) ")" } }
                }
            }
            p {
                (back(asker, metric.type_name)) " · "
                (metric.type_name) @if !metric.temporality.is_empty() { ", " (metric.temporality) }
                @if !metric.unit.is_empty() { ", in " span translate="no" { (metric.unit) } }
                " · of "
                @for (at, service) in metric.services.iter().enumerate() {
                    @if at > 0 { ", " }
                    @if asker.view.param("service") == *service { span translate="no" { (service) } }
                    @else { a href=(asker.with(&[("service", service)])) translate="no" data-noscroll { (service) } }
                }
                @if let Some(more) = metric.more_services { " and " (more) " more" }
                " · steps of " (span(width.into()))
            }
        }
    }
}

/// Renders the link to the list. It gets the focus that the link in the list had.
fn back(asker: &Asker<'_>, type_name: &str) -> Markup {
    let list = asker.view.without(&["metric", "type", "show", "group", "where"]);
    let key = format!("metric {} {type_name}", asker.view.param("metric"));
    html! { a href=(list.href()) data-key=(key) { "All metrics" } }
}

/// Renders what is shown, by what it is grouped and by what it is filtered.
fn choices(
    asker: &Asker<'_>,
    kind: Kind,
    functions: &[Function],
    chosen: Option<Function>,
    attributes: &Attributes,
) -> Markup {
    let kept = asker.view.without(&["show", "group", "where"]);
    let usual = functions.first().map(|function| function.key());
    let (group, condition) = (asker.view.param("group"), asker.view.param("where"));
    let is_listed = |condition: &str| {
        attributes
            .iter()
            .any(|(name, values)| values.iter().any(|value| format!("{name}={value}") == condition))
    };
    let names = attributes.iter().map(|(name, _)| name.as_str());
    html! {
        form.params method="get" data-instant {
            (render::hidden(&kept))
            label {
                "Show "
                select name="show" data-key="show" data-default=[usual] {
                    @for function in functions {
                        option value=(function.key()) selected[chosen == Some(*function)] { (function.label(kind)) }
                    }
                }
            }
            label {
                "Group by "
                select name="group" data-key="group" translate="no" {
                    option value="" { "nothing" }
                    @for name in std::iter::once("service").chain(names.clone()) {
                        option value=(name) selected[name == group] { (name) }
                    }
                    @if !group.is_empty() && group != "service" && !names.clone().any(|name| name == group) {
                        option value=(group) selected { (group) }
                    }
                }
            }
            @if !attributes.is_empty() || !condition.is_empty() {
                label {
                    "Only "
                    select name="where" data-key="where" translate="no" {
                        option value="" { "all points" }
                        @for (name, values) in attributes {
                            optgroup label=(name) {
                                @for value in values {
                                    @let pair = format!("{name}={value}");
                                    option value=(pair) selected[pair == condition] { (name) " = " (value) }
                                }
                            }
                        }
                        @if !condition.is_empty() && !is_listed(condition) { option value=(condition) selected { (condition) } }
                    }
                }
            }
            button { "Apply" }
        }
    }
}
