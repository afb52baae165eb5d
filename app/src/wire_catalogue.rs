//! The catalogue as a page carries it. Most parameters, such as `service`, belong to many queries. The page has each of them
//! once, which makes it 11 kB smaller.

use std::borrow::Cow;

use lakefront_api::{ParamInfo, QueryInfo};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The different parameters of all queries, the queries without their parameters, and for each query the positions of
/// its parameters, as a text such as `0 3`. The bundle has code for all of these types anyway.
type WireCatalogue = (Vec<ParamInfo>, Vec<QueryInfo>, Vec<String>);

/// Writes a catalogue.
///
/// # Errors
/// When the serializer fails.
pub fn serialize<S: Serializer>(catalogue: &[QueryInfo], serializer: S) -> Result<S::Ok, S::Error> {
    let mut params: Vec<ParamInfo> = Vec::new();
    let mut queries = catalogue.to_vec();
    let mut params_of = Vec::new();
    for query in &mut queries {
        let positions = query.params.drain(..).map(|param| {
            let known = params.iter().position(|known| *known == param);
            let position = known.unwrap_or_else(|| {
                params.push(param);
                params.len() - 1
            });
            position.to_string()
        });
        params_of.push(positions.collect::<Vec<_>>().join(" "));
    }
    (params, queries, params_of).serialize(serializer)
}

/// Reads a catalogue.
///
/// # Errors
/// When the data is no catalogue.
pub fn deserialize<'de, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Cow<'static, [QueryInfo]>, D::Error> {
    let (params, mut queries, params_of) = WireCatalogue::deserialize(deserializer)?;
    for (query, positions) in queries.iter_mut().zip(params_of) {
        let positions = positions.split(' ').filter_map(|position| position.parse().ok());
        query.params = positions
            .filter_map(|position: usize| params.get(position).cloned())
            .collect();
    }
    Ok(queries.into())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Carrier(#[serde(with = "super")] Cow<'static, [QueryInfo]>);

    #[test]
    fn a_catalogue_arrives_as_it_was_sent_with_each_parameter_once() {
        let param =
            |name, max| json!({ "name": name, "kind": "text", "default": "", "max": max, "description": "" });
        let query = |name, params: &[_]| {
            json!({
                "name": name, "title": "", "description": "", "bucket": "hour", "params": params, "columns": [], "order": "",
                "chart": { "kind": "table", "x": "", "y": [], "series": [], "unit": "" }
            })
        };
        let catalogue = json!([
            query("errors", &[param("service", 9), param("page", 9)]),
            query("latency", &[]),
            query("views", &[param("page", 10), param("service", 9)]),
        ]);
        let sent = Carrier(serde_json::from_value::<Vec<_>>(catalogue).unwrap().into());
        let wire = serde_json::to_string(&sent).unwrap();
        let times = |text| wire.matches(text).count();
        assert_eq!((times("service"), times("page")), (1, 2), "{wire}");
        assert_eq!(serde_json::from_str::<Carrier>(&wire).unwrap(), sent);
    }
}
