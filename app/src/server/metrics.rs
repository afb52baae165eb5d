//! Renders the Metrics page. Only the server has this code.

mod chart;
mod drawing;
mod entry;
mod exemplars;
mod formula;
mod function;
mod join;
mod letter;
mod list;
mod parts;
mod quantile;
mod step;
mod unit;

use lakefront_api::{
    BackendChoice, Problem, ProblemType, QueryInfo, QueryReply, QueryRequest, TimeRange, Zone,
};
use serde_json::Value;

use self::{
    entry::{PARAMS, Wanted},
    letter::Letter,
};
use super::{MetricsAnswer, MetricsRequest, PanelRequest, explore::view_of, panel::moments};
use crate::{
    QueryService,
    elapsed::now,
    failure::Failure,
    page_index::PageIndex,
    range::{offsets, past, time_range},
    view::{RangeChoice, View},
};

/// The name of the file with the points of the chart. No query has it.
pub const CHART: &str = "metric_chart";

/// Renders the content of the page: a chart of the metrics that the address names. Without one, and while another is added,
/// the list.
///
/// # Errors
/// [`Failure::Problem`] if the range is invalid, or with the host's problem.
pub async fn answer(request: &MetricsRequest, host: &QueryService) -> Result<MetricsAnswer, Failure> {
    let asker = Asker::new(host, view_of(&request.query), &request.tz, request.plain)?;
    let wanted = Wanted::all(&asker.view);
    let letters: Vec<_> = wanted.iter().map(|wanted| wanted.letter).collect();
    let added = Letter::parse(asker.view.param("add")).filter(|letter| !letters.contains(letter));
    if wanted.is_empty() {
        list::answer(&asker, None).await
    } else if added.is_some() {
        list::answer(&asker, added).await
    } else {
        chart::answer(&asker, &wanted).await
    }
}

/// Returns the points of the chart that the address names, with `time`, `series` and `value`.
///
/// # Errors
/// [`Failure::Problem`] if the address names no metric, the range is invalid, there are no points, or with the host's
/// problem.
pub async fn points(view: View, tz: &str, host: &QueryService) -> Result<QueryReply, Failure> {
    let asker = Asker::new(host, view, tz, false)?;
    let wanted = Wanted::all(&asker.view);
    if wanted.is_empty() {
        let detail = "metric: expected the name of a metric";
        return Err(Problem::new(ProblemType::BadRequest, detail).into());
    }
    let points = chart::points(&asker, &wanted).await?;
    let nothing = || Problem::new(ProblemType::NotFound, "there are no points in this range");
    Ok(points.ok_or_else(nothing)?)
}

/// Asks named queries with what the page's address says.
struct Asker<'a> {
    host: &'a QueryService,
    /// The state from the page's address.
    view: View,
    range: TimeRange,
    /// The instant in the lake's past that is shown.
    at: Option<String>,
    /// The IANA zone in which times are shown.
    tz: &'a str,
    pages: PageIndex,
}

impl<'a> Asker<'a> {
    /// Creates the asker for a page's address. With `plain` its links are those of the page without JavaScript.
    fn new(host: &'a QueryService, view: View, tz: &'a str, plain: bool) -> Result<Self, Failure> {
        Ok(Self {
            host,
            range: time_range(&view.range, view.at.as_deref(), tz, now())?,
            at: past(view.at.as_deref(), tz)?,
            view,
            tz,
            pages: PageIndex::new(host.catalogue().into(), plain),
        })
    }

    /// Asks a query in a range, with parameters of its own and the page's filters.
    async fn ask(
        &self,
        query: &str,
        time_range: TimeRange,
        own: &[(&str, String)],
    ) -> Result<QueryReply, Failure> {
        let params = self.params(own).into_iter();
        let request = QueryRequest {
            query: query.to_owned(),
            time_range,
            params: params.map(|(name, value)| (name, value.into())).collect(),
            tz: self.tz.to_owned(),
            backend: BackendChoice::Auto,
            max_lag_seconds: None,
            at: self.at.clone(),
            explain: true,
        };
        Ok(self.host.query(request).await?)
    }

    /// Returns the moments that a chart of a range marks.
    async fn moments(&self, between: TimeRange) -> Vec<Vec<Value>> {
        let TimeRange::Absolute { from, to } = between else {
            return Vec::new();
        };
        let request = PanelRequest {
            query: String::new(),
            range: RangeChoice::Between {
                from: from.to_string(),
                to: to.to_string(),
            },
            at: self.view.at.clone(),
            tz: self.tz.to_owned(),
            params: self.params(&[]),
            compare: false,
            all: false,
            plain: false,
            find: String::new(),
        };
        moments(self.host, &request).await
    }

    /// Returns the parameters that are given: a query's own and the page's filters. One of its own is before a filter.
    fn params(&self, own: &[(&str, String)]) -> Vec<(String, String)> {
        let filters = ["service", "environment"].map(|name| (name, self.view.param(name).to_owned()));
        let is_free = |(name, _): &(&str, String)| own.iter().all(|(known, _)| known != name);
        let all = own.iter().cloned().chain(filters.into_iter().filter(is_free));
        all.filter(|(_, value)| !value.is_empty())
            .map(|(name, value)| (name.to_owned(), value))
            .collect()
    }

    /// Returns the offsets of the page's zone over the range of an answer.
    fn zone(&self, reply: &QueryReply) -> Result<Zone, Failure> {
        match reply.range {
            Some(range) => Ok(offsets(self.tz, range)?),
            None => Ok(Zone::utc()),
        }
    }

    /// Returns the catalogue's entry of a query.
    fn info(&self, query: &str) -> Result<&'static QueryInfo, Failure> {
        let found = self.host.catalogue().iter().find(|info| info.name == query);
        let missing = || {
            let detail = format!("the catalogue has no query {query}");
            Problem::new(ProblemType::Internal, detail)
        };
        Ok(found.ok_or_else(missing)?)
    }

    /// Returns the link to this page with other parameters.
    fn with(&self, params: &[(&str, &str)]) -> String {
        let owned = params
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        self.view.with(owned.collect()).href()
    }

    /// Returns the state without the parameters of some metrics.
    fn without(&self, letters: &[Letter]) -> View {
        let names: Vec<_> = letters
            .iter()
            .flat_map(|letter| PARAMS.map(|name| letter.param(name)))
            .collect();
        let names: Vec<_> = names.iter().map(String::as_str).collect();
        self.view.without(&names)
    }

    /// Returns the state of the list: without a chart.
    fn without_chart(&self) -> View {
        self.without(&Letter::ALL).without(&["add", "formula", "draw"])
    }

    /// Returns a view with the parameters of a query only, from which its files are downloaded.
    fn view_of_query(&self, own: &[(&str, String)]) -> View {
        View {
            params: self.params(own),
            ..self.view.clone()
        }
    }
}
