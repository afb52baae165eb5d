//! A chart of one metric over time, or of several with a formula.

use futures::{
    future::{join_all, try_join_all},
    join,
};
use lakefront_api::{ChartKind, Problem, ProblemType, QueryReply, Range, TimeRange};
use maud::html;

use super::{
    super::{MetricChart, PanelAnswer, explore::Columns, panel::period_before},
    Asker, MetricsAnswer,
    drawing::{Drawing, Drawn, drawing},
    entry::{self, Metric, Wanted},
    exemplars::exemplars,
    formula::{Fault, Formula},
    function::Function,
    join::{Side, joined},
    letter::Letter,
    parts::{NO_POINTS, add, back, formula_form, head, head_of_several, section},
    step,
};
use crate::{failure::Failure, render};

/// The groups of each metric that have a name while a formula joins groups. A group within `other` cannot be joined.
const JOINED: u32 = 50;

/// A metric of the chart that has points.
struct Entry<'a> {
    wanted: &'a Wanted<'a>,
    metric: Metric<'a>,
}

/// Asks for the metrics of the address, and renders their chart.
pub async fn answer(asker: &Asker<'_>, wanted: &[Wanted<'_>]) -> Result<MetricsAnswer, Failure> {
    let listed = listed(asker, wanted).await?;
    let formula = formula(asker, wanted);
    let Some((chart, range)) = Chart::of(asker, wanted, &listed, formula.as_ref()) else {
        return missing(asker, &listed[0], wanted, is_several(asker, wanted));
    };
    let is_several = chart.is_several;
    // The same range for every question.
    let between = TimeRange::Absolute {
        from: range.from,
        to: range.to,
    };
    let attributes = chart
        .entries
        .iter()
        .map(|entry| entry::attributes(asker, entry.wanted.name, between));
    let (answered, attributes) = join!(chart.answered(range), join_all(attributes));
    let (replies, width) = answered?;
    let functions = chart.functions(&replies);
    let zone = asker.zone(&replies[0])?;

    let drawn = chart.drawing(&functions, &replies, range, width);
    let drawn = drawn.filter(|drawn| !drawn.reply.rows.is_empty());
    let marked = async {
        if drawn.is_some() {
            asker.moments(between).await
        } else {
            Vec::new()
        }
    };
    let earlier = async {
        let range = period_before(range).filter(|_| asker.view.compare)?;
        let replies = chart.replies(range, width).await.ok()?;
        let zone = asker.zone(&replies[0]).ok()?;
        let drawn = chart.drawing(&functions, &replies, range, width)?;
        Some(Box::new(PanelAnswer::alone(drawn.reply, zone)))
    };
    let traces = async {
        match chart.entries.as_slice() {
            [entry] if !is_several => exemplars(asker, entry.wanted, &entry.metric, between).await,
            _ => None,
        }
    };
    let (moments, earlier, traces) = join!(marked, earlier, traces);
    let choices = |at: usize| {
        let Entry { wanted, metric } = &chart.entries[at];
        entry::choices(asker, wanted, metric, &functions[at], &attributes[at])
    };
    let before = html! {
        @if is_several {
            (head_of_several(asker, wanted, width))
            @for wanted in wanted {
                @match chart.entries.iter().position(|entry| entry.wanted.letter == wanted.letter) {
                    Some(at) => (section(asker, wanted, Some((&chart.entries[at].metric, wanted.function(&functions[at]))), &choices(at))),
                    None => (section(asker, wanted, None, &html! {})),
                }
            }
            (formula_form(asker, wanted, formula.as_ref()))
        } @else {
            (head(asker, &wanted[0], &chart.entries[0].metric, wanted[0].function(&functions[0]), width))
            (choices(0))
        }
        p.adding { (add(asker, wanted)) }
        @if replies.iter().any(|reply| reply.truncated) {
            p.note { "The answer was longer than the limit and was cut. Choose a shorter range or a filter." }
        }
        @match &drawn {
            None => p.note { "Nothing to show in this range. A longer one, or fewer filters, may show more." },
            Some(drawn) => {
                @if drawn.has_units { p.note { "The metrics have different units. They share one axis, as plain numbers." } }
                @if let Some(most) = drawn.most {
                    p.note { "Drawn of each metric " @if most == 1 { "is the greatest group." } @else { "are the " (most) " greatest groups." } }
                }
            }
        }
    };
    let after = html! {
        (traces.unwrap_or_default())
        @if let Some(drawn) = &drawn {
            footer { (render::provenance::of_chart(super::CHART, &drawn.info.title, &replies[0], &zone, asker.view.clone())) }
        }
        @for (entry, reply) in chart.entries.iter().zip(&replies) {
            footer {
                @if is_several { p.of-metric translate="no" { strong { (entry.wanted.letter) } " " (entry.metric.name) } }
                (render::badge::badge(reply, &zone))
                @let params = entry::params(entry.wanted, width, chart.groups);
                (render::provenance::of_view(asker.info(entry.metric.kind.query())?, reply, &zone, asker.view_of_query(&params)))
            }
        }
    };
    Ok(MetricsAnswer {
        before: before.into_string(),
        chart: drawn.map(|drawn| MetricChart {
            info: drawn.info,
            answer: PanelAnswer {
                before: earlier,
                moments,
                ..PanelAnswer::alone(drawn.reply, zone)
            },
        }),
        after: after.into_string(),
    })
}

/// Asks for the metrics of the address. Returns the points of their chart with `time`, `series` and `value`, or `None` if
/// there are none.
///
/// # Errors
/// [`ProblemType::BadRequest`] with the fault of the formula, or the host's.
pub async fn points(asker: &Asker<'_>, wanted: &[Wanted<'_>]) -> Result<Option<QueryReply>, Failure> {
    let formula = formula(asker, wanted);
    if let Some(Err(fault)) = &formula {
        let detail = format!("formula: {} (at character {})", fault.message, fault.position + 1);
        return Err(Problem::new(ProblemType::BadRequest, detail).into());
    }
    let listed = listed(asker, wanted).await?;
    let Some((chart, range)) = Chart::of(asker, wanted, &listed, formula.as_ref()) else {
        return Ok(None);
    };
    let (replies, width) = chart.answered(range).await?;
    let functions = chart.functions(&replies);
    let drawn = chart.drawing(&functions, &replies, range, width);
    Ok(drawn.map(|drawn| drawn.reply))
}

/// Returns the types, units and services of each metric.
async fn listed(asker: &Asker<'_>, wanted: &[Wanted<'_>]) -> Result<Vec<QueryReply>, Failure> {
    try_join_all(wanted.iter().map(|wanted| wanted.listed(asker))).await
}

/// Returns true if the page is one of several metrics, or of a formula.
fn is_several(asker: &Asker<'_>, wanted: &[Wanted<'_>]) -> bool {
    wanted.len() > 1 || !asker.view.param("formula").is_empty()
}

/// The metrics and the formula of one chart.
struct Chart<'a> {
    asker: &'a Asker<'a>,
    /// The metrics that have points.
    entries: Vec<Entry<'a>>,
    formula: Option<&'a Formula>,
    /// The number of groups with a name, if it is not the usual.
    groups: Option<u32>,
    is_several: bool,
}

impl<'a> Chart<'a> {
    /// Returns the chart and its range, or `None` if no metric has points.
    fn of(
        asker: &'a Asker<'a>,
        wanted: &'a [Wanted<'a>],
        listed: &'a [QueryReply],
        formula: Option<&'a Result<Formula, Fault>>,
    ) -> Option<(Self, Range)> {
        let metrics = wanted.iter().zip(listed);
        let entries = metrics.filter_map(|(wanted, listed)| {
            let metric = wanted.metric(listed)?;
            Some(Entry { wanted, metric })
        });
        let entries: Vec<_> = entries.collect();
        let range = listed.first()?.range.filter(|_| !entries.is_empty())?;
        let formula = formula.and_then(|formula| formula.as_ref().ok());
        let is_joined = formula.is_some_and(|formula| groups(formula, wanted).count() > 1);
        let chart = Self {
            asker,
            entries,
            formula,
            groups: is_joined.then_some(JOINED),
            is_several: is_several(asker, wanted),
        };
        Some((chart, range))
    }

    /// Asks for the points of every metric in the same steps. Returns the answers, and the width of the steps in seconds.
    async fn answered(&self, range: Range) -> Result<(Vec<QueryReply>, u32), Failure> {
        let width = step::width(range);
        let replies = self.replies(range, width).await?;
        let wider = replies.iter().filter_map(|reply| {
            let columns = Columns(reply);
            let times = reply
                .rows
                .iter()
                .filter_map(|row| Some((columns.text(row, "series"), columns.time(row, "time")?)));
            step::wider(width, times)
        });
        match wider.max() {
            None => Ok((replies, width)),
            Some(width) => Ok((self.replies(range, width).await?, width)),
        }
    }

    async fn replies(&self, range: Range, width: u32) -> Result<Vec<QueryReply>, Failure> {
        let steps = self.entries.iter().map(|entry| async move {
            let params = entry::params(entry.wanted, width, self.groups);
            entry::steps(self.asker, entry.metric.kind, range, width, &params).await
        });
        try_join_all(steps).await
    }

    /// Returns what can be shown of each metric.
    fn functions(&self, replies: &[QueryReply]) -> Vec<Vec<Function>> {
        let entries = self.entries.iter().zip(replies);
        entries
            .map(|(entry, reply)| entry.metric.functions(reply))
            .collect()
    }

    /// Computes what is drawn.
    fn drawing(
        &self,
        functions: &[Vec<Function>],
        replies: &[QueryReply],
        range: Range,
        width: u32,
    ) -> Option<Drawing> {
        let chosen = self.entries.iter().zip(functions).zip(replies);
        let chosen = chosen.filter_map(|((entry, functions), reply)| {
            let function = entry.wanted.function(functions)?;
            let points = entry::points(entry.wanted, entry.metric.kind, function, reply, range, width);
            Some((entry, function, points))
        });
        let chosen: Vec<_> = chosen.collect();
        let mut drawn = Vec::new();
        let mut titles = Vec::new();
        if let Some(formula) = self.formula {
            let sides: Vec<_> = chosen
                .iter()
                .map(|(entry, _, points)| Side {
                    letter: entry.wanted.letter,
                    points,
                    is_grouped: !entry.wanted.group.is_empty(),
                })
                .collect();
            let unit_of = |letter: Letter| {
                let found = chosen.iter().find(|(entry, ..)| entry.wanted.letter == letter);
                found.map_or("", |(entry, function, _)| entry.metric.unit_of(*function))
            };
            let text = self.asker.view.param("formula").trim();
            titles.push(text.to_owned());
            drawn.push(Drawn {
                name: if self.draws_all() {
                    text.to_owned()
                } else {
                    String::new()
                },
                alone: text.to_owned(),
                points: joined(formula, &sides),
                unit: formula.unit(&unit_of),
            });
        }
        let kind = match chosen.as_slice() {
            [(_, Function::Increase, _)] if !self.is_several => ChartKind::Bar,
            _ => ChartKind::Line,
        };
        if self.formula.is_none() || self.draws_all() {
            for (entry, function, points) in chosen {
                let Entry { wanted, metric } = entry;
                let label = function.label(metric.kind);
                let (title, name, alone) = if self.is_several {
                    let alone = format!("{} {}", wanted.letter, metric.name);
                    (alone.clone(), wanted.letter.to_string(), alone)
                } else {
                    (format!("{}, {label}", metric.name), String::new(), String::new())
                };
                titles.push(title);
                drawn.push(Drawn {
                    name,
                    alone,
                    points,
                    unit: metric.unit_of(function),
                });
            }
        }
        drawing(titles.join(", "), kind, width, &drawn, replies)
    }

    /// Returns true if the metrics are drawn beside the formula.
    fn draws_all(&self) -> bool {
        self.asker.view.param("draw") == "all"
    }
}

/// Parses the formula of the address, if it has one. Metrics that are grouped by different attributes cannot be joined.
fn formula(asker: &Asker<'_>, wanted: &[Wanted<'_>]) -> Option<Result<Formula, Fault>> {
    let text = asker.view.param("formula");
    if text.trim().is_empty() {
        return None;
    }
    let letters: Vec<_> = wanted.iter().map(|wanted| wanted.letter).collect();
    let parsed = Formula::parse(text, &letters).and_then(|formula| match differing(&formula, wanted) {
        None => Ok(formula),
        Some(fault) => Err(fault),
    });
    Some(parsed)
}

/// Returns the fault of a formula whose metrics are grouped by different attributes.
fn differing(formula: &Formula, wanted: &[Wanted<'_>]) -> Option<Fault> {
    let mut grouped = groups(formula, wanted);
    let (a, first, _) = grouped.next()?;
    let (b, other, position) = grouped.find(|(_, group, _)| *group != first)?;
    Some(Fault {
        position,
        message: format!("{a} is grouped by {first} and {b} by {other}; group them alike, or one by nothing"),
    })
}

/// Returns the grouped metrics of a formula: the letter, the group and the place in the text.
fn groups<'a>(
    formula: &'a Formula,
    wanted: &'a [Wanted<'_>],
) -> impl Iterator<Item = (Letter, &'a str, usize)> {
    formula.letters.iter().filter_map(move |(letter, position)| {
        let found = wanted.iter().find(|wanted| wanted.letter == *letter)?;
        (!found.group.is_empty()).then_some((*letter, found.group, *position))
    })
}

/// Renders the sentence for metrics that have no points.
fn missing(
    asker: &Asker<'_>,
    listed: &QueryReply,
    wanted: &[Wanted<'_>],
    is_several: bool,
) -> Result<MetricsAnswer, Failure> {
    let zone = asker.zone(listed)?;
    let before = html! {
        @if is_several {
            header { div.title { h2 { "Metrics" } } p { (back(asker, wanted)) } }
            @for wanted in wanted { (section(asker, wanted, None, &html! {})) }
        } @else {
            header { div.title { h2 translate="no" { (wanted[0].name) } } p { (back(asker, wanted)) } }
            div.note { p { (NO_POINTS) } }
        }
        footer { (render::badge::badge(listed, &zone)) }
    };
    Ok(MetricsAnswer {
        before: before.into_string(),
        chart: None,
        after: String::new(),
    })
}
