//! The facts about one value: the single row of a query on the page about that value.

use lakefront_api::{QueryInfo, QueryReply, Zone};
use lakefront_chart::words;
use maud::{Markup, html};

use super::table::{LONGEST, Titled, content, cut, formats};
use crate::{cell_format::CellFormat, render_context::RenderContext};

/// Renders the single row of a reply as a strip of names and values, if the row is about the value of the page.
pub fn facts(
    info: &QueryInfo,
    reply: &QueryReply,
    zone: &Zone,
    context: &RenderContext<'_>,
) -> Option<Markup> {
    let [row] = reply.rows.as_slice() else { return None };
    let columns = || {
        reply
            .columns
            .iter()
            .zip(row)
            .zip(formats(info, reply))
            .enumerate()
    };
    columns().find(|(_, ((column, value), _))| {
        context.pages.page_about(&column.name) == Some(context.page)
            && value.as_str() == Some(context.view.param(&column.name))
    })?;
    let titled = Titled::of(reply);
    let now = reply.answered_at();
    let shown = columns().filter(|(at, (_, format))| {
        *format != CellFormat::Hidden && titled.is_none_or(|titled| !titled.has(*at))
    });
    Some(html! {
        @if let Some(titled) = titled {
            @let (kind, message) = titled.texts(row);
            p.fact-title translate="no" { b { (cut(kind, LONGEST)) } @if !message.is_empty() { " – " (message) } }
        }
        dl.facts translate="no" {
            @for (_, ((column, value), format)) in shown {
                @let target = context.link_target(&column.name);
                @let (title, content) = content(format, value, zone, target.as_ref(), now);
                div { dt { (words(&column.name)) } dd title=[title] { (content) } }
            }
        }
    })
}
