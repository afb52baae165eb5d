//! Reads a folder of `queries/` and says what in it is not true.

use lakefront_api::{Bucket, ChartKind, ChartSpec, ColumnInfo, ParamInfo, ParamKind, QueryInfo};
use serde::Deserialize;

use crate::definition::Definition;
use crate::sql_text;

/// `query.toml`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct QueryToml {
    title: String,
    description: String,
    bucket: Bucket,
    #[serde(default)]
    params: Vec<ParamInfo>,
    columns: Vec<ColumnInfo>,
    chart: ChartSpec,
}

/// Reads a folder's `query.toml` and `lake.sql`.
///
/// # Errors
/// A sentence for each thing that is not true, naming file and field.
pub fn check(name: &str, toml: &str, sql: &str) -> Result<Definition, Vec<String>> {
    let declared: QueryToml =
        toml::from_str(toml).map_err(|error| vec![format!("queries/{name}/query.toml: {error}")])?;
    let mut params = declared.params;
    params.extend(filters());
    let blanked = sql_text::blank(sql);
    let mut faults = Vec::new();
    check_params(&params, &blanked, &mut faults);
    let order = check_columns(&declared.columns, &blanked, &mut faults);
    check_chart(&declared.chart, &declared.columns, &mut faults);
    if !faults.is_empty() {
        return Err(faults
            .into_iter()
            .map(|fault| format!("queries/{name}/{fault}"))
            .collect());
    }
    let info = QueryInfo {
        name: name.into(),
        title: declared.title,
        description: declared.description,
        bucket: declared.bucket,
        params,
        columns: declared.columns,
        order,
        chart: declared.chart,
        retention_days: None,
    };
    Ok(Definition {
        info,
        lake_sql: sql.trim_end().into(),
    })
}

/// The filters that every query takes.
fn filters() -> [ParamInfo; 2] {
    [
        ("service", "Only this service; empty means all."),
        ("environment", "Only this environment; empty means all."),
    ]
    .map(|(name, description)| ParamInfo {
        name: name.into(),
        kind: ParamKind::Text,
        default: Some("".into()),
        max: 256,
        values: Vec::new(),
        description: description.into(),
    })
}

/// The type of a kind's placeholders.
pub const fn placeholder_type(kind: ParamKind) -> &'static str {
    match kind {
        ParamKind::Text => "String",
        ParamKind::Integer => "UInt64",
    }
}

/// Placeholders that are filled from the request itself: the range's ends and the zone.
const RANGE: [(&str, &str); 3] = [
    ("from", "DateTime64(6)"),
    ("to", "DateTime64(6)"),
    ("tz", "String"),
];

fn check_params(params: &[ParamInfo], blanked: &str, faults: &mut Vec<String>) {
    let declared = params
        .iter()
        .map(|param| (param.name.as_str(), placeholder_type(param.kind)));
    let used = sql_text::placeholders(blanked);
    // A query whose rows carry no time needs no zone of its own: the range's ends are instants.
    for (name, data_type) in declared.clone().chain(RANGE).filter(|(name, _)| *name != "tz") {
        if !used.contains(&(name, data_type)) {
            faults.push(format!(
                "lake.sql: parameter `{name}` is declared, but {{{name}:{data_type}}} is not used"
            ));
        }
    }
    for (name, data_type) in &used {
        match declared
            .clone()
            .chain(RANGE)
            .find(|(declared, _)| declared == name)
        {
            None => faults.push(format!(
                "lake.sql: {{{name}:{data_type}}} is used, but query.toml has no such [[params]]"
            )),
            Some((_, expected)) if expected != *data_type => faults.push(format!(
                "lake.sql: {{{name}:{data_type}}} is used, but query.toml declares `{name}` as {expected}"
            )),
            Some(_) => {}
        }
    }
    for (at, param) in params.iter().enumerate() {
        let name = &param.name;
        if RANGE.iter().any(|(taken, _)| taken == name)
            || params[..at].iter().any(|other| other.name == *name)
        {
            faults.push(format!("query.toml: params.name `{name}` is taken"));
        }
        let fits = match (&param.default, param.kind) {
            (None, _) => true,
            (Some(value), ParamKind::Text) => value.as_str().is_some_and(|text| {
                text.len() as u64 <= param.max
                    && (param.values.is_empty() || param.values.iter().any(|one| one == text))
            }),
            (Some(value), ParamKind::Integer) => value
                .as_u64()
                .is_some_and(|number| (1..=param.max).contains(&number)),
        };
        if !fits {
            faults.push(format!(
                "query.toml: params.default of `{name}` is not what the parameter takes"
            ));
        }
    }
}

/// Compares the columns with the outer select list, and reads the order.
fn check_columns(columns: &[ColumnInfo], blanked: &str, faults: &mut Vec<String>) -> String {
    let declared: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
    match sql_text::select_list(blanked) {
        Ok(selected) if selected == declared => {}
        Ok(selected) => faults.push(format!(
            "query.toml: columns are {}, but lake.sql returns {}",
            declared.join(", "),
            selected.join(", ")
        )),
        Err(fault) => faults.push(format!("lake.sql: {fault}")),
    }
    let order = sql_text::order(blanked);
    if order.is_empty() {
        faults.push("lake.sql: an outer ORDER BY is missing, so two runs could differ".into());
    }
    for (name, _) in &order {
        if !declared.contains(name) {
            faults.push(format!("lake.sql: ORDER BY {name}, which is not a column"));
        }
    }
    let words: Vec<String> = order
        .iter()
        .map(|(name, descends)| {
            if *descends {
                format!("{name} ↓")
            } else {
                (*name).into()
            }
        })
        .collect();
    words.join(", ")
}

fn check_chart(chart: &ChartSpec, columns: &[ColumnInfo], faults: &mut Vec<String>) {
    let x = (!chart.x.is_empty()).then_some(("x", &chart.x));
    let y = chart.y.iter().map(|name| ("y", name));
    let series = chart.series.iter().map(|name| ("series", name));
    for (field, name) in x.into_iter().chain(y).chain(series) {
        if !columns.iter().any(|column| column.name == *name) {
            faults.push(format!(
                "query.toml: chart.{field} names `{name}`, which is not a column"
            ));
        }
    }
    if chart.kind != ChartKind::Table && (chart.x.is_empty() || chart.y.is_empty()) {
        faults.push("query.toml: chart.x and chart.y are required unless chart.kind is table".into());
    }
}
