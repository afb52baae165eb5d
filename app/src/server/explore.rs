//! Renders the parts of the pages that search logs and traces. Only the server has this code.

mod durations;
mod fields;
mod histogram;
mod live;
mod patterns;
mod row;
mod rows;

use jiff::Timestamp;
use lakefront_api::{
    BackendChoice, Cursor, Page, Problem, QueryReply, Range, SearchRequest, Signal, TimeRange, Wanted, Zone,
    instant,
};
use lakefront_chart::clock;
use lakefront_search::{Named, Search};
use leptos_router::location::RequestUrl;
use maud::{Markup, html};
use serde_json::Value;

use super::{ExplorePart, ExploreRequest, Shown};
use crate::{
    QueryService,
    elapsed::now,
    failure::Failure,
    page_index::{PageIndex, SEARCHED},
    range::{offsets, past, time_range},
    render,
    view::View,
};

/// The number of rows on a page.
const PAGE: u32 = 50;

/// Renders one part of a page.
///
/// # Errors
/// [`Failure::Problem`] with the host's problem. A fault in the text of the search is no failure: the list shows it.
pub async fn html(request: &ExploreRequest, host: &QueryService) -> Result<Markup, Failure> {
    let explorer = Explorer::new(request, host)?;
    let found = match request.part {
        ExplorePart::Histogram => histogram::html(&explorer, host).await,
        ExplorePart::Rows => match Shown::of(&explorer.view, request.signal) {
            Shown::Rows => rows::html(&explorer, host).await,
            Shown::Durations => durations::html(&explorer, host).await,
            Shown::Patterns => patterns::html(&explorer, host).await,
            Shown::Fields => fields::html(&explorer, host).await,
        },
        ExplorePart::Row => row::html(&explorer, host).await,
    };
    match (found, request.part) {
        (Err(Failure::Problem(problem)), ExplorePart::Rows) if problem.position.is_some() => {
            Ok(fault(explorer.view.param("q"), &problem))
        }
        (Err(Failure::Problem(problem)), _) if problem.position.is_some() => Ok(html! {}),
        (found, _) => found,
    }
}

/// The state of a page that searches, and its links.
struct Explorer {
    signal: Signal,
    /// The state from the page's address.
    view: View,
    /// The instant in the lake's past that is shown.
    at: Option<String>,
    /// The IANA zone in which times are shown.
    tz: String,
    pages: PageIndex,
}

impl Explorer {
    fn new(request: &ExploreRequest, host: &QueryService) -> Result<Self, Failure> {
        let view = view_of(&request.query);
        Ok(Self {
            signal: request.signal,
            at: past(view.at.as_deref(), &request.tz)?,
            view,
            tz: request.tz.clone(),
            pages: PageIndex::new(host.catalogue().into(), request.plain),
        })
    }

    /// Returns the request of a search: the text of the page, with its filters.
    fn request(&self, wanted: Wanted, time_range: TimeRange, before: Option<Cursor>) -> SearchRequest {
        SearchRequest {
            signal: self.signal,
            query: self.text(),
            time_range,
            limit: PAGE,
            before,
            wanted,
            backend: BackendChoice::Auto,
            max_lag_seconds: None,
            at: self.at.clone(),
            explain: false,
        }
    }

    /// Returns the text of the search with the page's filters. A text with a fault stays as it is, so that the fault is
    /// where the viewer sees it.
    fn text(&self) -> String {
        let mut text = self.view.param("q").to_owned();
        if Search::parse(self.signal, &text).is_ok() {
            for (filter, column) in SEARCHED {
                let value = self.view.param(filter);
                if !value.is_empty() {
                    text = Search::narrowed(self.signal, &text, Named::Column(column), value, false);
                }
            }
        }
        text
    }

    /// Returns the range of the page.
    fn time_range(&self) -> Result<TimeRange, Failure> {
        Ok(time_range(
            &self.view.range,
            self.view.at.as_deref(),
            &self.tz,
            now(),
        )?)
    }

    /// Returns the offsets of the page's zone in a range.
    fn zone(&self, range: Range) -> Result<Zone, Failure> {
        Ok(offsets(&self.tz, range)?)
    }

    /// Returns the link to this page with another text, from its first row.
    fn search_for(&self, text: &str) -> String {
        self.with(&[("q", text), ("show", ""), ("before", ""), ("line", "")])
    }

    /// Returns the link to this page with a field that has a value, or with `exclude` has another.
    fn narrowed(&self, field: Named<'_>, value: &str, exclude: bool) -> String {
        let text = Search::narrowed(self.signal, self.view.param("q"), field, value, exclude);
        self.search_for(&text)
    }

    /// Returns the link to this page with other parameters.
    fn with(&self, params: &[(&str, &str)]) -> String {
        let owned = params
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        self.view.with(owned.collect()).href()
    }

    /// Returns the link to the waterfall of a trace.
    fn trace(&self, trace_id: &str) -> String {
        let view = self.view.with(vec![("trace_id".into(), trace_id.to_owned())]);
        self.pages.href(Page::Trace, &view)
    }

    /// Returns the word for the signal's rows.
    const fn noun(&self) -> &'static str {
        match self.signal {
            Signal::Logs => "lines",
            Signal::Traces => "spans",
        }
    }
}

/// Returns the state in a query string.
pub(super) fn view_of(query: &str) -> View {
    let address = RequestUrl::new(&format!("/{query}"));
    let url = address.parse();
    url.map(|url| View::from_query(url.search_params()))
        .unwrap_or_default()
}

/// The columns of a reply by name.
pub(super) struct Columns<'a>(pub(super) &'a QueryReply);

impl Columns<'_> {
    pub(super) fn value<'b>(&self, row: &'b [Value], name: &str) -> Option<&'b Value> {
        row.get(self.0.columns.iter().position(|column| column.name == name)?)
    }

    pub(super) fn text<'b>(&self, row: &'b [Value], name: &str) -> &'b str {
        self.value(row, name).and_then(Value::as_str).unwrap_or_default()
    }

    pub(super) fn number(&self, row: &[Value], name: &str) -> Option<f64> {
        self.value(row, name).and_then(Value::as_f64)
    }

    pub(super) fn time(&self, row: &[Value], name: &str) -> Option<Timestamp> {
        instant::time(self.text(row, name))
    }
}

/// Returns a time of the zone without its year, with milliseconds: `03-24 12:00:01.123`.
fn short_time(time: Timestamp, zone: &Zone) -> String {
    let clock = clock(time, zone);
    let short = clock.split_once('-').map_or(clock.as_str(), |(_, rest)| rest);
    format!("{short}.{:03}", time.subsec_millisecond())
}

/// Renders the fault of a search's text: the sentence, and the text with a mark at the character.
fn fault(text: &str, problem: &Problem) -> Markup {
    let sentence = problem.detail.strip_prefix("query: ").unwrap_or(&problem.detail);
    html! {
        div.note.failure role="alert" {
            strong { "this search cannot be read" }
            p { (sentence) }
            (marked_text(text, problem.position.unwrap_or_default()))
        }
    }
}

/// Renders a text with a mark at a character.
pub(super) fn marked_text(text: &str, position: usize) -> Markup {
    let before: String = text.chars().take(position).collect();
    let marked: String = text.chars().skip(position).take(1).collect();
    let after: String = text.chars().skip(position + 1).collect();
    html! { p.fault translate="no" { (before) mark { @if marked.is_empty() { " " } @else { (marked) } } (after) } }
}

/// Renders the badge below an answer.
fn footer(reply: &QueryReply, zone: &Zone) -> Markup {
    html! { footer { (render::badge::badge(reply, zone)) } }
}
