use lakefront_api::{QueryInfo, QueryReply, Zone};
use lakefront_chart::{Frame, Key, count, draw};
use maud::{Markup, PreEscaped, html};

use super::table::table;

/// A chart is drawn for a wide and for a narrow panel; the style sheet shows the one that fits.
const WIDE: u32 = 640;
const NARROW: u32 = 350;

/// A reply as its query's chart says, with the data as a table beside it.
pub fn figure(info: &QueryInfo, reply: &QueryReply, zone: &Zone) -> Markup {
    let Some(frame) = Frame::new(info, reply, zone) else {
        return table(info, reply, zone);
    };
    let (keys, hidden) = match &frame {
        Frame::Time(time) => (time.keys(), time.hidden),
        Frame::Ranking(_) => (Vec::new(), 0),
    };
    html! {
        div.chart role="img" aria-label=(frame.summary(&info.title)) {
            div.wide { (PreEscaped(draw(&frame, zone, WIDE))) }
            div.narrow { (PreEscaped(draw(&frame, zone, NARROW))) }
        }
        (legend(&keys, hidden))
        details.data {
            summary { "Table of " (count(reply.rows.len() as f64)) " rows" }
            (table(info, reply, zone))
        }
    }
}

fn legend(keys: &[Key], hidden: usize) -> Markup {
    html! {
        @if !keys.is_empty() {
            ul.legend aria-label="Legend" {
                @for key in keys { li { i class=(key.classes) {} (key.name) } }
                @if hidden > 0 { li.more { (hidden) " more in the table" } }
            }
        }
    }
}
