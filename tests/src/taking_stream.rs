//! A stream of Cloudflare Pipelines that takes everything.

use anyhow::Result;
use lakefront_landing::landing_tables;
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// Serves a stream that takes all rows and keeps none, and returns its address as the Worker's `LANDING_STREAMS` for each table.
/// [`Pipelines`](crate::Pipelines) has the limits and writes files.
///
/// # Errors
/// Returns an error if no port is free.
pub async fn taking_streams() -> Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = format!("http://{}", listener.local_addr()?);
    let take = |body: String| async move {
        let rows = serde_json::from_str::<Vec<Value>>(&body).map_or(0, |rows| rows.len());
        axum::Json(json!({"result": {"committed": rows}}))
    };
    let app = axum::Router::new()
        .fallback(take)
        .layer(axum::extract::DefaultBodyLimit::disable());
    tokio::spawn(async move { axum::serve(listener, app).await });
    let streams = landing_tables()
        .iter()
        .map(|table| (table.of.to_owned(), json!(address)));
    Ok(Value::from_iter(streams).to_string())
}
