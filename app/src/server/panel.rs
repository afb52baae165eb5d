//! The answer of a panel: the reply of its query, the period before, and the offsets of the viewer's zone.

use jiff::Timestamp;
use lakefront_api::{
    BackendChoice, ChartKind, Problem, QueryInfo, QueryReply, QueryRequest, Range, TimeRange, Zone,
};
use serde_json::Value;

use super::{
    periods::{Periods, periods},
    types::{Compared, PanelAnswer, PanelRequest},
};
use crate::{
    QueryService,
    elapsed::now,
    failure::Failure,
    range::{offsets, past, time_range},
};

/// Returns the answer of a panel.
///
/// # Errors
/// [`Failure::Problem`] if the range or the zone is invalid, or with the router's problem.
pub async fn panel(
    host: &QueryService,
    request: &PanelRequest,
    now: Timestamp,
) -> Result<PanelAnswer, Failure> {
    let reply = reply_to(host, request, true).await?;
    let always = Range {
        from: Timestamp::UNIX_EPOCH,
        to: Timestamp::UNIX_EPOCH,
    };
    let zone = offsets(&request.tz, reply.range.unwrap_or(always))?;
    let compared = match kind(host.catalogue(), &request.query) {
        Some(ChartKind::Totals) => compared(host, request, &reply, &zone, now).await,
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
    now: Timestamp,
) -> Option<Compared> {
    let data_until = reply.as_of.map_or(now, |as_of| as_of.min(now));
    let Periods { before, rest } = periods(reply.range?, data_until)?;
    let before = rows_of(host, request, before).await?;
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
    Some(Compared { until, now, before })
}

/// Returns the rows of a period. `None` if the lake begins within it, because the reply's range is shorter then.
async fn rows_of(
    host: &QueryService,
    request: &PanelRequest,
    Range { from, to }: Range,
) -> Option<Vec<Vec<Value>>> {
    let between = TimeRange::Absolute { from, to };
    let reply = host
        .query(query_request(request, between, false).ok()?)
        .await
        .ok()?;
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
    let range = time_range(&request.range, request.at.as_deref(), &request.tz, now())?;
    Ok(host.query(query_request(request, range, explain)?).await?)
}

fn query_request(
    request: &PanelRequest,
    time_range: TimeRange,
    explain: bool,
) -> Result<QueryRequest, Problem> {
    let params = request.params.iter();
    Ok(QueryRequest {
        query: request.query.clone(),
        time_range,
        params: params
            .map(|(name, text)| (name.clone(), text.as_str().into()))
            .collect(),
        tz: request.tz.clone(),
        backend: BackendChoice::Auto,
        max_lag_seconds: None,
        at: past(request.at.as_deref(), &request.tz)?,
        explain,
    })
}
