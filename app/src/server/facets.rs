//! The values that filters offer.

use std::collections::{BTreeMap, BTreeSet};

use lakefront_api::{Problem, ProblemType, QueryReply, SqlRequest};

use super::{
    panel::reply_to,
    types::{Facet, PanelRequest, SuggestionsRequest},
};
use crate::{QueryService, failure::Failure};

/// The most values that are suggested for a filter.
const MOST_VALUES: usize = 100;

/// The most filters with suggestions in one request. Each costs a query, and no page has more filters.
const MOST_FILTERS: usize = 10;

/// Selects the services and environments of the last 30 days. The router and ingest are no services of the viewer. Senders choose
/// the names, so only the 200 most frequent pairs are listed.
const SERVICES: &str = "SELECT ServiceName, Environment FROM (SELECT Timestamp, ServiceName, Environment FROM otel_logs \
    UNION ALL SELECT Timestamp, ServiceName, Environment FROM otel_traces) \
    WHERE Timestamp > now() - INTERVAL 30 DAY AND ServiceName NOT IN ('lakefront-router', 'lakefront-ingest') \
    GROUP BY ServiceName, Environment ORDER BY count() DESC, ServiceName, Environment LIMIT 200";

/// Returns the services and environments of the last 30 days.
///
/// # Errors
/// [`Failure::Problem`] if no backend answers.
pub async fn facets(host: &QueryService) -> Result<Vec<Facet>, Failure> {
    let request = SqlRequest {
        sql: SERVICES.into(),
        params: BTreeMap::new(),
        id: None,
    };
    let reply = host.sql(request).await?;
    Ok(vec![facet("service", &reply, 0), facet("environment", &reply, 1)])
}

/// Returns the values that queries suggest for filters. A query without a column of the filter's name suggests nothing.
///
/// # Errors
/// [`Failure::Problem`] for too many filters, an invalid range, or a query that fails.
pub async fn suggestions(host: &QueryService, request: &SuggestionsRequest) -> Result<Vec<Facet>, Failure> {
    let mut facets = Vec::new();
    if request.filters.len() > MOST_FILTERS {
        let detail = format!("filters: expected at most {MOST_FILTERS}");
        return Err(Problem::new(ProblemType::BadRequest, detail).into());
    }
    for (name, query) in &request.filters {
        let request = PanelRequest {
            query: query.clone(),
            range: request.range.clone(),
            at: None,
            tz: request.tz.clone(),
            params: Vec::new(),
            compare: false,
            all: false,
            plain: false,
            find: String::new(),
        };
        // The panel of the query requests its statement too. With the same request its answer serves both.
        let reply = reply_to(host, &request, true).await?;
        let at = reply.columns.iter().position(|column| column.name == *name);
        facets.extend(at.map(|at| facet(name, &reply, at)));
    }
    Ok(facets)
}

fn facet(name: &str, reply: &QueryReply, column: usize) -> Facet {
    let texts = reply.rows.iter().filter_map(|row| row.get(column)?.as_str());
    let texts: BTreeSet<_> = texts.filter(|text| !text.is_empty()).map(str::to_owned).collect();
    Facet {
        name: name.into(),
        values: texts.into_iter().take(MOST_VALUES).collect(),
    }
}
