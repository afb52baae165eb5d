//! Typed calls of the server: each request has the type of its response.
//!
//! All calls go through one server function with one request and one response type, because each further function and
//! each further type of a resource adds code of Leptos to the browser's bundle (`docs/adr/one-server-function.md`).
//! Only this module and the handler match on [`ServerRequest`] and [`ServerResponse`].

use serde::{Deserialize, Serialize};

use super::types::{
    BackendRow, ExploreRequest, Facet, LakeContent, MetricsAnswer, MetricsRequest, PanelAnswer, PanelRequest,
    PickerRequest, SqlPageRequest, Subsystem, SuggestionsRequest,
};
use crate::{bootstrap::Bootstrap, failure::Failure};

/// A request with the type of its response.
pub trait Call: Clone + PartialEq + Send + Sync + 'static {
    /// The type of the response.
    type Response: 'static;

    /// Converts the request to the argument of the server function.
    fn into_request(self) -> ServerRequest;

    /// Returns the response of this kind of request, or `None` for the response of another kind.
    fn response(response: ServerResponse) -> Option<Self::Response>;

    /// Returns a reference to the response of this kind of request, or `None` for the response of another kind.
    fn response_ref(response: &ServerResponse) -> Option<&Self::Response>;

    /// Converts the result of the server function to the result of the call.
    ///
    /// # Errors
    /// The server's [`Failure`], or [`Failure::Transport`] if the server sent the response of another kind of request.
    /// That is a server of another version.
    fn result(result: Result<ServerResponse, Failure>) -> Result<Self::Response, Failure> {
        Self::response(result?).ok_or_else(|| {
            let message = "the server sent another kind of response than expected: load the page again";
            Failure::Transport(message.into())
        })
    }
}

/// Defines the argument and the result of the server function, with a variant of each for every call.
macro_rules! calls {
    ($($(#[$doc:meta])* $name:ident($call:ty) -> $response:ty;)*) => {
        /// The argument of the server function.
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
        pub enum ServerRequest {
            $($(#[$doc])* $name($call),)*
        }

        /// The result of the server function. Its variants have the names of the requests.
        #[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
        pub enum ServerResponse {
            $($(#[$doc])* $name($response),)*
        }

        $(
            impl Call for $call {
                type Response = $response;

                fn into_request(self) -> ServerRequest {
                    ServerRequest::$name(self)
                }

                fn response(response: ServerResponse) -> Option<Self::Response> {
                    match response {
                        ServerResponse::$name(value) => Some(value),
                        _ => None,
                    }
                }

                fn response_ref(response: &ServerResponse) -> Option<&Self::Response> {
                    match response {
                        ServerResponse::$name(value) => Some(value),
                        _ => None,
                    }
                }
            }
        )*
    };
}

calls! {
    /// The data that every page needs first, for a browser whose page no server rendered.
    Bootstrap(BootstrapRequest) -> Box<Bootstrap>;
    /// Whether a time zone of this name exists.
    ZoneExists(ZoneRequest) -> bool;
    /// The state of the backends.
    Health(HealthRequest) -> Vec<BackendRow>;
    /// The services and environments of the last 30 days.
    Facets(FacetsRequest) -> Vec<Facet>;
    /// The values that queries suggest for filters.
    Suggestions(SuggestionsRequest) -> Vec<Facet>;
    /// Whether the lake has rows. The router's own events do not count.
    LakeContent(LakeContentRequest) -> LakeContent;
    /// The state of one subsystem as HTML. The browser shows it unchanged, so the bundle has no code to render it.
    Subsystem(Subsystem) -> String;
    /// A part of a page that searches as HTML, as for a subsystem.
    Explore(ExploreRequest) -> String;
    /// The choice of a range as HTML, as for a subsystem.
    Picker(PickerRequest) -> String;
    /// The content of the Metrics page.
    Metrics(MetricsRequest) -> Box<MetricsAnswer>;
    /// The answer of a named query.
    Panel(PanelRequest) -> Box<PanelAnswer>;
    /// The SQL page as HTML, as for a subsystem.
    Sql(SqlPageRequest) -> String;
}

impl ServerResponse {
    /// Returns true if the page shows the response as HTML and reads nothing else from it.
    pub const fn is_shown_as_html(&self) -> bool {
        matches!(
            self,
            Self::Panel(_) | Self::Subsystem(_) | Self::Explore(_) | Self::Picker(_) | Self::Sql(_)
        )
    }
}

/// Requests the [`Bootstrap`] data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BootstrapRequest;

/// Requests whether a time zone of this name exists.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ZoneRequest(pub String);

/// Requests the state of the backends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HealthRequest;

/// Requests the services and environments of the last 30 days.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FacetsRequest;

/// Requests whether the lake has rows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LakeContentRequest;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_response_of_another_call_is_a_failure() {
        let zone = || Ok(ServerResponse::ZoneExists(true));
        assert_eq!(ZoneRequest::result(zone()), Ok(true));
        let failure = HealthRequest::result(zone()).unwrap_err();
        assert!(failure.to_string().contains("load the page again"), "{failure}");
        let failure = Failure::Transport("offline".into());
        assert_eq!(ZoneRequest::result(Err(failure.clone())), Err(failure));
    }
}
