//! Reads a request's JSON body, and turns whatever is wrong with it into a problem.

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{FromRequest, Request};
use lakefront_api::ProblemType;
use serde::de::DeserializeOwned;

use crate::problem::Refusal;

/// A JSON body.
#[derive(Debug)]
pub struct JsonBody<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for JsonBody<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, state: &S) -> Result<Self, Refusal> {
        let Json(body) = Json::from_request(request, state)
            .await
            .map_err(|rejection| refusal(&rejection))?;
        Ok(Self(body))
    }
}

fn refusal(rejection: &JsonRejection) -> Refusal {
    match rejection {
        JsonRejection::MissingJsonContentType(_) => Refusal::new(
            ProblemType::UnsupportedMediaType,
            "send the body as content-type: application/json",
        ),
        // axum's text is "Failed to …: <path>: <what serde expected> at line …".
        JsonRejection::JsonDataError(_) | JsonRejection::JsonSyntaxError(_) => {
            let text = rejection.body_text();
            let reason = text.split_once(": ").map_or(text.as_str(), |(_, reason)| reason);
            Refusal::new(ProblemType::BadRequest, format!("body: {reason}"))
        }
        other => Refusal::new(ProblemType::BadRequest, format!("body: {}", other.body_text())),
    }
}
