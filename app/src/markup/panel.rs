use lakefront_api::{ChartKind, QueryInfo};
use lakefront_chart::{Unit, words};
use maud::{Markup, html};

use super::{badge::badge, figure::figure, params};
use crate::{server::PanelAnswer, view::View};

/// Title, description, what is measured, and the panel's own parameters.
pub fn head(info: &QueryInfo, view: &View, id: &str) -> Markup {
    html! {
        header {
            div.title {
                h2 id=(id) { (info.title) }
                @if let Some(text) = measured(info) { span.unit { (text) } }
            }
            p { (info.description) }
        }
        (params::form(info, view))
    }
}

/// The answer: drawn, or a sentence if it has no rows, and how it came to be.
pub fn answer(info: &QueryInfo, answer: &PanelAnswer) -> Markup {
    html! {
        @if answer.reply.rows.is_empty() {
            p.note { "Nothing in this range. A longer one, or fewer filters, may show more." }
        } @else {
            (figure(info, &answer.reply, &answer.zone))
        }
        (badge(&answer.reply, &answer.zone))
    }
}

/// In place of an answer, while a required parameter is missing.
pub fn question() -> Markup {
    html! { p.note { "Fill in the form to see this panel." } }
}

/// Holds the place of an answer, so that nothing jumps when it comes.
pub fn skeleton(kind: ChartKind) -> Markup {
    let (class, bars) = match kind {
        ChartKind::Bar | ChartKind::Line => ("upright", 12),
        ChartKind::Ranking | ChartKind::Table => ("lying", 8),
    };
    html! { div.skeleton.(class) role="status" aria-label="Loading" { @for _ in 0..bars { i {} } } }
}

/// Whether it needs the whole width of the page: tables of many columns do.
pub fn broad(info: &QueryInfo) -> bool {
    info.chart.kind == ChartKind::Table && info.columns.len() > 5
}

/// What the vertical axis measures, and in which unit.
fn measured(info: &QueryInfo) -> Option<String> {
    if !matches!(info.chart.kind, ChartKind::Line | ChartKind::Bar) {
        return None;
    }
    let names: Vec<_> = info.chart.y.iter().map(|name| words(name)).collect();
    let unit = match Unit::parse(&info.chart.unit).words() {
        "" => String::new(),
        unit => format!(" in {unit}"),
    };
    Some(names.join(", ") + &unit)
}
