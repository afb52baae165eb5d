//! The JSON bodies of requests. An error becomes a problem document.

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::extract::{FromRequest, Request};
use lakefront_api::ProblemType;
use serde::de::DeserializeOwned;

use crate::problem::ApiError;

/// Extracts a JSON body, or returns a refusal that says what is wrong with it.
#[derive(Debug)]
pub struct JsonBody<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for JsonBody<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let Json(body) = Json::from_request(request, state)
            .await
            .map_err(|rejection| refusal(&rejection))?;
        Ok(Self(body))
    }
}

fn refusal(rejection: &JsonRejection) -> ApiError {
    match rejection {
        JsonRejection::MissingJsonContentType(_) => ApiError::new(
            ProblemType::UnsupportedMediaType,
            "send the body as content-type: application/json",
        ),
        // axum's text is "Failed to …: <path>: <what serde expected> at line …". The caller gets the part after the
        // first colon.
        JsonRejection::JsonDataError(_) | JsonRejection::JsonSyntaxError(_) => {
            let text = rejection.body_text();
            let reason = text.split_once(": ").map_or(text.as_str(), |(_, reason)| reason);
            ApiError::new(ProblemType::BadRequest, format!("body: {reason}"))
        }
        other => ApiError::new(ProblemType::BadRequest, format!("body: {}", other.body_text())),
    }
}
