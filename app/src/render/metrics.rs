//! The content of the Metrics page.

use maud::{Markup, PreEscaped, html};

use super::figure::figure;
use crate::{render_context::RenderContext, server::MetricsAnswer};

/// Renders the server's HTML with the chart in it.
pub fn content(answer: &MetricsAnswer, context: &RenderContext<'_>) -> Markup {
    html! {
        (PreEscaped(&answer.before))
        @if let Some(chart) = &answer.chart { (figure(&chart.info, &chart.answer, context)) }
        (PreEscaped(&answer.after))
    }
}

/// Renders a placeholder until the content arrives.
pub fn skeleton() -> Markup {
    html! { div.skeleton.lying role="status" aria-label="Loading" { @for _ in 0..8 { i {} } } }
}
