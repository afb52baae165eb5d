//! `GET /download/<query>.csv` and `.json`: the answer of a panel as a file.

use lakefront_api::{Problem, ProblemType};

use super::{PanelRequest, csv::csv, panel::reply_to};
use crate::{
    QueryService,
    elapsed::now,
    failure::Failure,
    range::{end, read_words},
    view::{RangeChoice, View, key},
};

/// A file to download.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Download {
    /// Its media type.
    pub content_type: &'static str,
    /// The content of the file.
    pub body: String,
}

/// Returns the answer of a named query as a file. `top_errors.csv` has its rows, `top_errors.json` the API's reply
/// unchanged.
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
            "there is no {file}: expected the name of a query and .csv or .json, as in top_errors.csv"
        );
        Problem::new(ProblemType::NotFound, detail)
    };
    let (name, format) = file.rsplit_once('.').ok_or_else(unknown)?;
    let content_type = match format {
        "csv" => "text/csv; charset=utf-8",
        "json" => "application/json",
        _ => return Err(unknown()),
    };
    let catalogue = host.catalogue();
    let info = catalogue
        .iter()
        .find(|info| info.name == name)
        .ok_or_else(unknown)?;
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
    let request = PanelRequest::new(info, &view, zone).ok_or_else(|| {
        let names = info.params.iter().filter(|param| param.required());
        let names: Vec<_> = names.map(|param| param.name.as_str()).collect();
        Problem::new(
            ProblemType::BadRequest,
            format!("{name} takes {}", names.join(", ")),
        )
    })?;
    let reply = reply_to(&host, &request, false)
        .await
        .map_err(|failure| match failure {
            Failure::Problem(problem) => problem,
            Failure::Transport(message) => Problem::new(ProblemType::Internal, message),
        })?;
    let body = match format {
        "csv" => csv(&reply),
        _ => serde_json::to_string(&reply)
            .map_err(|error| Problem::new(ProblemType::Internal, error.to_string()))?,
    };
    Ok(Download { content_type, body })
}
