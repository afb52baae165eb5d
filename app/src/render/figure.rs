//! Charts with their legend and the table of their data.

use lakefront_api::{QueryInfo, QueryReply, Zone};
use lakefront_chart::{Frame, HeatFrame, Key, count, draw};
use maud::{Markup, PreEscaped, html};

use super::table::table;
use crate::render_context::RenderContext;

/// The widths of a drawing, in pixels. Each chart is drawn twice: for its panel, which takes the whole or half of the
/// page's width, and for a phone. The style sheet shows the one that fits.
const WHOLE: u32 = 960;
const HALF: u32 = 640;
const NARROW: u32 = 350;

/// Renders a reply as the chart that its query declares, with the data as a folded table.
pub fn figure(info: &QueryInfo, reply: &QueryReply, zone: &Zone, context: &RenderContext<'_>) -> Markup {
    let Some(mut frame) = Frame::new(info, reply, zone) else {
        return table(info, reply, zone, context);
    };
    let legend = match &frame {
        Frame::Time(time) => legend(&time.keys(), time.hidden, context.off),
        Frame::Heat(heat) => shades(heat),
        Frame::Ranking(_) => PreEscaped(String::new()),
    };
    let places = &info.panels;
    let is_wide = places
        .iter()
        .any(|place| place.page == context.page && place.wide);
    let width = if is_wide { WHOLE } else { HALF };
    let summary = frame.summary(&info.title);
    let timed = frame.span().is_some();
    frame.hide(context.off);
    html! {
        div.chart translate="no" role="img" aria-label=(summary) data-timed[timed] data-key=[timed.then_some("chart")] tabindex=[timed.then_some("0")] {
            div.wide { (PreEscaped(draw(&frame, zone, width))) }
            div.narrow { (PreEscaped(draw(&frame, zone, NARROW))) }
            @if timed {
                div.band hidden {}
                div.hair hidden {}
                div.tip hidden {}
            }
        }
        (legend)
        (folded_table(info, reply, zone, context))
    }
}

/// Renders the data of a drawing as a folded table.
pub fn folded_table(
    info: &QueryInfo,
    reply: &QueryReply,
    zone: &Zone,
    context: &RenderContext<'_>,
) -> Markup {
    html! {
        details.data open[context.is_open("table")] {
            summary data-key="table" { "Table of " (count(reply.rows.len() as f64)) " rows" }
            (table(info, reply, zone, context))
        }
    }
}

/// Renders the names of the series. Pressing a name switches its series off or on.
fn legend(keys: &[Key], hidden: usize, off: &[String]) -> Markup {
    html! {
        @if !keys.is_empty() {
            ul.legend translate="no" aria-label="Legend" {
                @for key in keys {
                    @let on = !off.contains(&key.name);
                    li {
                        button type="button" data-series=(key.name) data-key={ "series " (key.name) } aria-pressed=(if on { "true" } else { "false" }) {
                            i class=(key.classes) {}
                            (key.name)
                        }
                    }
                }
                @if hidden > 0 { li.more { (hidden) " more in the table" } }
            }
        }
    }
}

/// Renders the shades of a heat map, from few to many.
fn shades(heat: &HeatFrame) -> Markup {
    html! {
        p.shades {
            "1 "
            @for shade in 1..=8 { i class={ "h" (shade) } {} }
            " " (count(heat.most())) " " (heat.counted) " in a cell"
        }
    }
}
