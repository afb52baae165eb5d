//! The one server function, its typed calls, and the code that runs on the server only.

mod call;
#[cfg(feature = "ssr")]
mod csv;
#[cfg(feature = "ssr")]
mod download;
#[cfg(feature = "ssr")]
mod explore;
#[cfg(feature = "ssr")]
mod facets;
#[cfg(feature = "ssr")]
mod funnel;
#[cfg(feature = "ssr")]
mod guide;
#[cfg(feature = "ssr")]
mod handler;
#[cfg(feature = "ssr")]
pub mod http_request;
#[cfg(feature = "ssr")]
mod map;
#[cfg(feature = "ssr")]
mod metrics;
#[cfg(feature = "ssr")]
mod operations;
#[cfg(feature = "ssr")]
mod panel;
#[cfg(feature = "ssr")]
mod periods;
#[cfg(feature = "ssr")]
mod picker;
#[cfg(feature = "ssr")]
mod sql;
#[cfg(feature = "ssr")]
mod status;
#[cfg(feature = "ssr")]
mod totals;
mod types;
#[cfg(feature = "ssr")]
mod waterfall;

use leptos::prelude::*;

pub use self::{
    call::{
        BootstrapRequest, Call, FacetsRequest, HealthRequest, LakeContentRequest, ServerRequest,
        ServerResponse, ZoneRequest,
    },
    types::{
        BackendRow, ExplorePart, ExploreRequest, Facet, LakeContent, MetricChart, MetricsAnswer,
        MetricsRequest, PanelAnswer, PanelRequest, PickerRequest, Shown, SqlPageRequest, Subsystem,
        SuggestionsRequest, find_key,
    },
};
#[cfg(feature = "ssr")]
pub use self::{
    download::{Download, download, rows_address, statement_address},
    explore::is_sql,
    sql::{
        SqlNames, Statement, StatementAnswer, answer as sql_answer, estimated as sql_estimated,
        names as sql_names,
    },
};
use crate::{failure::Failure, json::Json};

/// Sends a request to the server, where the host's `QueryService` answers it. Callers use [`call`], which has types.
///
/// # Errors
/// [`Failure`] if the host reports a problem or cannot be reached.
#[server(name = Ask, prefix = "/api", endpoint = "ask", input = Json, output = Json)]
pub async fn ask(
    /// The request.
    request: ServerRequest,
) -> Result<ServerResponse, Failure> {
    handler::handle(request).await
}

/// Sends a request to the server and returns its response.
///
/// # Errors
/// [`Failure`] if the host reports a problem or cannot be reached.
pub async fn call<C: Call>(request: C) -> Result<C::Response, Failure> {
    C::result(ask(request.into_request()).await)
}

/// Returns what stands in for the choice of a range until the server's answer arrives. On the server it is the answer.
pub fn placeholder(request: &PickerRequest) -> maud::Markup {
    #[cfg(feature = "ssr")]
    return picker::picker(request, crate::elapsed::now());
    #[cfg(not(feature = "ssr"))]
    {
        let _ = request;
        maud::PreEscaped(String::new())
    }
}

/// Registers the server function with axum. WebAssembly hosts need this, because no code runs there before `main`.
#[cfg(feature = "ssr")]
pub fn register() {
    leptos::server_fn::axum::register_explicit::<Ask>();
}
