//! The answer of a panel: the reply of its query, the period before, and the offsets of the viewer's zone.

use futures::join;
use jiff::Timestamp;
use lakefront_api::{BackendChoice, ChartKind, Problem, QueryReply, QueryRequest, Range, TimeRange, Zone};
use maud::Markup;
use serde_json::Value;

use super::{
    explore::Columns,
    funnel::funnel,
    map::map,
    periods::{Periods, periods},
    totals::{Compared, totals},
    types::{PanelAnswer, PanelRequest},
    waterfall::waterfall,
};
use crate::{
    QueryService,
    elapsed::now,
    failure::Failure,
    page_index::PageIndex,
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
    let info = host.catalogue().iter().find(|info| info.name == request.query);
    let kind = info.map(|info| info.chart.kind);
    let is_timed = matches!(kind, Some(ChartKind::Line | ChartKind::Bar | ChartKind::Heatmap));
    let marked = async {
        if is_timed {
            moments(host, request).await
        } else {
            Vec::new()
        }
    };
    let (reply, moments) = join!(reply_to(host, request, true), marked);
    let reply = reply?;
    let always = Range {
        from: Timestamp::UNIX_EPOCH,
        to: Timestamp::UNIX_EPOCH,
    };
    let zone = offsets(&request.tz, reply.range.unwrap_or(always))?;
    let compared = match kind {
        Some(ChartKind::Totals) => compared(host, request, &reply, &zone, now).await,
        _ => None,
    };
    let before = match reply.range.filter(|_| request.compare).and_then(period_before) {
        Some(range) => before(host, request, range).await,
        None => None,
    };
    let drawn = info.and_then(|info| {
        let pages = PageIndex::new(host.catalogue().into(), request.plain);
        match info.chart.kind {
            ChartKind::Funnel => Some(funnel(info, &reply)),
            ChartKind::Totals => Some(totals(info, &reply, compared.as_ref())),
            ChartKind::Map => Some(map(info, &reply, &request.view())),
            ChartKind::Waterfall => Some(waterfall(info, &reply, request, &pages)),
            _ => None,
        }
    });
    let drawn = drawn.map(Markup::into_string);
    Ok(PanelAnswer {
        before,
        moments,
        drawn,
        ..PanelAnswer::alone(reply, zone)
    })
}

/// Returns the moments that queries have for the charts of a range. Without an answer there are none: a chart does not
/// depend on them.
pub async fn moments(host: &QueryService, request: &PanelRequest) -> Vec<Vec<Value>> {
    let mut moments = Vec::new();
    let marking = host
        .catalogue()
        .iter()
        .filter(|info| info.chart.kind == ChartKind::Markers);
    for info in marking {
        // The request has the same parameters for every panel of a page, so that one answer serves them all.
        let request = PanelRequest {
            query: info.name.clone(),
            params: request.filters().cloned().collect(),
            compare: false,
            ..request.clone()
        };
        let Ok(reply) = reply_to(host, &request, false).await else {
            continue;
        };
        let columns = Columns(&reply);
        moments.extend(reply.rows.iter().map(|row| {
            let names = info.chart.series.iter().map(|name| columns.text(row, name));
            let names: Vec<_> = names.filter(|name| !name.is_empty()).collect();
            vec![columns.text(row, &info.chart.x).into(), names.join(" ").into()]
        }));
    }
    moments
}

/// Returns the period of the same length before a range.
pub fn period_before(range: Range) -> Option<Range> {
    let from = range.from.checked_sub(range.to.duration_since(range.from)).ok()?;
    Some(Range { from, to: range.from })
}

/// Returns the series of a period, or `None` if there is no answer. What the lake does not hold is missing in it.
async fn before(host: &QueryService, request: &PanelRequest, range: Range) -> Option<Box<PanelAnswer>> {
    let between = TimeRange::Absolute {
        from: range.from,
        to: range.to,
    };
    let reply = host
        .query(query_request(request, between, false).ok()?)
        .await
        .ok()?;
    Some(Box::new(PanelAnswer::alone(
        reply,
        offsets(&request.tz, range).ok()?,
    )))
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
    Ok(host.query(query_of(request, explain)?).await?)
}

/// Returns the router's request for a panel.
///
/// # Errors
/// [`Failure::Problem`] if the range is invalid.
pub fn query_of(request: &PanelRequest, explain: bool) -> Result<QueryRequest, Failure> {
    let range = time_range(&request.range, request.at.as_deref(), &request.tz, now())?;
    Ok(query_request(request, range, explain)?)
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
