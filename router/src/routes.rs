//! The routes of the API: one handler per resource, and a problem document for every other path.

use axum::extract::{Extension, Path};
use axum::response::Redirect;
use axum::routing::{get, post};
use axum::{Json, Router};
use http::{HeaderMap, HeaderName, Method, StatusCode, Uri, header};
use lakefront_api::{
    Estimate, HealthReply, ProblemType, Progress, QueryInfo, QueryReply, QueryRequest, SearchReply,
    SearchRequest, SqlRequest,
};
use lakefront_app::{Backends, QueryService, SqlNames, Statement, StatementAnswer};
use lakefront_hosts::check_fetch_site;
use url::form_urlencoded;
use worker::send::SendFuture;

use crate::clock::Instant;
use crate::json_body::JsonBody;
use crate::problem::ApiError;
use crate::request::RequestContext;

/// Returns the routes of the API. The dashboard adds its own to them.
pub fn api<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new()
        .route("/query", post(query))
        .route("/search", post(search))
        .route("/sql", post(sql))
        .route("/queries", get(queries))
        .route("/health", get(health))
        .route("/download/{file}", get(download))
        .route("/rows/{page}/{query}", get(rows_of))
        .route("/plain/rows/{page}/{query}", get(rows_of))
        .route("/sql/{id}", get(sql_of).delete(stop_sql))
        .route("/sql/{id}/progress", get(progress))
        .route("/sql/answer", post(sql_answer))
        .route("/sql/estimate", post(sql_estimate))
        .route("/sql/estimated", post(sql_estimated))
        .route("/sql/names", get(sql_names))
        .method_not_allowed_fallback(method_not_allowed)
}

async fn query(
    Extension(context): Extension<RequestContext>,
    Extension(arrived): Extension<Instant>,
    JsonBody(request): JsonBody<QueryRequest>,
) -> Result<(HeaderMap, Json<QueryReply>), ApiError> {
    let reply = SendFuture::new(context.query(request, arrived)).await?;
    let age = reply.age_ms.map(|age| (header::AGE, (age / 1_000).into()));
    Ok((HeaderMap::from_iter(age), Json(reply)))
}

async fn search(
    Extension(context): Extension<RequestContext>,
    Extension(arrived): Extension<Instant>,
    JsonBody(request): JsonBody<SearchRequest>,
) -> Result<Json<SearchReply>, ApiError> {
    Ok(Json(SendFuture::new(context.search(request, arrived)).await?))
}

async fn sql(
    Extension(context): Extension<RequestContext>,
    Extension(arrived): Extension<Instant>,
    JsonBody(request): JsonBody<SqlRequest>,
) -> Result<Json<QueryReply>, ApiError> {
    Ok(Json(SendFuture::new(context.ad_hoc(request, arrived)).await?))
}

async fn queries(Extension(context): Extension<RequestContext>) -> Json<&'static [QueryInfo]> {
    Json(context.catalogue())
}

async fn health(Extension(context): Extension<RequestContext>) -> (StatusCode, Json<HealthReply>) {
    let reply = SendFuture::new(context.health()).await;
    let status = if reply.healthy {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    (status, Json(reply))
}

/// Returns the answer of a named query as a file. The query string is that of a page.
///
/// A page of another origin may link to the answer of a named query or of a search. It may not make a browser run a statement
/// of its own, nor a condition in SQL.
async fn download(
    Extension(context): Extension<RequestContext>,
    Path(file): Path<String>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<([(HeaderName, String); 2], Vec<u8>), ApiError> {
    let pairs = pairs(&uri);
    if file.starts_with("sql.") || lakefront_app::is_sql(&pairs) {
        check_fetch_site(&headers)
            .map_err(|foreign| ApiError::new(ProblemType::ForeignRequest, foreign.to_string()))?;
    }
    let download = lakefront_app::download(QueryService::new(context), &file, pairs).await?;
    let headers = [
        (header::CONTENT_TYPE, download.content_type.to_owned()),
        // The name needs no escaping. It is made of the name of a query: letters, digits, underscores, dots and hyphens.
        (
            header::CONTENT_DISPOSITION,
            format!("attachment; filename=\"{}\"", download.name),
        ),
    ];
    Ok((headers, download.body))
}

/// Leads to the SQL page with the statement of a named query and its parameters. The query string is that of a page.
async fn sql_of(
    Extension(context): Extension<RequestContext>,
    Path(query): Path<String>,
    uri: Uri,
) -> Result<Redirect, ApiError> {
    let service = QueryService::new(context);
    let address = lakefront_app::statement_address(&service, &query, pairs(&uri))?;
    Ok(Redirect::to(&address))
}

/// Leads to the page with the records that a named query counts. The query string is that of a page.
async fn rows_of(
    Extension(context): Extension<RequestContext>,
    Path((page, query)): Path<(String, String)>,
    uri: Uri,
) -> Result<Redirect, ApiError> {
    let service = QueryService::new(context);
    let is_plain = uri.path().starts_with("/plain/");
    let address = lakefront_app::rows_address(&service, (&page, &query), pairs(&uri), is_plain)?;
    Ok(Redirect::to(&address))
}

/// Stops the ad-hoc statement that was sent with this id. Status 204 says that it runs no more.
async fn stop_sql(
    Extension(context): Extension<RequestContext>,
    Path(id): Path<String>,
) -> Result<StatusCode, ApiError> {
    SendFuture::new(async move { context.stop(&id).await }).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Returns how far the ad-hoc statement is that was sent with this id.
async fn progress(
    Extension(context): Extension<RequestContext>,
    Path(id): Path<String>,
) -> Result<Json<Progress>, ApiError> {
    Ok(Json(
        SendFuture::new(async move { context.progress(&id).await }).await?,
    ))
}

/// Returns what an ad-hoc statement would read.
async fn sql_estimate(
    Extension(context): Extension<RequestContext>,
    JsonBody(request): JsonBody<SqlRequest>,
) -> Result<Json<Estimate>, ApiError> {
    Ok(Json(
        SendFuture::new(async move { context.estimate(request).await }).await?,
    ))
}

/// Returns what a statement of the SQL page would read, as a sentence for its editor. The sentence is empty for a statement
/// that cannot be estimated, such as one that is not complete.
async fn sql_estimated(
    Extension(context): Extension<RequestContext>,
    JsonBody(statement): JsonBody<Statement>,
) -> Json<String> {
    Json(lakefront_app::sql_estimated(&QueryService::new(context), statement).await)
}

/// Returns the answer to a statement of the SQL page, for its editor.
async fn sql_answer(
    Extension(context): Extension<RequestContext>,
    JsonBody(statement): JsonBody<Statement>,
) -> Json<StatementAnswer> {
    Json(lakefront_app::sql_answer(&QueryService::new(context), &statement).await)
}

/// Returns the names that the editor of the SQL page completes.
async fn sql_names(Extension(context): Extension<RequestContext>) -> Result<Json<SqlNames>, ApiError> {
    Ok(Json(lakefront_app::sql_names(&QueryService::new(context)).await?))
}

fn pairs(uri: &Uri) -> Vec<(String, String)> {
    let pairs = form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
    pairs.into_owned().collect()
}

async fn method_not_allowed(method: Method, uri: Uri) -> ApiError {
    let detail = format!(
        "{} does not take {method}; the Allow header says what it takes",
        uri.path()
    );
    ApiError::new(ProblemType::MethodNotAllowed, detail)
}

/// Returns the problem for a path that has no route.
pub fn not_found(uri: &Uri) -> ApiError {
    let detail = format!(
        "there is no {}; the API has POST /query, POST /search, POST /sql, POST /sql/estimate, GET /queries, GET /health, GET /tail, GET /download/<query>.csv, .json and .parquet, those of logs and traces, GET /sql/<query>, GET /rows/<page>/<query>, GET /sql/<id>/progress, DELETE /sql/<id>, and POST /v1/logs, /v1/traces, /v1/metrics",
        uri.path()
    );
    ApiError::new(ProblemType::NotFound, detail)
}

/// Returns true if a person with a browser requests a page: `GET` or `HEAD` with `text/html` in `Accept`.
pub fn wants_page(method: &Method, headers: &HeaderMap) -> bool {
    let accepts_html = headers
        .get_all(header::ACCEPT)
        .iter()
        .any(|value| value.as_bytes().windows(9).any(|part| part == b"text/html"));
    (method == Method::GET || method == Method::HEAD) && accepts_html
}
