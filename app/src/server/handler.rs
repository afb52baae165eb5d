//! Handles each request of the dashboard with the host's `QueryService`.

use lakefront_api::time_zone;
use leptos::prelude::use_context;

use super::{
    call::{ServerRequest, ServerResponse},
    explore,
    facets::{facets, suggestions},
    http_request, metrics, operations,
    panel::panel,
    picker::picker,
    sql,
    status::{backends, lake_content},
};
use crate::{QueryService, elapsed::now, failure::Failure};

/// Handles a request.
///
/// # Errors
/// [`Failure::Problem`] with the host's problem, [`Failure::Transport`] if the context holds no host.
pub async fn handle(request: ServerRequest) -> Result<ServerResponse, Failure> {
    use {ServerRequest as Request, ServerResponse as Response};

    Ok(match request {
        Request::Bootstrap(_) => Response::Bootstrap(Box::new(http_request::bootstrap())),
        Request::ZoneExists(zone) => Response::ZoneExists(time_zone(&zone.0).is_ok()),
        Request::Health(_) => Response::Health(backends(&host()?, now()).await?),
        Request::Facets(_) => Response::Facets(facets(&host()?).await?),
        Request::Suggestions(request) => Response::Suggestions(suggestions(&host()?, &request).await?),
        Request::LakeContent(_) => {
            Response::LakeContent(lake_content(&host()?, http_request::origin()).await?)
        }
        Request::Subsystem(subsystem) => {
            Response::Subsystem(operations::render(subsystem, &host()?, now()).await.into_string())
        }
        Request::Explore(request) => {
            Response::Explore(explore::html(&request, &host()?).await?.into_string())
        }
        Request::Picker(request) => Response::Picker(picker(&request, now()).into_string()),
        Request::Metrics(request) => Response::Metrics(Box::new(metrics::answer(&request, &host()?).await?)),
        Request::Panel(request) => Response::Panel(Box::new(panel(&host()?, &request, now()).await?)),
        Request::Sql(request) => Response::Sql(sql::page(&host()?, &request).await.into_string()),
    })
}

fn host() -> Result<QueryService, Failure> {
    use_context().ok_or_else(|| Failure::Transport("the host put no QueryService into the context".into()))
}
