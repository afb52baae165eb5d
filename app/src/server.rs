//! The one server function: it asks the host's `QueryService`, and only forwards its answer.
//!
//! One function and one type for all answers keep the browser's bundle small: every type of a resource, and every
//! server function, is a copy of the machinery around it.

#[cfg(feature = "ssr")]
use std::collections::BTreeMap;

#[cfg(feature = "ssr")]
use lakefront_api::{QueryInfo, SqlRequest};
use lakefront_api::{QueryReply, Zone};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{boot::Boot, failure::Failure, json::Json, view::RangeChoice};

/// What the dashboard asks the server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Question {
    /// What every page needs first, for a browser whose page no server rendered.
    Boot,
    /// How the backends are.
    Health,
    /// The services and environments of the last 30 days.
    Facets,
    /// Whether no table has a row yet.
    LakeIsEmpty,
    /// The answer of a named query.
    Panel(PanelRequest),
}

/// What the server answers, each to its question.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Answer {
    /// To [`Question::Boot`].
    Boot(Box<Boot>),
    /// To [`Question::Health`].
    Health(Vec<Backend>),
    /// To [`Question::Facets`].
    Facets(Facets),
    /// To [`Question::LakeIsEmpty`].
    LakeIsEmpty(bool),
    /// To [`Question::Panel`].
    Panel(Box<PanelAnswer>),
}

/// A backend, in words: the browser needs no more of its health.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Backend {
    /// Its engine and region.
    pub name: String,
    /// How it is.
    pub state: String,
    /// The CSS class of that: `up`, `idle` or `down`.
    pub class: String,
    /// The last failure, or nothing.
    pub detail: String,
}

/// What a panel asks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PanelRequest {
    /// The named query.
    pub query: String,
    /// The range that the viewer chose.
    pub range: RangeChoice,
    /// The IANA zone in which hours and days are cut.
    pub tz: String,
    /// Parameters as the URL has them.
    pub params: Vec<(String, String)>,
}

/// What a panel draws.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PanelAnswer {
    /// The router's reply.
    pub reply: QueryReply,
    /// The zone's offsets over the reply's range.
    pub zone: Zone,
}

/// The values there are to filter by.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facets {
    /// Services.
    pub services: Vec<String>,
    /// Their environments.
    pub environments: Vec<String>,
}

/// Asks the host.
#[server(name = Ask, prefix = "/api", endpoint = "ask", input = Json, output = Json)]
pub async fn ask(
    /// What the dashboard wants to know.
    question: Question,
) -> Result<Answer, Failure> {
    Ok(match question {
        Question::Boot => Answer::Boot(Box::new(Boot::of_request())),
        Question::Health => Answer::Health(
            host()?
                .health()
                .await?
                .backends
                .into_iter()
                .map(backend)
                .collect(),
        ),
        Question::Facets => Answer::Facets(facets().await?),
        Question::LakeIsEmpty => Answer::LakeIsEmpty(lake_is_empty().await?),
        Question::Panel(request) => Answer::Panel(Box::new(panel(request).await?)),
    })
}

#[cfg(feature = "ssr")]
fn backend(health: lakefront_api::BackendHealth) -> Backend {
    use lakefront_api::BackendState;

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
        name: format!("{}{region}", crate::markup::health::engine(health.kind)),
        state: state.into(),
        class: class.into(),
        detail: health.detail.unwrap_or_default(),
    }
}

#[cfg(feature = "ssr")]
async fn lake_is_empty() -> Result<bool, Failure> {
    const COUNT: &str = "SELECT (SELECT count() FROM otel_logs) + (SELECT count() FROM otel_traces) \
        + (SELECT count() FROM otel_metrics_gauge) + (SELECT count() FROM otel_metrics_sum) \
        + (SELECT count() FROM otel_metrics_histogram)";
    let reply = host()?
        .sql(SqlRequest {
            sql: COUNT.into(),
            params: BTreeMap::new(),
        })
        .await?;
    Ok(reply.rows.first().and_then(|row| row.first()?.as_u64()) == Some(0))
}

#[cfg(feature = "ssr")]
async fn facets() -> Result<Facets, Failure> {
    const VALUES: &str = "SELECT ServiceName, Environment FROM otel_logs WHERE Timestamp > now() - INTERVAL 30 DAY \
        GROUP BY ServiceName, Environment UNION DISTINCT \
        SELECT ServiceName, Environment FROM otel_traces WHERE Timestamp > now() - INTERVAL 30 DAY \
        GROUP BY ServiceName, Environment";
    let reply = host()?
        .sql(SqlRequest {
            sql: VALUES.into(),
            params: BTreeMap::new(),
        })
        .await?;
    let column = |index: usize| {
        let texts = reply.rows.iter().filter_map(|row| row.get(index)?.as_str());
        let texts: std::collections::BTreeSet<_> =
            texts.filter(|text| !text.is_empty()).map(str::to_owned).collect();
        texts.into_iter().collect()
    };
    Ok(Facets {
        services: column(0),
        environments: column(1),
    })
}

#[cfg(feature = "ssr")]
async fn panel(request: PanelRequest) -> Result<PanelAnswer, Failure> {
    use crate::range::{offsets, time_range};
    use lakefront_api::{BackendChoice, QueryRequest, Range};

    let host = host()?;
    let params = typed(&host.catalogue(), &request);
    let reply = host.query(QueryRequest {
        time_range: time_range(&request.range, &request.tz)?,
        query: request.query,
        params,
        tz: request.tz.clone(),
        backend: BackendChoice::Auto,
        max_lag_seconds: None,
        at: None,
    });
    let reply = reply.await?;
    let always = Range {
        from: jiff::Timestamp::UNIX_EPOCH,
        to: jiff::Timestamp::UNIX_EPOCH,
    };
    let zone = offsets(&request.tz, reply.range.unwrap_or(always))?;
    Ok(PanelAnswer { reply, zone })
}

/// A URL holds text; the catalogue knows which parameters are numbers.
#[cfg(feature = "ssr")]
fn typed(catalogue: &[QueryInfo], request: &PanelRequest) -> BTreeMap<String, serde_json::Value> {
    use lakefront_api::ParamKind;

    let info = catalogue.iter().find(|info| info.name == request.query);
    let kind = |name: &str| {
        info?
            .params
            .iter()
            .find(|param| param.name == name)
            .map(|param| param.kind)
    };
    let value = |name: &str, text: &str| match (kind(name), text.parse::<u64>()) {
        (Some(ParamKind::Integer), Ok(number)) => number.into(),
        _ => text.into(),
    };
    request
        .params
        .iter()
        .map(|(name, text)| (name.clone(), value(name, text)))
        .collect()
}

#[cfg(feature = "ssr")]
fn host() -> Result<crate::QueryService, Failure> {
    use_context().ok_or_else(|| Failure::Transport("the host put no QueryService into the context".into()))
}

/// Registers the server function with axum by hand, for hosts without life before `main` (WebAssembly).
#[cfg(feature = "ssr")]
pub fn register() {
    leptos::server_fn::axum::register_explicit::<Ask>();
}
