//! The parts of a chart's page beside the chart: names, choices and the formula.

use lakefront_chart::span;
use maud::{Markup, html};

use super::{
    super::explore::marked_text,
    Asker,
    entry::{self, Metric, Wanted},
    formula::{Fault, Formula, MAX_LENGTH},
    function::Function,
    letter::Letter,
};
use crate::render;

/// The sentence that the page shows for a metric without points.
pub const NO_POINTS: &str =
    "No points of this metric in this range. A longer one, or fewer filters, may show more.";

/// Renders the name and what is known about the only metric.
pub fn head(
    asker: &Asker<'_>,
    wanted: &Wanted<'_>,
    metric: &Metric<'_>,
    function: Option<Function>,
    width: u32,
) -> Markup {
    html! {
        header {
            div.title {
                h2 translate="no" { (metric.name) }
                (entry::unit_words(metric, function))
            }
            p {
                (back(asker, std::slice::from_ref(wanted))) " · "
                (entry::about(asker, metric))
                " · steps of " (span(width.into()))
            }
        }
    }
}

/// Renders the head of a chart of several metrics.
pub fn head_of_several(asker: &Asker<'_>, wanted: &[Wanted<'_>], width: u32) -> Markup {
    html! {
        header {
            div.title { h2 { (wanted.len()) @if wanted.len() == 1 { " metric with a formula" } @else { " metrics" } } }
            p { (back(asker, wanted)) " · steps of " (span(width.into())) }
        }
    }
}

/// Renders the link to the list. It gets the focus that the link in the list had.
pub fn back(asker: &Asker<'_>, wanted: &[Wanted<'_>]) -> Markup {
    let key = wanted.first().map(Wanted::key);
    html! { a href=(asker.without_chart().href()) data-key=[key] { "All metrics" } }
}

/// Renders one of several metrics with its choices.
pub fn section(
    asker: &Asker<'_>,
    wanted: &Wanted<'_>,
    found: Option<(&Metric<'_>, Option<Function>)>,
    choices: &Markup,
) -> Markup {
    let remove = asker.without(&[wanted.letter]).href();
    html! {
        section.entry aria-label={ "Metric " (wanted.letter) } {
            div.title {
                h3 translate="no" { b { (wanted.letter) } " " (wanted.name) }
                @if let Some((metric, function)) = found { (entry::unit_words(metric, function)) }
                a href=(remove) data-key={ "remove " (wanted.letter) } data-noscroll aria-label={ "Remove " (wanted.letter) } { "Remove" }
            }
            p.about {
                @match found {
                    Some((metric, _)) => (entry::about(asker, metric)),
                    None => (NO_POINTS),
                }
            }
            (choices)
        }
    }
}

/// Renders the link that adds a metric, while there is room.
pub fn add(asker: &Asker<'_>, wanted: &[Wanted<'_>]) -> Markup {
    let is_free = |letter: &Letter| wanted.iter().all(|wanted| wanted.letter != *letter);
    let free = Letter::ALL.into_iter().find(is_free);
    let free = free.map(|letter| asker.with(&[("add", letter.to_string().as_str()), ("q", "")]));
    html! {
        @match free {
            Some(href) => a href=(href) data-key="add" { "Add a metric" },
            None => { "A chart has at most " (Letter::ALL.len()) " metrics." }
        }
    }
}

/// Renders the field of the formula, with its fault if it has one.
pub fn formula_form(
    asker: &Asker<'_>,
    wanted: &[Wanted<'_>],
    formula: Option<&Result<Formula, Fault>>,
) -> Markup {
    let text = asker.view.param("formula");
    let draws_all = asker.view.param("draw") == "all";
    let example = match wanted {
        [a, b, ..] => format!("{} / {} * 100", a.letter, b.letter),
        _ => "a * 100".into(),
    };
    html! {
        form.params.formula method="get" {
            label {
                "Formula "
                input type="text" name="formula" value=(text) placeholder=(example) maxlength=(MAX_LENGTH) data-key="formula"
                    autocomplete="off" autocapitalize="off" spellcheck="false" translate="no";
            }
            label {
                "Draw "
                select name="draw" data-key="draw" {
                    option value="" { "the formula" }
                    option value="all" selected[draws_all] { "the metrics too" }
                }
            }
            button { "Apply" }
            (render::hidden(&asker.view.without(&["formula", "draw"])))
        }
        @if let Some(Err(fault)) = formula {
            div.note.failure role="alert" {
                strong { "this formula cannot be read" }
                p { (fault.message) }
                (marked_text(text, fault.position))
            }
        }
    }
}
