//! Server functions: each asks the host's [`QueryService`](crate::QueryService), and only forwards its answer.

use std::collections::BTreeMap;

use lakefront_api::{QueryInfo, QueryReply, Zone};
use leptos::{
    prelude::*,
    server_fn::codec::Json,
};
use serde::{Deserialize, Serialize};

use crate::{failure::Failure, view::RangeChoice};

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
    pub params: BTreeMap<String, String>,
}

/// What a panel draws.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PanelAnswer {
    /// The router's reply.
    pub reply: QueryReply,
    /// The zone's offsets over the reply's range.
    pub zone: Zone,
}

/// The catalogue of named queries.
#[server(prefix = "/api", endpoint = "catalogue", input = Json, output = Json)]
pub async fn catalogue() -> Result<Vec<QueryInfo>, Failure> {
    Ok(host()?.catalogue())
}

/// Runs a named query for a panel.
#[server(prefix = "/api", endpoint = "panel", input = Json, output = Json)]
pub async fn panel(request: PanelRequest) -> Result<PanelAnswer, Failure> {
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
    let always = Range { from: jiff::Timestamp::UNIX_EPOCH, to: jiff::Timestamp::UNIX_EPOCH };
    let zone = offsets(&request.tz, reply.range.unwrap_or(always))?;
    Ok(PanelAnswer { reply, zone })
}

/// A URL holds text; the catalogue knows which parameters are numbers.
#[cfg(feature = "ssr")]
fn typed(catalogue: &[QueryInfo], request: &PanelRequest) -> BTreeMap<String, serde_json::Value> {
    use lakefront_api::ParamKind;

    let info = catalogue.iter().find(|info| info.name == request.query);
    let kind = |name: &str| info?.params.iter().find(|param| param.name == name).map(|param| param.kind);
    let value = |name: &str, text: &str| match (kind(name), text.parse::<u64>()) {
        (Some(ParamKind::Integer), Ok(number)) => number.into(),
        _ => text.into(),
    };
    request.params.iter().map(|(name, text)| (name.clone(), value(name, text))).collect()
}

#[cfg(feature = "ssr")]
fn host() -> Result<crate::QueryService, Failure> {
    use_context().ok_or_else(|| Failure::Transport("the host put no QueryService into the context".into()))
}

/// Registers the server functions with axum by hand, for hosts without life before `main` (WebAssembly).
#[cfg(feature = "ssr")]
pub fn register() {
    use leptos::server_fn::axum::register_explicit;

    register_explicit::<Catalogue>();
    register_explicit::<Panel>();
}
