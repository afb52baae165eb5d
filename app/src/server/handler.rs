//! Handles each request of the dashboard.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use lakefront_api::{
    BackendChoice, BackendHealth, BackendState, ChartKind, IngestRefusal, Problem, ProblemType, QueryInfo,
    QueryReply, QueryRequest, Range, SqlRequest, TimeRange, Zone, time_zone,
};
use lakefront_chart::{Unit, span};
use leptos::prelude::use_context;
use serde_json::Value;

use super::{
    Backend, Compared, Facet, PanelAnswer, PanelRequest, ServerRequest, ServerResponse, SuggestionsRequest,
    explore, http_request, operations,
    periods::{Periods, periods},
};
use crate::{
    QueryService,
    failure::Failure,
    range::{offsets, time_range},
    render::health::engine,
};

/// The most values that are suggested for a filter.
const SUGGESTED: usize = 100;

/// The most filters with suggestions in one request. Each costs a query, and no page has more filters.
const MOST_FILTERS: usize = 10;

/// Handles a request.
///
/// # Errors
/// [`Failure::Problem`] with the host's problem, [`Failure::Transport`] if the context holds no host.
pub async fn handle(request: ServerRequest) -> Result<ServerResponse, Failure> {
    Ok(match request {
        ServerRequest::Bootstrap => ServerResponse::Bootstrap(Box::new(http_request::bootstrap())),
        ServerRequest::Zone(name) => ServerResponse::ZoneExists(time_zone(&name).is_ok()),
        ServerRequest::Health => {
            let health = host()?.health().await?;
            ServerResponse::Health(health.backends.into_iter().map(backend).collect())
        }
        ServerRequest::Facets => ServerResponse::Facets(facets().await?),
        ServerRequest::Suggestions(request) => ServerResponse::Facets(suggestions(&request).await?),
        ServerRequest::LakeIsEmpty => {
            let empty = lake_is_empty().await?;
            let refusal = if empty { refusal().await } else { None };
            ServerResponse::LakeIsEmpty { empty, refusal }
        }
        ServerRequest::Subsystem(subsystem) => {
            ServerResponse::Subsystem(operations::html(subsystem, &host()?).await.into_string())
        }
        ServerRequest::Explore(request) => {
            ServerResponse::Explore(explore::html(&request, &host()?).await?.into_string())
        }
        ServerRequest::Panel(request) => ServerResponse::Panel(Box::new(panel(&request).await?)),
    })
}

fn backend(health: BackendHealth) -> Backend {
    let (class, state) = match health.state {
        BackendState::Unknown => ("idle", "not asked yet"),
        BackendState::Healthy => ("up", "healthy"),
        BackendState::Asleep => ("idle", "asleep"),
        BackendState::Down => ("down", "down"),
    };
    let region = health
        .region
        .map(|region| format!(" {region}"))
        .unwrap_or_default();
    Backend {
        name: format!("{}{region}", engine(health.kind)),
        state: state.into(),
        class: class.into(),
        latency: health
            .latency_ms
            .map(|ms| Unit::Millis.full(ms))
            .unwrap_or_default(),
        checked: health.last_check.map(ago).unwrap_or_default(),
        lag: health.lag_seconds.map(span).unwrap_or_default(),
        detail: health.detail.unwrap_or_default(),
    }
}

/// Returns the time since an instant, for people: the span and `ago`.
pub fn ago(time: Timestamp) -> String {
    format!("{} ago", since(time))
}

/// Returns the time since an instant, for people. An instant in the future counts as now.
pub fn since(time: Timestamp) -> String {
    let seconds = js_sys::Date::now() / 1e3 - time.as_second() as f64;
    span(seconds.max(0.0) as u64)
}

async fn lake_is_empty() -> Result<bool, Failure> {
    // The router's own events are in the lake before any sender's rows.
    const COUNT: &str = "SELECT (SELECT count() FROM (SELECT 1 FROM otel_logs WHERE ServiceName != 'lakefront-router' LIMIT 1)) \
        + (SELECT count() FROM otel_traces) + (SELECT count() FROM otel_metrics_gauge) + (SELECT count() FROM otel_metrics_sum) \
        + (SELECT count() FROM otel_metrics_histogram)";
    let reply = sql(COUNT).await?;
    Ok(reply.rows.first().and_then(|row| row.first()?.as_u64()) == Some(0))
}

/// Returns the last request that ingest refused, as a sentence. `None` also if ingest does not answer, because the
/// state of the lake is worth showing without it.
async fn refusal() -> Option<String> {
    let health = host().ok()?.ingest().await.ok()??;
    let IngestRefusal {
        at,
        path,
        status,
        message,
        ..
    } = health.last_refusal?;
    Some(format!("{at:.0} {path} was refused with {status}: {message}"))
}

async fn sql(text: &str) -> Result<QueryReply, Failure> {
    let request = SqlRequest {
        sql: text.into(),
        params: BTreeMap::new(),
    };
    Ok(host()?.sql(request).await?)
}

async fn facets() -> Result<Vec<Facet>, Failure> {
    // The router is not a service of the viewer. Senders choose the names, so only the 200 most frequent pairs are
    // listed.
    const VALUES: &str = "SELECT ServiceName, Environment FROM (SELECT Timestamp, ServiceName, Environment FROM otel_logs \
        UNION ALL SELECT Timestamp, ServiceName, Environment FROM otel_traces) \
        WHERE Timestamp > now() - INTERVAL 30 DAY AND ServiceName != 'lakefront-router' \
        GROUP BY ServiceName, Environment ORDER BY count() DESC, ServiceName, Environment LIMIT 200";
    let reply = sql(VALUES).await?;
    Ok(vec![facet("service", &reply, 0), facet("environment", &reply, 1)])
}

async fn suggestions(request: &SuggestionsRequest) -> Result<Vec<Facet>, Failure> {
    let mut facets = Vec::new();
    if request.filters.len() > MOST_FILTERS {
        let detail = format!("filters: expected at most {MOST_FILTERS}");
        return Err(Problem::new(ProblemType::BadRequest, detail).into());
    }
    for (name, query) in &request.filters {
        let asked = PanelRequest {
            query: query.clone(),
            range: request.range.clone(),
            tz: request.tz.clone(),
            params: Vec::new(),
        };
        let reply = reply_to(&host()?, &asked, false).await?;
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
        values: texts.into_iter().take(SUGGESTED).collect(),
    }
}

async fn panel(request: &PanelRequest) -> Result<PanelAnswer, Failure> {
    let host = host()?;
    let reply = reply_to(&host, request, true).await?;
    let always = Range {
        from: Timestamp::UNIX_EPOCH,
        to: Timestamp::UNIX_EPOCH,
    };
    let zone = offsets(&request.tz, reply.range.unwrap_or(always))?;
    let compared = match kind(host.catalogue(), &request.query) {
        Some(ChartKind::Totals) => compared(&host, request, &reply, &zone).await,
        _ => None,
    };
    Ok(PanelAnswer {
        reply,
        compared,
        zone,
    })
}

fn kind(catalogue: &[QueryInfo], query: &str) -> Option<ChartKind> {
    let info = catalogue.iter().find(|info| info.name == query)?;
    Some(info.chart.kind)
}

/// Returns the figures of a reply and those of the period before. `None` if the lake begins later than that period.
async fn compared(
    host: &QueryService,
    request: &PanelRequest,
    reply: &QueryReply,
    zone: &Zone,
) -> Option<Compared> {
    let now = Timestamp::from_millisecond(js_sys::Date::now() as i64).ok()?;
    let held = reply.as_of.map_or(now, |as_of| as_of.min(now));
    let Periods { before, rest } = periods(reply.range?, held)?;
    let first = rows_of(host, request, before).await?;
    let (until, now) = match rest {
        None => (None, reply.rows.clone()),
        Some(rest) => {
            let shown = lakefront_chart::clock(rest.to, zone);
            (
                shown.get(11..16).map(str::to_owned),
                rows_of(host, request, rest).await?,
            )
        }
    };
    Some(Compared {
        until,
        now,
        before: first,
    })
}

/// Returns the rows of a period. `None` if the lake begins within it, because the reply's range is shorter then.
async fn rows_of(
    host: &QueryService,
    request: &PanelRequest,
    Range { from, to }: Range,
) -> Option<Vec<Vec<Value>>> {
    let between = TimeRange::Absolute { from, to };
    let reply = host.query(named(request, between, false)).await.ok()?;
    reply
        .range
        .is_some_and(|range| range.from == from)
        .then_some(reply.rows)
}

/// Returns the router's reply to a panel's request. With `explain` the reply has the statement too.
///
/// # Errors
/// [`Failure::Problem`] if the range is invalid, or with the router's problem.
pub async fn reply_to(
    host: &QueryService,
    request: &PanelRequest,
    explain: bool,
) -> Result<QueryReply, Failure> {
    let range = time_range(&request.range, &request.tz)?;
    Ok(host.query(named(request, range, explain)).await?)
}

fn named(request: &PanelRequest, time_range: TimeRange, explain: bool) -> QueryRequest {
    let params = request.params.iter();
    QueryRequest {
        query: request.query.clone(),
        time_range,
        params: params
            .map(|(name, text)| (name.clone(), text.as_str().into()))
            .collect(),
        tz: request.tz.clone(),
        backend: BackendChoice::Auto,
        max_lag_seconds: None,
        at: None,
        explain,
    }
}

fn host() -> Result<QueryService, Failure> {
    use_context().ok_or_else(|| Failure::Transport("the host put no QueryService into the context".into()))
}
