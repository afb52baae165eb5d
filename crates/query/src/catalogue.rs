//! The catalogue of named queries, as the build script wrote it from `queries/`.

use std::sync::LazyLock;

use lakefront_api::{Problem, ProblemType, QueryInfo};

use crate::Definition;

static CATALOGUE: LazyLock<Vec<Definition>> = LazyLock::new(|| {
    serde_json::from_str(include_str!(concat!(env!("OUT_DIR"), "/catalogue.json")))
        .expect("the build script wrote it from the same types")
});

static INFOS: LazyLock<Vec<QueryInfo>> =
    LazyLock::new(|| CATALOGUE.iter().map(|query| query.info.clone()).collect());

/// Returns all named queries, sorted by name.
pub fn catalogue() -> &'static [Definition] {
    &CATALOGUE
}

/// Returns the public part of all named queries, sorted by name.
pub fn query_infos() -> &'static [QueryInfo] {
    &INFOS
}

/// Returns the named query called `name`.
///
/// # Errors
/// [`ProblemType::NotFound`] for an unknown name, with the list of all names.
pub fn find(name: &str) -> Result<&'static Definition, Problem> {
    catalogue()
        .iter()
        .find(|query| query.info.name == name)
        .ok_or_else(|| {
            let names: Vec<&str> = catalogue().iter().map(|query| query.info.name.as_str()).collect();
            let detail = format!("query: expected one of {}", names.join(", "));
            Problem::new(ProblemType::NotFound, detail)
        })
}
