//! The heading and the answer of a panel.

use lakefront_api::{ChartKind, ChartSpec, QueryInfo};
use lakefront_chart::{Unit, words};
use maud::{Markup, PreEscaped, html};

use super::{
    badge::badge,
    facts::facts,
    figure::{figure, folded_table},
    params,
    provenance::provenance,
    record::record,
    table::table,
    vitals::vitals,
};
use crate::{
    page_index::{parent, title},
    render_context::RenderContext,
    server::PanelAnswer,
    view::View,
};

/// Renders the title, the description, the measure, and the panel's own parameters.
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

/// Renders the answer and how the query was answered. Without rows there is a sentence in place of the drawing.
pub fn answer(info: &QueryInfo, answer: &PanelAnswer, context: &RenderContext<'_>) -> Markup {
    let (reply, zone) = (&answer.reply, &answer.zone);
    html! {
        @if reply.truncated {
            p.note { "The answer was longer than the limit and was cut after " (reply.rows.len()) " rows. Choose a shorter range or a filter." }
        }
        @if reply.range.is_some_and(|range| info.grain(range) != info.bucket) {
            p.note { "By the day, because the range is long." }
        }
        @if reply.rows.is_empty() {
            p.note {
                "Nothing in this range. A longer one, or fewer filters, may show more."
                (back(context))
            }
        } @else {
            (match info.chart.kind {
                ChartKind::Totals => PreEscaped(answer.drawn.clone().unwrap_or_default()),
                ChartKind::Vitals => vitals(info, reply, zone, context),
                ChartKind::Funnel | ChartKind::Map | ChartKind::Waterfall => html! {
                    (PreEscaped(answer.drawn.as_deref().unwrap_or_default()))
                    (folded_table(info, reply, zone, context))
                },
                ChartKind::Table | ChartKind::Markers => {
                    facts(info, reply, zone, context).unwrap_or_else(|| table(info, reply, zone, context))
                }
                ChartKind::Record => record(info, reply, zone, context),
                ChartKind::Line | ChartKind::Bar | ChartKind::Ranking | ChartKind::Heatmap => {
                    figure(info, answer, context)
                }
            })
        }
        footer {
            (badge(reply, zone))
            (provenance(info, reply, zone, context))
        }
    }
}

/// Renders the notice that a required parameter is missing.
pub fn filter_missing(context: &RenderContext<'_>) -> Markup {
    html! { p.note { "Fill in the filter above to see this panel." (back(context)) } }
}

/// Renders what stands in an unfolded part until the app draws it. The link leads to the part if the app does not load.
pub fn on_demand(context: &RenderContext<'_>) -> Markup {
    html! { p.more { "Loading. " a href=(context.pages.plain_href(context.page, context.view)) rel="external" { "Open without the app" } } }
}

/// Renders a link to the page that lists what the current page is about, if there is one.
fn back(context: &RenderContext<'_>) -> Markup {
    html! {
        @if let Some(parent) = parent(context.page) {
            " Or choose from " a href=(context.pages.href(parent, context.view)) { (title(parent)) } "."
        }
    }
}

/// Renders a placeholder of the answer's size, so that nothing moves when the answer arrives.
pub fn skeleton(chart: &ChartSpec) -> Markup {
    let (class, bars) = match chart.kind {
        ChartKind::Bar | ChartKind::Line | ChartKind::Heatmap => ("upright", 12),
        ChartKind::Totals => ("tiles", chart.y.len()),
        ChartKind::Vitals | ChartKind::Record => ("long", 12),
        _ => ("lying", 8),
    };
    html! { div.skeleton.(class) role="status" aria-label="Loading" { @for _ in 0..bars { i {} } } }
}

/// Returns the names and the unit of what the vertical axis measures.
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
