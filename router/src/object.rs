//! Requests to a Durable Object of this Worker.

use worker::wasm_bindgen::JsValue;
use worker::{Env, Method, Request, RequestInit, Response, Result};

/// The one object of a namespace.
#[derive(Debug, Clone, Copy)]
pub struct NamedObject {
    /// The binding of the namespace.
    pub binding: &'static str,
    /// The name of the object.
    pub name: &'static str,
}

impl NamedObject {
    /// Sends a request to a path of the object, which may have a query string: a POST if there is a body, otherwise a GET.
    pub async fn call(self, env: &Env, path: &str, body: Option<String>) -> Result<Response> {
        let mut init = RequestInit::new();
        if let Some(body) = body {
            init.with_method(Method::Post)
                .with_body(Some(JsValue::from_str(&body)));
        }
        // Only the binding routes the host.
        let address = format!("http://{}.object{path}", self.name);
        let request = Request::new_with_init(&address, &init)?;
        let object = env.durable_object(self.binding)?.get_by_name(self.name)?;
        object.fetch_with_request(request).await
    }

    /// Sends a request like [`NamedObject::call`]. Any status but 2xx is an error.
    pub async fn ask(self, env: &Env, path: &str, body: Option<String>) -> Result<Response> {
        let answer = self.call(env, path, body).await?;
        match answer.status_code() {
            200..=299 => Ok(answer),
            status => Err(format!("the object answers with status {status}").into()),
        }
    }
}
