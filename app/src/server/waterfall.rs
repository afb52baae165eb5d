//! The waterfall of a trace. Only the server has this code.

mod spans;

use std::ops::Range;

use lakefront_api::{Cursor, Page, QueryInfo, QueryReply, instant};
use lakefront_chart::{Unit, count};
use maud::{Markup, html};

use self::spans::{Flaw, Span, spans};
use super::{PanelRequest, explore::Columns, find_key};
use crate::{
    page_index::PageIndex,
    render::{
        hidden,
        table::{LONGEST, cut, first_rows},
    },
    view::key,
};

/// The fewest equal calls in turn that are one line.
const LEAST_REPEATS: usize = 4;

/// The most calls that the line of repeated calls draws.
const MOST_REPEATS: usize = 100;

/// Renders the spans of a trace, each below its caller, with the time in which it ran. Above them is what is wrong with the
/// trace, and what is left out. A name links to the whole span. Equal calls in turn are one line, which unfolds. With a text
/// to find, only the spans that have it and their callers are there.
pub fn waterfall(info: &QueryInfo, reply: &QueryReply, request: &PanelRequest, pages: &PageIndex) -> Markup {
    let (spans, whole) = spans(info, reply);
    let trace = Trace {
        info,
        columns: Columns(reply),
        request,
        pages,
        whole,
    };
    let wanted = request.find.trim().to_lowercase();
    let is_found = |span: &Span| !wanted.is_empty() && trace.has(span, &wanted);
    let found: Vec<bool> = spans.iter().map(is_found).collect();
    let lines = if wanted.is_empty() {
        repeats(&spans, |span| trace.is_plain(span).then(|| trace.name(span)))
    } else {
        with_callers(&spans, &found).map(|at| at..at + 1).collect()
    };
    let line = |line: &Range<usize>| match &spans[line.clone()] {
        [span] => html! {
            li.failed[trace.failed(span)].critical[span.is_critical].found[found[line.start]] { (trace.cells(span)) }
        },
        repeated => trace.repeated(repeated),
    };
    let (drawn, more) = first_rows(lines.iter().map(line), lines.len(), request.all);
    let notes = notes(info, &spans, request);
    html! {
        (find(info, request))
        @if !wanted.is_empty() {
            p.note.short role="status" {
                (counted(found.iter().filter(|found| **found).count())) " with this text, of " (counted(spans.len())) ". Callers are shown too."
            }
        }
        @if !notes.is_empty() { ul.flaws { @for note in &notes { li { (note) } } } }
        @if spans.iter().any(|span| !span.is_critical) {
            p.note.short { "A strong bar is on the critical path: had the span been shorter, the trace would have ended earlier." }
        }
        ol.waterfall aria-label=(info.title) { (drawn) }
        (more)
    }
}

/// Renders the form of the text to find.
fn find(info: &QueryInfo, request: &PanelRequest) -> Markup {
    let mut view = request.view();
    view.params = request
        .params
        .iter()
        .filter_map(|(name, value)| {
            let param = info.params.iter().find(|param| param.name == *name)?;
            Some((key(info, param), value.clone()))
        })
        .collect();
    html! {
        form.params method="get" role="search" data-instant {
            label { "find" input type="search" name=(find_key(info)) value=(request.find) maxlength="200" placeholder="name, service or error"; }
            button { "Apply" }
            (hidden(&view))
        }
    }
}

/// A trace that is drawn.
struct Trace<'a> {
    info: &'a QueryInfo,
    columns: Columns<'a>,
    request: &'a PanelRequest,
    pages: &'a PageIndex,
    /// The duration of the trace in microseconds.
    whole: f64,
}

impl Trace<'_> {
    fn text(&self, span: &Span, name: &str) -> &str {
        self.columns.text(&self.columns.0.rows[span.row], name)
    }

    fn failed(&self, span: &Span) -> bool {
        self.text(span, "status") == "Error" || !self.text(span, "error_type").is_empty()
    }

    /// Returns true if a line has nothing to say about the span but its name and its time.
    fn is_plain(&self, span: &Span) -> bool {
        !self.failed(span) && span.flaw.is_none() && span.early.is_none()
    }

    /// Returns what the span is called by: its service and its name.
    fn name(&self, span: &Span) -> Vec<&str> {
        let names = self.info.chart.series.iter();
        names.map(|name| self.text(span, name)).collect()
    }

    /// Returns true if the span's service, name, kind or error has a text, which is in lower case.
    fn has(&self, span: &Span, wanted: &str) -> bool {
        ["service", "name", "kind", "error_type", "error_message"]
            .iter()
            .any(|column| self.text(span, column).to_lowercase().contains(wanted))
    }

    fn bar(&self, span: &Span) -> Markup {
        let percent = |part: f64| format!("{:.2}%", part / self.whole * 100.0);
        html! { i.critical[span.is_critical] style={ "left:" (percent(span.start)) ";width:" (percent(span.length)) } {} }
    }

    /// Renders the cells of a span's line.
    fn cells(&self, span: &Span) -> Markup {
        let names = self.name(span);
        html! {
            span.called style={ "padding-left:" (span.depth.min(12)) "em" } {
                @for (at, name) in names.iter().enumerate() {
                    @if at > 0 { " " }
                    @let shown = cut(name, LONGEST);
                    @match detail(&self.columns, span.row, self.request, self.pages).filter(|_| at + 1 == names.len()) {
                        Some(href) => a href=(href) { b { (shown) } },
                        None => b { (shown) },
                    }
                }
                @if self.failed(span) {
                    " " span.state.error { "failed" } " " (cut(self.text(span, "error_type"), LONGEST))
                    " " (cut(self.text(span, "error_message"), LONGEST))
                }
                @if let Some(flaw) = span.flaw { " " span.state.flaw { (flaw.words().0) } }
                @if let Some(early) = span.early { " " span.state.flaw { (Unit::Millis.full(early / 1e3)) " before its caller" } }
            }
            span.track { (self.bar(span)) }
            span.took { (Unit::Millis.full(span.length / 1e3)) }
        }
    }

    /// Renders equal calls in turn as one line, which unfolds to a line for each.
    fn repeated(&self, spans: &[Span]) -> Markup {
        let total: f64 = spans.iter().map(|span| span.length).sum();
        html! {
            li.repeats {
                details {
                    summary {
                        span.called style={ "padding-left:" (spans[0].depth.min(12)) "em" } {
                            b { (count(spans.len() as f64)) " ×" }
                            @for name in self.name(&spans[0]) { " " b { (cut(name, LONGEST)) } }
                        }
                        span.track { @for span in spans.iter().take(MOST_REPEATS) { (self.bar(span)) } }
                        span.took title="in all" { (Unit::Millis.full(total / 1e3)) }
                    }
                    ol { @for span in spans.iter().take(MOST_REPEATS) { li.critical[span.is_critical] { (self.cells(span)) } } }
                    @if spans.len() > MOST_REPEATS { p.more { (MOST_REPEATS) " of " (counted(spans.len())) "." } }
                }
            }
        }
    }
}

/// Divides the spans into lines. Spans in turn without a caller between them that call nothing and have the same name are one
/// line, if there are enough of them. A span without a name is a line of its own.
fn repeats<N: PartialEq>(spans: &[Span], name: impl Fn(&Span) -> Option<N>) -> Vec<Range<usize>> {
    let is_leaf = |at: usize| spans.get(at + 1).is_none_or(|next| next.depth <= spans[at].depth);
    let mut lines = Vec::new();
    let mut at = 0;
    while at < spans.len() {
        let depth = spans[at].depth;
        let first = name(&spans[at]).filter(|_| depth > 0);
        let equal = (at..spans.len())
            .take_while(|&other| {
                first.is_some()
                    && spans[other].depth == depth
                    && is_leaf(other)
                    && name(&spans[other]) == first
            })
            .count();
        let taken = if equal < LEAST_REPEATS { 1 } else { equal };
        lines.push(at..at + taken);
        at += taken;
    }
    lines
}

/// Returns the positions of the spans that were found, and of those that called them.
fn with_callers<'a>(spans: &'a [Span], found: &'a [bool]) -> impl Iterator<Item = usize> + use<'a> {
    let mut kept = found.to_vec();
    // The depth of the callers that a span below still needs.
    let mut wanted = 0;
    for at in (0..spans.len()).rev() {
        let depth = spans[at].depth;
        if kept[at] || depth < wanted {
            kept[at] = true;
            wanted = depth;
        }
    }
    (0..spans.len()).filter(move |&at| kept[at])
}

/// Returns a number of spans in words.
fn counted(spans: usize) -> String {
    match spans {
        1 => "1 span".to_owned(),
        spans => format!("{} spans", count(spans as f64)),
    }
}

/// Returns the address of the whole span of a row: its attributes, its events and where it leads.
fn detail(columns: &Columns<'_>, row: usize, request: &PanelRequest, pages: &PageIndex) -> Option<String> {
    let cells = &columns.0.rows[row];
    let cursor = Cursor {
        time: instant::time(columns.text(cells, "time"))?,
        row_id: columns.value(cells, "row_id")?.as_i64()?,
    };
    let trace = request.param("trace_id")?;
    let view = request.view().with(vec![("line".into(), cursor.to_string())]);
    Some(pages.search_value(Page::Traces, &view, "trace", trace))
}

/// Returns sentences about the spans that may be in the wrong place, and about those that are left out.
fn notes(info: &QueryInfo, spans: &[Span], request: &PanelRequest) -> Vec<String> {
    let mut notes = Vec::new();
    let limit = info.params.iter().find(|param| param.name == "limit");
    if let Some(limit) = limit {
        let chosen = request.param("limit").and_then(|limit| limit.parse().ok());
        let chosen = chosen.or_else(|| limit.default.as_ref()?.as_u64());
        if chosen.is_some_and(|chosen| spans.len() as u64 >= chosen) {
            let limit = count(limit.max as f64);
            notes.push(format!(
                "The first {} of the trace. It may have more: limit takes up to {limit}.",
                counted(spans.len())
            ));
        }
    }
    for flaw in Flaw::ALL {
        let flawed = spans.iter().filter(|span| span.flaw == Some(flaw)).count();
        if flawed > 0 {
            notes.push(format!("{} {}.", counted(flawed), flaw.words().1));
        }
    }
    let early = spans.iter().filter(|span| span.early.is_some()).count();
    if early > 0 {
        let most = spans.iter().filter_map(|span| span.early).fold(0.0, f64::max);
        let most = Unit::Millis.full(most / 1e3);
        notes.push(format!(
            "{} before the caller, by up to {most}: the clocks of their services differ.",
            counted(early)
        ));
    }
    notes
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::view::View;

    #[test]
    fn what_is_wrong_and_what_is_left_out_is_said() {
        let info: QueryInfo = serde_json::from_value(json!({
            "name": "t", "title": "Spans", "description": "", "bucket": "exact", "order": "", "columns": [],
            "params": [{ "name": "limit", "kind": "integer", "default": 4, "max": 5000, "description": "" }],
            "chart": { "kind": "waterfall", "x": "time", "y": ["duration_ms"], "series": ["name"] }
        }))
        .unwrap();
        let columns = ["time", "duration_ms", "span_id", "parent_span_id", "name"];
        let columns: Vec<_> = columns
            .iter()
            .map(|name| json!({ "name": name, "type": "String" }))
            .collect();
        let drawn = |rows: serde_json::Value| {
            let reply: QueryReply = serde_json::from_value(json!({
                "columns": columns, "rows": rows, "truncated": false, "backend": "chdb", "reason": "no-clickhouse",
                "elapsedMs": 1.0, "backendMs": 1.0, "stats": { "rowsRead": 0, "bytesRead": 0 }
            }))
            .unwrap();
            let pages = PageIndex::new([].as_slice().into(), false);
            let request = PanelRequest::new(&info, &View::default(), "UTC").unwrap();
            waterfall(&info, &reply, &request, &pages).into_string()
        };
        let good = drawn(json!([["2026-03-24T12:00:00Z", 5, "a", "", "GET /"]]));
        assert!(!good.contains("flaw"), "{good}");
        let bad = drawn(json!([
            ["2026-03-24T12:00:00Z", 5, "child", "a", "<early>"],
            ["2026-03-24T12:00:01Z", 5, "a", "gone", "late"],
            ["2026-03-24T12:00:01Z", 5, "x", "x", "own caller"],
            ["2026-03-24T12:00:01Z", 5, "a", "child", "again"]
        ]));
        for note in [
            "<li>The first 4 spans of the trace. It may have more: limit takes up to 5,000.</li>",
            "<li>1 span with a caller that is not among these spans.</li>",
            "<li>1 span called in a circle.</li>",
            "<li>1 span with the id of an earlier one.</li>",
            "<li>1 span before the caller, by up to 1 s: the clocks of their services differ.</li>",
            "<span class=\"state flaw\">1 s before its caller</span>",
        ] {
            assert!(bad.contains(note), "{note}: {bad}");
        }
        assert_eq!(bad.matches("class=\"track\"").count(), 4);
    }

    #[test]
    fn equal_calls_in_turn_are_one_line_and_a_text_is_found_with_its_callers() {
        let info: QueryInfo = serde_json::from_value(json!({
            "name": "t", "title": "Spans", "description": "", "bucket": "exact", "order": "", "columns": [],
            "params": [{ "name": "trace_id", "kind": "text", "max": 64, "description": "" }],
            "chart": { "kind": "waterfall", "x": "time", "y": ["duration_ms"], "series": ["name"] }
        }))
        .unwrap();
        let columns = [
            "time",
            "duration_ms",
            "span_id",
            "parent_span_id",
            "name",
            "status",
        ];
        let columns: Vec<_> = columns
            .iter()
            .map(|name| json!({ "name": name, "type": "String" }))
            .collect();
        let mut rows = vec![json!(["2026-03-24T12:00:00Z", 50, "a", "", "GET /cart", "Ok"])];
        let mut call = |id: String, parent: &str, name: &str, status: &str| {
            let time = format!("2026-03-24T12:00:00.{:06}Z", rows.len());
            rows.push(json!([time, 2, id, parent, name, status]));
        };
        for id in 0..5 {
            call(format!("q{id}"), "a", "SELECT <x>", "Ok");
        }
        call("f".into(), "a", "SELECT <x>", "Error");
        for id in 0..3 {
            call(format!("p{id}"), "a", "PUT", "Ok");
        }
        call("deep".into(), "p2", "Publish", "Ok");
        let reply: QueryReply = serde_json::from_value(json!({
            "columns": columns, "rows": rows, "truncated": false, "backend": "chdb", "reason": "no-clickhouse",
            "elapsedMs": 1.0, "backendMs": 1.0, "stats": { "rowsRead": 0, "bytesRead": 0 }
        }))
        .unwrap();
        let drawn = |find: &str| {
            let pages = PageIndex::new([].as_slice().into(), false);
            let view = View {
                params: vec![("trace_id".into(), "\"t".into())],
                ..View::default()
            };
            let mut request = PanelRequest::new(&info, &view, "UTC").unwrap();
            request.find = find.into();
            waterfall(&info, &reply, &request, &pages).into_string()
        };
        let all = drawn("");
        assert!(all.contains("<b>5 ×</b> <b>SELECT &lt;x&gt;</b>"), "{all}");
        assert!(all.contains(">10 ms<"), "the line has the time of all: {all}");
        assert_eq!(
            all.matches("class=\"repeats\"").count(),
            1,
            "neither a failed call nor three are folded: {all}"
        );
        assert!(all.contains("name=\"trace_id\" value=\"&quot;t\""), "{all}");
        let found = drawn("PUBLISH");
        assert!(found.contains("1 span with this text, of 11 spans"), "{found}");
        assert_eq!(
            found.matches("class=\"track\"").count(),
            3,
            "the span, and those that called it: {found}"
        );
        assert_eq!(found.matches("found").count(), 1, "{found}");
        assert!(drawn("<nothing>").contains("0 spans with this text"));
    }
}
