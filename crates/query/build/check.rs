//! Parses a folder of `queries/` and reports its faults.

use lakefront_api::{
    Bucket, ChartKind, ChartSpec, ColumnInfo, PanelPlace, ParamInfo, ParamKind, QueryInfo, row_search,
};
use lakefront_hot_tier::sql_text;
use lakefront_otel::MAX_FILTER_BYTES;
use serde::Deserialize;

/// The declaration of a query, `query.toml`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct QueryToml {
    title: String,
    description: String,
    bucket: Bucket,
    #[serde(default)]
    look_back_days: u16,
    #[serde(default)]
    params: Vec<ParamInfo>,
    columns: Vec<ColumnInfo>,
    chart: ChartSpec,
    #[serde(default)]
    panels: Vec<PanelPlace>,
    #[serde(default)]
    rows: Vec<String>,
    hot: Option<HotToml>,
}

/// The section `[hot]` of `query.toml`: a view, or the indexes of the raw tables.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HotToml {
    view: Option<String>,
    retention_days: Option<u16>,
    #[serde(default)]
    whole_days: bool,
    #[serde(default)]
    indexed: bool,
}

/// A folder without faults.
#[derive(Debug)]
pub struct Checked {
    /// The description that `GET /queries` returns.
    pub info: QueryInfo,
    /// Number of whole days before the range that the query also reads.
    pub look_back_days: u16,
    /// The text of `lake.sql`.
    pub lake_sql: String,
    /// The way in which ClickHouse answers the query, if it can.
    pub hot: Option<HotQuery>,
}

/// The way in which a ClickHouse answers a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HotQuery {
    /// By `lake.sql`, with the indexes of the raw tables.
    Indexed,
    /// By a statement on a view.
    View {
        /// The view's logical name.
        view: String,
        /// The text of `hot.sql`.
        sql: String,
        /// Number of whole UTC days before today that the query may read.
        retention_days: u16,
        /// True if whole days of the range are read from states of one day.
        whole_days: bool,
    },
}

/// The fewest and the most days that a view may keep.
const VIEW_DAYS: std::ops::RangeInclusive<u16> = 92..=365;

/// The largest `look_back_days` of a query.
const MOST_LOOK_BACK: u16 = 92;

/// Checks a folder's `query.toml`, `lake.sql` and, if the folder has it, `hot.sql`. `raw_days` is the retention of the
/// raw tables in days.
///
/// # Errors
/// One sentence per fault, with the file and the field.
pub fn check(
    name: &str,
    toml: &str,
    lake_sql: &str,
    hot_sql: Option<&str>,
    raw_days: u16,
) -> Result<Checked, Vec<String>> {
    let declared: QueryToml =
        toml::from_str(toml).map_err(|error| vec![format!("queries/{name}/query.toml: {error}")])?;
    let mut params = declared.params;
    params.extend(filters());
    let mut faults = Vec::new();
    for param in params.iter_mut().filter(|param| param.kind == ParamKind::Text) {
        if param.max != 0 {
            faults.push(format!(
                "query.toml: params.max of `{}`: a text takes none; its bound is that of the column",
                param.name
            ));
        }
        param.max = MAX_FILTER_BYTES as u64;
    }
    check_params(&params, &mut faults);
    let given = Given {
        params: &params,
        looks_back: declared.look_back_days > 0,
        has_steps: declared.bucket == Bucket::Hour && declared.chart.has_time_axis(&declared.columns),
    };
    let order = check_statement("lake.sql", lake_sql, &given, &declared.columns, &mut faults);
    check_chart(&declared.chart, &declared.columns, &mut faults);
    let hot = check_hot(declared.hot, hot_sql, lake_sql, declared.bucket).unwrap_or_else(|fault| {
        faults.push(fault);
        None
    });
    if let Some(HotQuery::View { view, sql, .. }) = &hot {
        let hot_order = check_statement("hot.sql", sql, &given, &declared.columns, &mut faults);
        if hot_order != order {
            faults.push(format!(
                "hot.sql: ordered by {hot_order}, but lake.sql by {order}"
            ));
        }
        check_reads(view, &sql_text::blank(sql), &mut faults);
    }
    for rows in declared.rows.iter().filter(|rows| row_search(rows).is_none()) {
        faults.push(format!(
            "query.toml: rows has `{rows}`; expected a page and a search, as in `logs?q=error:*`"
        ));
    }
    if declared.look_back_days > MOST_LOOK_BACK {
        faults.push(format!(
            "query.toml: look_back_days is {}; expected at most {MOST_LOOK_BACK}",
            declared.look_back_days
        ));
    }
    if declared.look_back_days > 0 && hot == Some(HotQuery::Indexed) {
        faults.push("query.toml: look_back_days needs a view; raw tables keep too little".into());
    }
    if !faults.is_empty() {
        return Err(faults
            .into_iter()
            .map(|fault| format!("queries/{name}/{fault}"))
            .collect());
    }
    Ok(Checked {
        info: QueryInfo {
            name: name.into(),
            title: declared.title,
            description: declared.description,
            bucket: declared.bucket,
            params,
            columns: declared.columns,
            order,
            chart: declared.chart,
            panels: declared.panels,
            rows: declared.rows,
            retention_days: hot.as_ref().map(|hot| match hot {
                HotQuery::Indexed => raw_days.into(),
                HotQuery::View { retention_days, .. } => (*retention_days).into(),
            }),
        },
        look_back_days: declared.look_back_days,
        lake_sql: lake_sql.trim_end().into(),
        hot,
    })
}

/// Checks the section `[hot]` against the files of the folder.
fn check_hot(
    declared: Option<HotToml>,
    sql: Option<&str>,
    lake_sql: &str,
    bucket: Bucket,
) -> Result<Option<HotQuery>, String> {
    let Some(HotToml {
        view,
        retention_days,
        whole_days,
        indexed,
    }) = declared
    else {
        return match sql {
            None => Ok(None),
            Some(_) => Err("query.toml: hot.sql is there, but [hot] is missing".into()),
        };
    };
    match (view, retention_days, indexed, sql) {
        (None, None, true, None) if !has_word(lake_sql, "WHERE") => {
            Err("lake.sql: the guard stands in the first WHERE, and there is none".into())
        }
        (None, None, true, None) if !whole_days => Ok(Some(HotQuery::Indexed)),
        (None, None, true, Some(_)) => {
            Err("query.toml: hot.indexed asks lake.sql, but hot.sql is there".into())
        }
        (Some(_), Some(_), false, None) => Err("hot.sql: missing, but query.toml names a view".into()),
        (Some(_), Some(_), false, Some(sql)) if !has_word(sql, "WHERE") => {
            Err("hot.sql: the guard stands in the first WHERE, and there is none".into())
        }
        (Some(_), Some(_), false, Some(sql)) if bucket == Bucket::Exact && !has_word(sql, "Timestamp") => {
            Err("hot.sql: bucket is exact, so that the range is cut by Timestamp, a key of the view".into())
        }
        (Some(_), Some(days), false, Some(_)) if !VIEW_DAYS.contains(&days) => Err(format!(
            "query.toml: hot.retention_days is {days}; expected {} to {}",
            VIEW_DAYS.start(),
            VIEW_DAYS.end()
        )),
        (Some(view), Some(retention_days), false, Some(sql)) => Ok(Some(HotQuery::View {
            view,
            sql: sql.trim_end().into(),
            retention_days,
            whole_days,
        })),
        _ => Err("query.toml: [hot] takes `view` and `retention_days`, or `indexed = true`".into()),
    }
}

/// Returns true if a statement contains a word outside quotes and comments.
fn has_word(sql: &str, word: &str) -> bool {
    sql_text::words(&sql_text::blank(sql)).any(|(_, found)| found == word)
}

/// Checks that a statement on a view reads that view and no other table.
fn check_reads(view: &str, blanked: &str, faults: &mut Vec<String>) {
    let words = || sql_text::words(blanked).map(|(_, word)| word);
    if !words().any(|word| word == view) {
        faults.push(format!("hot.sql: does not read {view}, which query.toml names"));
    }
    for other in words().filter(|word| *word != view && (word.starts_with("mv_") || word.starts_with("otel")))
    {
        faults.push(format!("hot.sql: reads {other}, but query.toml names {view}"));
    }
}

/// Returns the filters that every query has as parameters.
fn filters() -> [ParamInfo; 2] {
    [
        ("service", "Only this service; empty means all."),
        ("environment", "Only this environment; empty means all."),
    ]
    .map(|(name, description)| ParamInfo {
        name: name.into(),
        kind: ParamKind::Text,
        default: Some("".into()),
        max: 0,
        values: Vec::new(),
        hex_digits: None,
        description: description.into(),
        suggest: None,
    })
}

/// Returns the SQL type of the placeholders for a kind of parameter.
pub const fn placeholder_type(kind: ParamKind) -> &'static str {
    match kind {
        ParamKind::Text | ParamKind::Steps => "String",
        ParamKind::Integer => "UInt64",
    }
}

/// Placeholders that the request itself fills: the ends of the range, the time zone, and the start of a query that
/// looks back. `until` is the end of the available data, and `step` the bucket.
const RANGE: [(&str, &str); 6] = [
    ("from", "DateTime64(6)"),
    ("to", "DateTime64(6)"),
    ("tz", "String"),
    ("since", "DateTime64(6)"),
    ("until", "DateTime64(6)"),
    ("step", "String"),
];

/// The placeholders that a statement may use.
struct Given<'a> {
    params: &'a [ParamInfo],
    looks_back: bool,
    has_steps: bool,
}

impl Given<'_> {
    /// Returns names and types of all placeholders.
    fn placeholders(&self) -> impl Iterator<Item = (&str, &str)> {
        let own = self.params.iter();
        own.map(|param| (param.name.as_str(), placeholder_type(param.kind)))
            .chain(RANGE)
            .filter(|(name, _)| match *name {
                "since" => self.looks_back,
                "step" => self.has_steps,
                _ => true,
            })
    }
}

/// Compares a statement with its declaration, and returns its order.
fn check_statement(
    file: &str,
    sql: &str,
    given: &Given<'_>,
    columns: &[ColumnInfo],
    faults: &mut Vec<String>,
) -> String {
    let blanked = sql_text::blank(sql);
    check_placeholders(file, given, &blanked, faults);
    check_columns(file, columns, &blanked, faults)
}

/// The placeholder for the first UTC day of the guard. The build adds the guard later, so that `hot.sql` itself may not
/// use it.
const FIRST_DAY: &str = "first_day";

fn check_placeholders(file: &str, given: &Given<'_>, blanked: &str, faults: &mut Vec<String>) {
    let used = sql_text::placeholders(blanked);
    // A query whose rows have no time needs no zone, since the ends of the range are instants. Only rates need `until`.
    let optional = ["tz", "until"];
    for (name, data_type) in given.placeholders().filter(|(name, _)| !optional.contains(name)) {
        if !used.contains(&(name, data_type)) {
            faults.push(format!(
                "{file}: parameter `{name}` is declared, but {{{name}:{data_type}}} is not used"
            ));
        }
    }
    for (name, data_type) in &used {
        match given.placeholders().find(|(declared, _)| declared == name) {
            None => faults.push(format!(
                "{file}: {{{name}:{data_type}}} is used, but query.toml has no such [[params]]"
            )),
            Some((_, expected)) if expected != *data_type => faults.push(format!(
                "{file}: {{{name}:{data_type}}} is used, but query.toml declares `{name}` as {expected}"
            )),
            Some(_) => {}
        }
    }
}

fn check_params(params: &[ParamInfo], faults: &mut Vec<String>) {
    for (at, param) in params.iter().enumerate() {
        let name = &param.name;
        if name == FIRST_DAY
            || RANGE.iter().any(|(taken, _)| taken == name)
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
            (Some(value), ParamKind::Steps) => value
                .as_str()
                .is_some_and(|text| lakefront_api::funnel_steps(text).is_ok()),
            (Some(value), ParamKind::Integer) => value
                .as_u64()
                .is_some_and(|number| (1..=param.max).contains(&number)),
        };
        if param.kind != ParamKind::Text && param.max == 0 {
            faults.push(format!("query.toml: params.max of `{name}` is missing"));
        } else if !fits {
            faults.push(format!(
                "query.toml: params.default of `{name}` is not what the parameter takes"
            ));
        }
    }
}

/// Compares the declared columns with the outer select list, and returns the order.
fn check_columns(file: &str, columns: &[ColumnInfo], blanked: &str, faults: &mut Vec<String>) -> String {
    let declared: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
    match sql_text::select_list(blanked) {
        Ok(selected) if selected == declared => {}
        Ok(selected) => faults.push(format!(
            "query.toml: columns are {}, but {file} returns {}",
            declared.join(", "),
            selected.join(", ")
        )),
        Err(fault) => faults.push(format!("{file}: {fault}")),
    }
    let order = sql_text::order(blanked);
    if order.is_empty() {
        faults.push(format!(
            "{file}: an outer ORDER BY is missing, so two runs could differ"
        ));
    }
    for (name, _) in &order {
        if !declared.contains(name) {
            faults.push(format!("{file}: ORDER BY {name}, which is not a column"));
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
    let (needs_x, needs_y) = match chart.kind {
        ChartKind::Table => (false, false),
        ChartKind::Totals => (false, true),
        ChartKind::Markers | ChartKind::Record => (true, false),
        _ => (true, true),
    };
    if (needs_x && chart.x.is_empty()) || (needs_y && chart.y.is_empty()) {
        faults.push(
            "query.toml: chart.x and chart.y are required unless chart.kind is table, totals, markers or record"
                .into(),
        );
    }
}
