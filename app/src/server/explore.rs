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
    BackendChoice, Cursor, Language, Page, Problem, QueryReply, Range, SearchRequest, Signal, TimeRange,
    Wanted, Zone, instant,
};
use lakefront_chart::clock;
use lakefront_clickhouse_http::literal;
use lakefront_search::{Condition, Fields, Named, Search};
use leptos_router::location::RequestUrl;
use maud::{Markup, html};
use serde_json::Value;

use super::{ExplorePart, ExploreRequest, Shown, http_request::is_foreign};
use crate::{
    QueryService,
    elapsed::now,
    failure::Failure,
    page_index::{PageIndex, SEARCHED},
    range::{offsets, past, time_range},
    render,
    view::View,
};

/// The parameter of the address that names the language of the search's text, and its value for a condition in SQL.
const MODE: &str = "mode";
const SQL_MODE: &str = "sql";
/// The parameter of the address with the fields that the list shows besides its own.
const COLUMNS: &str = "columns";
/// The number of rows on a page.
const PAGE: u32 = 50;

/// Renders one part of a page.
///
/// # Errors
/// [`Failure::Problem`] with the host's problem. A fault in the text of the search is no failure: the list shows it.
pub async fn html(request: &ExploreRequest, host: &QueryService) -> Result<Markup, Failure> {
    let explorer = Explorer::new(request, host)?;
    // As on the SQL page, a link of another site does not make the viewer's browser run a statement of its own.
    if explorer.is_sql && !explorer.view.param("q").is_empty() && is_foreign() {
        return Ok(match request.part {
            ExplorePart::Rows | ExplorePart::Histogram => not_run(&explorer),
            ExplorePart::Row => html! {},
        });
    }
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

/// Returns true if the parameters of an address are those of a search whose text is a condition in SQL.
pub fn is_sql(pairs: &[(String, String)]) -> bool {
    pairs
        .iter()
        .any(|(name, value)| name == MODE && value == SQL_MODE)
}

/// Returns the request for what a page shows, from the page's state.
///
/// # Errors
/// [`Failure::Problem`] for a time in the past or a range that cannot be read.
pub fn request_of(
    signal: Signal,
    wanted: Wanted,
    view: View,
    host: &QueryService,
) -> Result<SearchRequest, Failure> {
    let request = ExploreRequest {
        part: ExplorePart::Rows,
        signal,
        tz: view.tz.clone().unwrap_or_else(|| "UTC".into()),
        query: view.href(),
        plain: false,
    };
    let explorer = Explorer::new(&request, host)?;
    Ok(explorer.request(wanted, explorer.time_range()?, None))
}

/// The state of a page that searches, and its links.
struct Explorer {
    signal: Signal,
    /// True if the text is a condition in SQL.
    is_sql: bool,
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
            is_sql: view.param(MODE) == SQL_MODE,
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
            language: if self.is_sql {
                Language::Sql
            } else {
                Language::Search
            },
            columns: self.view.param(COLUMNS).to_owned(),
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
        if self.is_sql || Search::parse(self.signal, &text).is_ok() {
            for (filter, column) in SEARCHED {
                let value = self.view.param(filter);
                if !value.is_empty() {
                    text = self.narrowed_text(&text, Named::Column(column), value, false);
                }
            }
        }
        text
    }

    /// Returns a text of the page's language with one more condition, which is a text of the search language.
    fn and(&self, text: &str, term: &str) -> String {
        let text = text.trim();
        match Search::parse(self.signal, term) {
            Ok(term) if self.is_sql => match (text, written(&term.condition())) {
                ("", term) => term,
                (text, term) => format!("({text}) AND {term}"),
            },
            _ => histogram::and(text, term),
        }
    }

    /// Returns a text of the page's language for rows whose field also has a value, or with `exclude` has another.
    fn narrowed_text(&self, text: &str, field: Named<'_>, value: &str, exclude: bool) -> String {
        if self.is_sql {
            let term = Search::narrowed(self.signal, "", field, value, exclude);
            self.and(text, &term)
        } else {
            Search::narrowed(self.signal, text, field, value, exclude)
        }
    }

    /// Returns the fields that the list shows besides its own. A text with a fault has none here, and the list says why.
    fn columns(&self) -> Fields {
        Fields::parse(self.signal, self.view.param(COLUMNS)).unwrap_or(Fields::none(self.signal))
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
        self.search_for(&self.narrowed_text(self.view.param("q"), field, value, exclude))
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

/// Returns a condition with its values in place of their placeholders.
fn written(condition: &Condition) -> String {
    let mut sql = condition.sql.clone();
    for (name, value) in &condition.params {
        let text = format!("{{{name}:String}}");
        if sql.contains(&text) {
            sql = sql.replace(&text, &literal(value));
        } else {
            // The search language has numbers besides texts.
            sql = ["Int64", "Float64"].iter().fold(sql, |sql, data_type| {
                sql.replace(&format!("{{{name}:{data_type}}}"), value)
            });
        }
    }
    sql
}

/// Renders the sentence that a condition in SQL was not run, and the link that runs it.
fn not_run(explorer: &Explorer) -> Markup {
    html! {
        div.note {
            p { "Another site led here with a condition in SQL, so it was not run." }
            a href=(explorer.view.href()) data-retry { "Run it" }
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

/// Renders the badge below an answer, and links to its statement and, for a list, to files with whole rows.
fn footer(explorer: &Explorer, reply: &QueryReply, zone: &Zone, wanted: Wanted) -> Markup {
    let signal = explorer.signal.name();
    let title = format!("{signal}: {}", wanted.name());
    // Below the newest rows, a list is still the list of the whole range.
    let view = explorer.view.without(&["before", "line", "live", "show"]);
    let address = if rows::cursor_is_set(explorer) {
        view.with(vec![("tz".into(), zone.name.clone())]).href()
    } else {
        render::provenance::address(reply, zone, view)
    };
    let file = |format| render::provenance::file(signal, &title, format, &address);
    html! {
        footer {
            (render::badge::badge(reply, zone))
            div.tools {
                span.files {
                    a href={ "/sql/" (signal) "_" (wanted.name()) (address) } rel="external" aria-label={ "Open as SQL: " (title) } { "Open as SQL" }
                    @if wanted == Wanted::Rows {
                        " Download " (file("CSV")) " " (file("JSON")) " " (file("Parquet"))
                    }
                }
            }
        }
    }
}
