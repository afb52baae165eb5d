//! The table of a reply's rows.

use std::borrow::Cow;

use jiff::Timestamp;
use lakefront_api::{Column, QueryInfo, QueryReply, Zone, instant};
use lakefront_chart::{spark, words};
use maud::{Markup, PreEscaped, html};
use serde_json::Value;

use crate::{cell_format::CellFormat, elapsed::ago, page_index::LinkTarget, render_context::RenderContext};

/// The most rows that are shown. Nobody reads more, and each row makes the page larger.
const SHOWN: usize = 300;

/// The most bytes of HTML that the rows of a table take until the viewer asks for all of them.
const FIRST_BYTES: usize = 14_000;

/// The most characters of a cell, of its title, and of text of many lines. The files to download have all of it.
pub const LONGEST: usize = 240;
const LONGEST_TITLE: usize = 1_000;
pub const LONGEST_LINES: usize = 4_000;

/// The key of the unfolded data of a drawing.
pub const OPEN: &str = "table";

/// The key of a table that shows all of its rows.
const ALL: &str = "rows";

/// Returns the name in the URL of a table's order: a column's name, with a minus for descending.
pub fn sort_key(info: &QueryInfo) -> String {
    format!("{}.sort", info.name)
}

/// Renders the rows of a reply.
pub fn table(info: &QueryInfo, reply: &QueryReply, zone: &Zone, context: &RenderContext<'_>) -> Markup {
    let formats = formats(info, reply);
    let targets: Vec<_> = reply
        .columns
        .iter()
        .map(|column| context.link_target(&column.name))
        .collect();
    let titled = Titled::of(reply);
    let shown = |at: &usize| {
        formats[*at] != CellFormat::Hidden
            && titled.is_none_or(|titled| titled.group == *at || !titled.has(*at))
    };
    let columns: Vec<usize> = (0..formats.len()).filter(shown).collect();
    let sort = context.view.param(&sort_key(info));
    let now = reply.answered_at();
    let rows = sorted(reply, sort);
    let line = |row: &&Vec<Value>| {
        html! {
            tr {
                @for &at in &columns {
                    @match titled {
                        Some(titled) if titled.group == at => (titled.cell(row, targets[at].as_ref())),
                        _ => @if let Some(value) = row.get(at) {
                            (cell(formats[at], value, zone, targets[at].as_ref(), now))
                        }
                    }
                }
            }
        }
    };
    let (body, more) = first_rows(rows.iter().map(line), rows.len(), shows_all(context));
    html! {
        div.table role="region" tabindex="0" aria-label={ (info.title) ": table" } {
            table {
                thead {
                    tr {
                        @for &at in &columns {
                            @match titled {
                                Some(titled) if titled.group == at => {
                                    (head(info, &reply.columns[titled.kind].name, "error", CellFormat::Text, sort, context))
                                }
                                _ => {
                                    @let name = &reply.columns[at].name;
                                    (head(info, name, &words(name), formats[at], sort, context))
                                }
                            }
                        }
                    }
                }
                // Values are names for programs and must not be translated. Sentences may be.
                tbody translate="no" { (body) }
            }
        }
        (more)
    }
}

/// Returns the format of each column of a reply.
pub fn formats(info: &QueryInfo, reply: &QueryReply) -> Vec<CellFormat> {
    let format = |column: &Column| {
        let known = info.columns.iter().find(|known| known.name == column.name);
        let unit = known.map_or("", |known| &known.unit);
        CellFormat::of(&column.name, &column.data_type, unit)
    };
    reply.columns.iter().map(format).collect()
}

/// Returns true once the viewer asked for all rows or unfolded the data of a drawing, and on pages without the app.
pub fn shows_all(context: &RenderContext<'_>) -> bool {
    is_all(context.open) || context.pages.is_plain()
}

/// Returns true if the keys of unfolded parts say that all rows are shown.
pub fn is_all(open: &[String]) -> bool {
    open.iter().any(|part| part == ALL || part == OPEN)
}

/// Joins rendered rows, of which a page has the first unless it shows all.
/// Returns the rows and a line with their number, which is empty if all are there.
pub fn first_rows(rows: impl Iterator<Item = Markup>, total: usize, all: bool) -> (Markup, Markup) {
    let (mut body, mut drawn) = (String::new(), 0);
    for row in rows.take(SHOWN) {
        if !all && drawn > 0 && body.len() + row.0.len() > FIRST_BYTES {
            break;
        }
        body += &row.0;
        drawn += 1;
    }
    let more = html! {
        @if drawn < total {
            p.more {
                (drawn) " of " (total) " rows. "
                @if !all {
                    button type="button" data-fold=(ALL) { "Show " (total.min(SHOWN)) }
                }
            }
        }
    };
    (PreEscaped(body), more)
}

/// Returns the rows in the order that `sort` names. Rows without a value come last. An unknown name changes nothing.
fn sorted<'a>(reply: &'a QueryReply, sort: &str) -> Vec<&'a Vec<Value>> {
    let mut rows: Vec<_> = reply.rows.iter().collect();
    let (name, descending) = sort.strip_prefix('-').map_or((sort, false), |name| (name, true));
    let Some(at) = reply.columns.iter().position(|column| column.name == name) else {
        return rows;
    };
    rows.sort_by(|left, right| {
        let (left, right) = (left.get(at), right.get(at));
        let (left, right) = (left.unwrap_or(&Value::Null), right.unwrap_or(&Value::Null));
        let missing = left.is_null().cmp(&right.is_null());
        let order = match (left.as_f64(), right.as_f64()) {
            (Some(left), Some(right)) => left.total_cmp(&right),
            _ => left.as_str().cmp(&right.as_str()),
        };
        missing.then(if descending { order.reverse() } else { order })
    });
    rows
}

/// The columns of a group of errors that one cell shows: its type and message, with a link to its page. The group itself
/// is a hash, which tells a reader nothing.
#[derive(Clone, Copy)]
pub struct Titled {
    group: usize,
    kind: usize,
    text: usize,
}

impl Titled {
    /// Returns the columns of a reply that has all of them.
    pub fn of(reply: &QueryReply) -> Option<Self> {
        let at = |name: &str| reply.columns.iter().position(|column| column.name == name);
        Some(Self {
            group: at("error_group")?,
            kind: at("error_type")?,
            text: at("last_message")?,
        })
    }

    /// Returns true if the cell shows this column.
    pub fn has(self, column: usize) -> bool {
        [self.group, self.kind, self.text].contains(&column)
    }

    /// Returns the type and the message of a row, and the title of a message that was cut.
    pub fn texts(self, row: &[Value]) -> (Cow<'_, str>, Cow<'_, str>, Option<Cow<'_, str>>) {
        let text = |at: usize| row.get(at).and_then(Value::as_str).unwrap_or_default();
        let (kind, message) = (cut(text(self.kind), LONGEST), text(self.text));
        let shown = cut(message, LONGEST);
        let title = (shown != message).then(|| cut(message, LONGEST_TITLE));
        (kind, shown, title)
    }

    fn cell(self, row: &[Value], target: Option<&LinkTarget>) -> Markup {
        let group = row.get(self.group).and_then(Value::as_str).unwrap_or_default();
        let (kind, message, title) = self.texts(row);
        html! {
            td.titled data-group=(group) title=[title] {
                @match target.and_then(|target| target.href(group)) {
                    Some(href) => a href=(href) data-noscroll[href.starts_with('?')] { (kind) },
                    None => b { (kind) },
                }
                @if !message.is_empty() { " " span { (message) } }
            }
        }
    }
}

/// Renders the head of a column: a link that sorts by it, the other way round if the table is sorted by it already.
fn head(
    info: &QueryInfo,
    name: &str,
    shown: &str,
    format: CellFormat,
    sort: &str,
    context: &RenderContext<'_>,
) -> Markup {
    let order = match sort.strip_prefix('-') {
        Some(sorted) if sorted == name => "descending",
        None if sort == name => "ascending",
        _ => "none",
    };
    let numbers_first = matches!(format, CellFormat::Number(_) | CellFormat::Time | CellFormat::Age);
    let next = match order {
        "descending" => name.to_owned(),
        "none" if !numbers_first => name.to_owned(),
        _ => format!("-{name}"),
    };
    let sortable = !matches!(format, CellFormat::Trend | CellFormat::Lines);
    html! {
        th.(format.class()) scope="col" aria-sort=[(order != "none").then_some(order)] {
            @if sortable {
                a href=(context.view.with(vec![(sort_key(info), next.clone())]).href()) data-field=(sort_key(info)) data-value=(next) data-noscroll { (shown) }
            } @else {
                (shown)
            }
        }
    }
}

/// Renders a value as a cell.
fn cell(
    format: CellFormat,
    value: &Value,
    zone: &Zone,
    target: Option<&LinkTarget>,
    now: Option<Timestamp>,
) -> Markup {
    let (title, content) = content(format, value, zone, target, now);
    html! {
        td.(format.class()) title=[title] translate=[(format == CellFormat::Prose).then_some("yes")] { (content) }
    }
}

/// Renders a value, with a link if its column links somewhere. An age is that at the time `now`. Returns the title, which
/// has what there is no room for, and the content.
pub fn content(
    format: CellFormat,
    value: &Value,
    zone: &Zone,
    target: Option<&LinkTarget>,
    now: Option<Timestamp>,
) -> (Option<String>, Markup) {
    let whole = format.show(value, zone);
    let age = now.filter(|_| format == CellFormat::Age);
    let age = age.and_then(|now| Some(ago(value.as_str().and_then(instant::time)?, now)));
    let longest = if format == CellFormat::Lines {
        LONGEST_LINES
    } else {
        LONGEST
    };
    let shown = age.map_or_else(|| cut(&whole, longest), Cow::from);
    // The style sheet shortens identifiers.
    let is_short = format == CellFormat::Id || (shown != whole && format != CellFormat::Lines);
    let title = is_short.then(|| cut(&whole, LONGEST_TITLE).into_owned());
    let link = target.and_then(|target| target.href(value.as_str()?));
    let content = html! {
        @match format {
            CellFormat::Trend => (trend(value)),
            CellFormat::Mark => span.state.(shown.to_ascii_lowercase()) { (shown) },
            CellFormat::Lines if shown != "–" => details { summary { "Show" } pre tabindex="0" { (shown) } },
            _ => @match link {
                Some(href) => a href=(href) data-noscroll[href.starts_with('?')] { (shown) },
                None => (shown),
            }
        }
    };
    (title, content)
}

/// Returns a text with at most `longest` characters, the last an ellipsis if it was cut.
pub fn cut(text: &str, longest: usize) -> Cow<'_, str> {
    match text.char_indices().nth(longest) {
        None => text.into(),
        Some(_) => text
            .chars()
            .take(longest - 1)
            .chain(['…'])
            .collect::<String>()
            .into(),
    }
}

fn trend(value: &Value) -> Markup {
    let values: Vec<f64> = value
        .as_array()
        .map(|values| values.iter().filter_map(Value::as_f64).collect())
        .unwrap_or_default();
    PreEscaped(spark(&values))
}

#[cfg(test)]
mod tests {
    use lakefront_api::Page;

    use super::*;
    use crate::{page_index::PageIndex, view::View};

    #[test]
    fn cells_cannot_break_out_of_the_table() {
        let info: QueryInfo = serde_json::from_value(serde_json::json!({
            "name": "q", "title": "Q", "description": "", "bucket": "hour", "params": [], "order": "",
            "columns": [], "chart": { "kind": "table" }
        }))
        .unwrap();
        let evil = "\" onclick=\"alert(1)";
        let reply: QueryReply = serde_json::from_value(serde_json::json!({
            "columns": [
                { "name": "last_message", "type": "String" }, { "name": "trace_id", "type": "String" },
                { "name": "state", "type": "String" }, { "name": "trend", "type": "Array(UInt64)" },
                { "name": "row_id", "type": "Int64" }
            ],
            "rows": [["<script>alert(1)</script>&amp;", evil, evil, [1, evil, null], 1]], "truncated": true,
            "backend": "chdb", "reason": "no-clickhouse", "asOf": null, "lagSeconds": null,
            "elapsedMs": 1.0, "backendMs": 1.0, "stats": { "rowsRead": 0, "bytesRead": 0 }
        }))
        .unwrap();
        let context = RenderContext {
            pages: &PageIndex::new([].as_slice().into(), false),
            page: Page::Errors,
            view: &View::default(),
            open: &[],
        };
        let html = table(&info, &reply, &Zone::utc(), &context).into_string();
        assert!(
            html.contains("&lt;script&gt;alert(1)&lt;/script&gt;&amp;amp;"),
            "{html}"
        );
        assert!(html.contains("title=\"&quot; onclick=&quot;alert(1)\""), "{html}");
        assert!(!html.contains("\" onclick"), "{html}");
        assert!(!html.contains("row id"), "{html}");
    }

    #[test]
    fn a_long_table_shows_its_first_rows_and_sorts_by_a_column() {
        let info: QueryInfo = serde_json::from_value(serde_json::json!({
            "name": "q", "title": "Q", "description": "", "bucket": "hour", "params": [], "order": "",
            "columns": [], "chart": { "kind": "table" }
        }))
        .unwrap();
        let long = "x".repeat(5_000);
        let mut rows: Vec<_> = (0..200).map(|at| serde_json::json!([long, at])).collect();
        rows.push(serde_json::json!(["none", null]));
        let reply: QueryReply = serde_json::from_value(serde_json::json!({
            "columns": [{ "name": "page", "type": "String" }, { "name": "views", "type": "UInt64" }],
            "rows": rows, "truncated": false,
            "backend": "chdb", "reason": "no-clickhouse", "asOf": null, "lagSeconds": null,
            "elapsedMs": 1.0, "backendMs": 1.0, "stats": { "rowsRead": 0, "bytesRead": 0 }
        }))
        .unwrap();
        let pages = PageIndex::new([].as_slice().into(), false);
        let draw = |open: &[String], sort: &str| {
            let view = View {
                params: vec![("q.sort".into(), sort.into())],
                ..View::default()
            };
            let context = RenderContext {
                pages: &pages,
                page: Page::Web,
                view: &view,
                open,
            };
            table(&info, &reply, &Zone::utc(), &context).into_string()
        };
        let first = draw(&[], "");
        assert!(first.len() < FIRST_BYTES + 2_000, "{}", first.len());
        assert!(first.contains(" of 201 rows"), "{first}");
        let all = draw(&["rows".into()], "-views");
        assert_eq!(all.matches("<tr>").count(), 202);
        let numbers: Vec<_> = all
            .split("<td class=\"number\">")
            .skip(1)
            .map(|rest| rest.split('<').next().unwrap())
            .collect();
        assert_eq!((numbers[0], numbers[199], numbers[200]), ("199", "0", "–"));
        assert!(all.contains("aria-sort=\"descending\""), "{all}");
        assert!(draw(&[], "views").contains(">0</td>"));
        assert_eq!(draw(&[], "nothing"), first);
    }
}
