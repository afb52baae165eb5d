use lakefront_api::{QueryInfo, QueryReply, Zone};
use lakefront_chart::{Frame, HeatFrame, Key, count, draw};
use maud::{Markup, PreEscaped, html};

use super::table::table;
use crate::scene::Scene;

/// A chart is drawn for its panel, which takes half or all of the page's width, and for a phone; the style sheet shows the
/// one that fits.
const WHOLE: u32 = 960;
const HALF: u32 = 640;
const NARROW: u32 = 350;

/// A reply as its query's chart says, with the data as a table beside it.
pub fn figure(info: &QueryInfo, reply: &QueryReply, zone: &Zone, scene: &Scene<'_>) -> Markup {
    let Some(mut frame) = Frame::new(info, reply, zone) else {
        return table(info, reply, zone, scene);
    };
    let legend = match &frame {
        Frame::Time(time) => legend(&time.keys(), time.hidden, scene.off),
        Frame::Heat(heat) => shades(heat),
        Frame::Ranking(_) => PreEscaped(String::new()),
    };
    let places = &info.panels;
    let is_wide = places.iter().any(|place| place.page == scene.page && place.wide);
    let width = if is_wide { WHOLE } else { HALF };
    let summary = frame.summary(&info.title);
    let timed = frame.span().is_some();
    frame.hide(scene.off);
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
        (folded_table(info, reply, zone, scene))
    }
}

/// The data behind a drawing.
pub fn folded_table(info: &QueryInfo, reply: &QueryReply, zone: &Zone, scene: &Scene<'_>) -> Markup {
    html! {
        details.data open[scene.is_open("table")] {
            summary data-key="table" { "Table of " (count(reply.rows.len() as f64)) " rows" }
            (table(info, reply, zone, scene))
        }
    }
}

/// Names of series; pressing one takes it out of the drawing or back in.
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

/// From few to many.
fn shades(heat: &HeatFrame) -> Markup {
    html! {
        p.shades {
            "1 "
            @for shade in 1..=8 { i class={ "h" (shade) } {} }
            " " (count(heat.most())) " " (heat.counted) " in a cell"
        }
    }
}
