//! Charts with their legend and the table of their data.

use lakefront_api::{QueryInfo, QueryReply, Zone};
use lakefront_chart::{Frame, HeatFrame, RankingFrame, TimeFrame, count, draw};
use maud::{Markup, PreEscaped, html};

use super::{
    panel::on_demand,
    table::{OPEN, table},
};
use crate::{page_index::LinkTarget, render_context::RenderContext, server::PanelAnswer, view::View};

/// Returns the chart of an answer: its values, those of the period before, and the moments that it marks.
pub fn frame(info: &QueryInfo, answer: &PanelAnswer) -> Option<Frame> {
    let mut frame = Frame::new(info, &answer.reply, &answer.zone)?;
    if let Some(before) = &answer.before {
        frame.compare(info, &before.reply, &before.zone);
    }
    frame.mark(&answer.moments);
    Some(frame)
}

/// Renders an answer as the chart that its query declares, with the data as a folded table.
pub fn figure(info: &QueryInfo, answer: &PanelAnswer, context: &RenderContext<'_>) -> Markup {
    let (reply, zone) = (&answer.reply, &answer.zone);
    let Some(mut frame) = frame(info, answer) else {
        return table(info, reply, zone, context);
    };
    let legend = match &frame {
        Frame::Time(time) => legend(info, time, context),
        Frame::Heat(heat) => shades(heat),
        Frame::Ranking(_) => PreEscaped(String::new()),
    };
    let summary = frame.summary(&info.title);
    let timed = frame.span().is_some();
    // A ranking has links, which an image hides.
    let role = if timed { "img" } else { "group" };
    let off = hidden_series(info, context.view);
    frame.hide(&off);
    html! {
        div.chart translate="no" role=(role) aria-label=(summary) data-timed[timed] tabindex=[timed.then_some("0")] {
            (drawing(&frame, context.link_target(&info.chart.x).as_ref(), zone))
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

/// Renders the marks of a chart. With a target, the names of a ranking are links.
pub fn drawing(frame: &Frame, target: Option<&LinkTarget>, zone: &Zone) -> Markup {
    html! {
        @if let Frame::Ranking(rows) = frame { (ranking(rows, target)) }
        (PreEscaped(draw(frame, zone)))
    }
}

/// Renders the bars of a ranking, with the values beside them. A name links to where the values of its column do.
fn ranking(frame: &RankingFrame, target: Option<&LinkTarget>) -> Markup {
    html! {
        div.ranking style={ "--values:" (frame.measures.len()) } {
            small { (frame.heading) }
            @for measure in &frame.measures { small { (measure.name) } }
            @for row in &frame.rows {
                b title=(row.label) { i style={ "width:" (format!("{:.1}", frame.share(row) * 100.0)) "%" } {}
                    @match target.and_then(|target| target.href(&row.value)) {
                        Some(href) => a href=(href) data-noscroll { (row.label) },
                        None => (row.label),
                    }
                }
                @for (value, measure) in row.values.iter().zip(&frame.measures) {
                    span { (value.map_or_else(|| "–".into(), |value| measure.unit.full(value))) }
                }
            }
        }
    }
}

/// Renders the data of a drawing as a folded table. A page that the app runs on gets the rows when they are unfolded.
pub fn folded_table(
    info: &QueryInfo,
    reply: &QueryReply,
    zone: &Zone,
    context: &RenderContext<'_>,
) -> Markup {
    html! {
        details.data open[context.is_open(OPEN)] {
            summary data-fold=(OPEN) { "Table of " (count(reply.rows.len() as f64)) @if reply.rows.len() == 1 { " row" } @else { " rows" } }
            @if context.is_open(OPEN) || context.pages.is_plain() { (table(info, reply, zone, context)) } @else { (on_demand(context)) }
        }
    }
}

/// The most series that the URL switches off.
const MOST_OFF: usize = 64;

/// Returns the name in the URL of the series that are switched off, one in each line.
pub fn off_key(info: &QueryInfo) -> String {
    format!("{}.off", info.name)
}

/// Returns the names of the series that the URL switches off.
pub fn hidden_series(info: &QueryInfo, view: &View) -> Vec<String> {
    let names = view.param(&off_key(info)).lines();
    names.take(MOST_OFF).map(str::to_owned).collect()
}

/// Renders the names of the series, and what else is drawn. Pressing a name switches its series off or on; with Shift, all
/// others off, or all on if it is alone already.
fn legend(info: &QueryInfo, frame: &TimeFrame, context: &RenderContext<'_>) -> Markup {
    let (keys, hidden) = (frame.keys(), frame.hidden);
    let (field, off) = (off_key(info), hidden_series(info, context.view));
    let toggled = |name: &str| {
        let others = off.iter().map(String::as_str).filter(|other| *other != name);
        let added = (!off.iter().any(|other| other == name)).then_some(name);
        others.chain(added).collect::<Vec<_>>().join("\n")
    };
    let alone = |name: &str| {
        let others: Vec<&str> = keys
            .iter()
            .map(|key| key.name.as_str())
            .filter(|other| *other != name)
            .collect();
        let is_alone = others
            .iter()
            .all(|other| off.iter().any(|hidden| hidden == other));
        if is_alone {
            String::new()
        } else {
            others.join("\n")
        }
    };
    html! {
        @if !keys.is_empty() || context.view.compare {
            ul.legend translate="no" aria-label="Legend" {
                @for key in &keys {
                    @let on = !off.contains(&key.name);
                    @let name = html! { i class=(key.classes) {} (key.name) };
                    li {
                        @if context.pages.is_plain() {
                            a.off[!on] href=(context.view.with(vec![(field.clone(), toggled(&key.name))]).href()) { (name) }
                        } @else {
                            button type="button" title="With Shift: this one alone" data-field=(field) data-value=(toggled(&key.name))
                                data-alone=(alone(&key.name)) data-series=(key.name) aria-pressed=(if on { "true" } else { "false" }) { (name) }
                        }
                    }
                }
                @match (&frame.before, context.view.compare) {
                    (Some(_), _) => li.more { i.other.dashed {} "the period before" },
                    (None, true) => li.more { "the period before has nothing to compare with" },
                    (None, false) => {}
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
