//! The catalogue of named queries, as the build script wrote it from `queries/`.

use std::sync::{LazyLock, OnceLock};

use lakefront_api::{ParamKind, Problem, ProblemType, QueryInfo};

use crate::Definition;

static CATALOGUE: LazyLock<Vec<Definition>> = LazyLock::new(|| {
    let mut catalogue: Vec<Definition> =
        serde_json::from_str(include_str!(concat!(env!("OUT_DIR"), "/catalogue.json")))
            .expect("the build script wrote it from the same types");
    suggest(&mut catalogue, FUNNELS.get().map_or(&[], Vec::as_slice));
    catalogue
});

/// The funnels of this deployment.
static FUNNELS: OnceLock<Vec<String>> = OnceLock::new();

/// Sets the funnels of this deployment, which the catalogue suggests, the first as the default. Has an effect before the
/// catalogue is first read, and once.
pub fn define_funnels(funnels: Vec<String>) {
    let _ = FUNNELS.set(funnels);
}

fn suggest(catalogue: &mut [Definition], funnels: &[String]) {
    let params = catalogue.iter_mut().flat_map(|query| &mut query.info.params);
    for param in params.filter(|param| param.kind == ParamKind::Steps) {
        param.values = funnels.to_vec();
        if let Some(first) = funnels.first() {
            param.default = Some(first.as_str().into());
        }
    }
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_funnel_is_the_default() {
        let mut catalogue = CATALOGUE.clone();
        suggest(&mut catalogue, &["a > b".into(), "c".into()]);
        let funnel = catalogue
            .iter()
            .find(|query| query.info.name == "funnel")
            .unwrap();
        let steps = &funnel.info.params[0];
        assert_eq!(
            (steps.default.clone(), &steps.values[..]),
            (Some("a > b".into()), &["a > b".into(), "c".into()][..])
        );
    }
}
