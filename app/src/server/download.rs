//! `GET /download/<query>.csv`, `.json` and `.parquet`: an answer as a file. `GET /sql/<query>`: the statement behind it.
//! `GET /rows/<page>/<query>`: the records that it counts.

use lakefront_api::{Page, Problem, ProblemType, SearchRequest, Signal, SqlRequest, Wanted};
use serde_json::Value;

use super::{
    PanelRequest,
    csv::csv,
    explore, metrics,
    panel::{query_of, reply_to},
    sql::{
        self,
        statement::{SQL, params},
    },
};
use crate::{
    FileRequest, QueryService,
    elapsed::now,
    failure::Failure,
    page_index::PageIndex,
    range::{end, read_words},
    view::{RangeChoice, View, key},
};

/// The name of the file with the answer to a statement of the SQL page. No query has it.
const STATEMENT: &str = "sql";
/// The names of the files with what a search finds. No query has them.
const SIGNALS: [Signal; 2] = [Signal::Logs, Signal::Traces];
/// The most rows of a search in a file.
const MOST_FOUND: u32 = 50_000;

/// A file to download.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Download {
    /// The name of the file.
    pub name: String,
    /// Its media type.
    pub content_type: &'static str,
    /// The content of the file.
    pub body: Vec<u8>,
}

/// The question whose answer a file has.
enum Question {
    Named(PanelRequest),
    Sql(SqlRequest),
    Search(SearchRequest),
    /// The points of a chart, from a page's state and its zone.
    Chart(View, String),
}

/// Returns an answer as a file. `top_errors.csv` has the rows of a query, `top_errors.json` the API's reply unchanged;
/// `sql.csv` and `sql.json` those of a statement, `metric_chart.csv` and `metric_chart.json` the points of the chart of the
/// Metrics page, with formulas; `logs.csv` and `traces.csv` the newest 50,000 rows that a search finds, with all of their
/// columns. `top_errors.parquet` and `sql.parquet` are files of the engine, whose columns
/// have its types.
///
/// `pairs` are those of a page's query string. A parameter of the query's own, such as `limit`, may also be given
/// without the query's name before it. Without `tz`, times are in UTC.
///
/// # Errors
/// [`ProblemType::NotFound`] for a file name that is not a query's, [`ProblemType::BadRequest`] if a required parameter
/// is missing, or the router's problem.
pub async fn download(
    host: QueryService,
    file: &str,
    pairs: Vec<(String, String)>,
) -> Result<Download, Problem> {
    let unknown = || {
        let detail = format!(
            "there is no {file}: expected the name of a query and .csv, .json or .parquet, as in top_errors.csv"
        );
        Problem::new(ProblemType::NotFound, detail)
    };
    let (name, format) = file.rsplit_once('.').ok_or_else(unknown)?;
    let content_type = match format {
        "csv" => "text/csv; charset=utf-8",
        "json" => "application/json",
        "parquet" => "application/vnd.apache.parquet",
        _ => return Err(unknown()),
    };
    let question = if name == STATEMENT {
        let view = View::from_query(&pairs.into_iter().collect());
        Question::Sql(sql::request(view.param(SQL).to_owned(), params(&view)))
    } else if let Some(signal) = SIGNALS.into_iter().find(|signal| signal.name() == name) {
        let view = View::from_query(&pairs.into_iter().collect());
        let mut request = explore::request_of(signal, Wanted::Records, view, &host).map_err(problem)?;
        request.limit = MOST_FOUND;
        Question::Search(request)
    } else if name == metrics::CHART {
        let view = View::from_query(&pairs.into_iter().collect());
        let zone = view.tz.clone().unwrap_or_else(|| "UTC".into());
        Question::Chart(view, zone)
    } else {
        Question::Named(panel_request(&host, name, pairs, unknown)?)
    };
    if format == "parquet" {
        let file = host.parquet(question.for_file()?).await?;
        // Only the name can say that rows are missing: the file has the engine's rows and nothing else.
        let cut = if file.truncated { ".first-rows" } else { "" };
        return Ok(Download {
            name: format!("{name}{cut}.parquet"),
            content_type,
            body: file.bytes,
        });
    }
    let reply = match question {
        Question::Sql(request) => host.sql(request).await?,
        Question::Named(request) => reply_to(&host, &request, false).await.map_err(problem)?,
        Question::Search(request) => {
            let mut reply = host.search(request).await?.reply;
            reply.truncated |= reply.rows.len() >= MOST_FOUND as usize;
            reply
        }
        Question::Chart(view, zone) => metrics::points(view, &zone, &host).await.map_err(problem)?,
    };
    let body = match format {
        "csv" => csv(&reply).into_bytes(),
        _ => serde_json::to_vec(&reply)
            .map_err(|error| Problem::new(ProblemType::Internal, error.to_string()))?,
    };
    Ok(Download {
        name: file.to_owned(),
        content_type,
        body,
    })
}

impl Question {
    fn for_file(self) -> Result<FileRequest, Problem> {
        Ok(match self {
            Self::Sql(request) => FileRequest::Sql(request),
            Self::Named(request) => FileRequest::Named(query_of(&request, false).map_err(problem)?),
            Self::Search(request) => FileRequest::Search(request),
            Self::Chart(..) => {
                let detail = format!(
                    "{}.parquet: the points of a chart are a CSV or a JSON file",
                    metrics::CHART
                );
                return Err(Problem::new(ProblemType::NotFound, detail));
            }
        })
    }
}

/// Returns the address of the SQL page with the statement that the lake would run for a query, and its values. The name of a
/// search is that of its signal and of what is wanted: `logs_rows`, `traces_histogram`.
///
/// # Errors
/// [`ProblemType::NotFound`] for a name that is none of these, [`ProblemType::BadRequest`] for wrong parameters.
pub fn statement_address(
    host: &QueryService,
    name: &str,
    pairs: Vec<(String, String)>,
) -> Result<String, Problem> {
    let unknown = || {
        let detail = format!("there is no query {name}: GET /queries lists them");
        Problem::new(ProblemType::NotFound, detail)
    };
    if let Some((signal, wanted)) = search_of(name) {
        let view = View::from_query(&pairs.into_iter().collect());
        let request = explore::request_of(signal, wanted, view, host).map_err(problem)?;
        return Ok(sql::address(&host.search_statement(request)?));
    }
    let request = panel_request(host, name, pairs, unknown)?;
    let statement = host.lake_statement(query_of(&request, false).map_err(problem)?)?;
    Ok(sql::address(&statement))
}

/// Returns the signal of a search, and what is wanted of it. The one row has no statement of its own: `logs_records` with its
/// time is one.
fn search_of(name: &str) -> Option<(Signal, Wanted)> {
    let (signal, wanted) = name.split_once('_')?;
    let signal = SIGNALS.into_iter().find(|known| known.name() == signal)?;
    let wanted: Wanted = serde_json::from_value(Value::from(wanted)).ok()?;
    (wanted != Wanted::Row).then_some((signal, wanted))
}

/// Returns the address of the page with the records that a query counts. `plain` keeps it below `/plain`.
///
/// # Errors
/// [`ProblemType::NotFound`] for a query that is unknown or counts no records of the page.
pub fn rows_address(
    host: &QueryService,
    (page, name): (&str, &str),
    pairs: Vec<(String, String)>,
    plain: bool,
) -> Result<String, Problem> {
    let pages = PageIndex::new(host.catalogue().into(), plain);
    let view = View::from_query(&pairs.into_iter().collect());
    let mut queries = host.catalogue().iter();
    let info = queries.find(|info| info.name == name);
    let signal = Page::of_slug(page).and_then(Page::signal);
    let address = info.zip(signal);
    address
        .and_then(|(info, signal)| pages.rows(info, signal, &view))
        .ok_or_else(|| {
            let detail = format!("there are no {page} behind {name}: `rows` in GET /queries lists them");
            Problem::new(ProblemType::NotFound, detail)
        })
}

/// Returns the request of the panel of a query, with the parameters of a page's query string.
fn panel_request(
    host: &QueryService,
    name: &str,
    pairs: Vec<(String, String)>,
    unknown: impl FnOnce() -> Problem,
) -> Result<PanelRequest, Problem> {
    let mut catalogue = host.catalogue().iter();
    let info = catalogue.find(|info| info.name == name).ok_or_else(unknown)?;
    let own = |name: String| {
        let param = info.params.iter().find(|param| param.name == name);
        param.map_or(name, |param| key(info, param))
    };
    let pairs = pairs.into_iter().map(|(name, value)| (own(name), value));
    let view = View::from_query(&pairs.collect());
    let zone = view.tz.as_deref().unwrap_or("UTC");
    if let RangeChoice::Words(words) = &view.range
        && read_words(words, &end(view.at.as_deref(), zone, now())?).is_err()
    {
        let detail = "range: expected a range such as 24h, yesterday, 2026-11-20 or 2026-11-20 to now";
        return Err(Problem::new(ProblemType::BadRequest, detail));
    }
    PanelRequest::new(info, &view, zone).ok_or_else(|| {
        let names = info.params.iter().filter(|param| param.required());
        let names: Vec<_> = names.map(|param| param.name.as_str()).collect();
        Problem::new(
            ProblemType::BadRequest,
            format!("{name} takes {}", names.join(", ")),
        )
    })
}

fn problem(failure: Failure) -> Problem {
    match failure {
        Failure::Problem(problem) => problem,
        Failure::Transport(message) => Problem::new(ProblemType::Internal, message),
    }
}
