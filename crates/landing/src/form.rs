//! The landing tables, derived from the table definition.

use std::sync::LazyLock;

use lakefront_otel::{Column, ColumnType, Table};

use crate::receipt;

/// The namespace of the landing tables.
pub const NAMESPACE: &str = "otel_landing";

/// The version of the landing form. It is in the name of every stream, pipeline, sink and landing table, because none
/// of them can be changed.
pub const VERSION: u32 = 1;

/// The column that a sink adds: the time at which the event arrived at the stream. Its day is the partition.
pub const INGESTED: &str = "__ingest_ts";

/// The column that the writer of a row fills, which here is the keeper.
pub(crate) const ROW_ID: &str = "RowId";

/// Keys of the fields that say which chunk an event belongs to. They are columns of the landing table too.
pub(crate) mod key {
    /// The version of the form.
    pub(crate) const VERSION: &str = "_version";
    /// The id of the chunk, in 32 hexadecimal digits.
    pub(crate) const CHUNK: &str = "_chunk";
    /// The number of the row in its chunk, from 0.
    pub(crate) const ROW: &str = "_row";
    /// The number of rows of the chunk.
    pub(crate) const ROWS: &str = "_rows";
    /// When the Worker accepted the row, in microseconds since 1970 UTC.
    pub(crate) const ACCEPTED: &str = "_accepted";
}

/// The form of a value in an event and in a landing table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// A text. A floating-point number is one too, because JSON has no NaN.
    Text,
    /// An integer of 64 bits. A time is one, in microseconds since 1970 UTC.
    Integer,
    /// A boolean.
    Boolean,
    /// A JSON object or array in the event, and its text in the landing table, because Pipelines have no maps.
    Json,
}

impl Form {
    /// Returns the form of a column of `otel`.
    pub(crate) fn of(r#type: ColumnType) -> Self {
        match r#type {
            ColumnType::String | ColumnType::Double => Self::Text,
            ColumnType::Int | ColumnType::Long | ColumnType::Timestamp => Self::Integer,
            ColumnType::Boolean => Self::Boolean,
            ColumnType::StringMap | ColumnType::List(_) => Self::Json,
        }
    }

    /// Returns the type of the column in a landing table.
    fn landing_type(self) -> ColumnType {
        match self {
            Self::Text | Self::Json => ColumnType::String,
            Self::Integer => ColumnType::Long,
            Self::Boolean => ColumnType::Boolean,
        }
    }
}

/// A column of a landing table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LandingColumn {
    /// Name in the landing table, and key in the event.
    pub name: &'static str,
    /// Form of the values.
    pub form: Form,
    /// True if every event has the key.
    pub required: bool,
}

/// A landing table with the stream, pipeline and sink that fill it.
#[derive(Clone, Debug)]
pub struct LandingTable {
    /// Name of the table in [`NAMESPACE`], such as `otel_logs_v1`.
    pub name: &'static str,
    /// Name of the stream, such as `lakefront_otel_logs_v1`.
    pub stream: &'static str,
    /// Name of the table whose rows land here, or [`RECEIPTS`](crate::RECEIPTS).
    pub of: &'static str,
    /// The columns, without [`INGESTED`].
    pub(crate) columns: Vec<LandingColumn>,
}

impl LandingTable {
    /// Returns a landing table of the current version.
    fn new(of: &'static str, own: Vec<LandingColumn>) -> Self {
        let control = [
            (key::CHUNK, Form::Text),
            (key::ROW, Form::Integer),
            (key::ROWS, Form::Integer),
            (key::ACCEPTED, Form::Integer),
        ];
        let mut columns: Vec<LandingColumn> = control
            .into_iter()
            .map(|(name, form)| LandingColumn {
                name,
                form,
                required: true,
            })
            .collect();
        columns.extend(own);
        Self {
            name: format!("{of}_v{VERSION}").leak(),
            stream: format!("lakefront_{of}_v{VERSION}").leak(),
            of,
            columns,
        }
    }
}

/// Returns the landing tables: one for each table of `otel`, and that of the receipts.
pub fn landing_tables() -> &'static [LandingTable] {
    static TABLES: LazyLock<Vec<LandingTable>> = LazyLock::new(|| {
        let tables = lakefront_otel::tables().iter();
        tables
            .map(|table| LandingTable::new(table.name, columns_of(table)))
            .chain([LandingTable::new(receipt::RECEIPTS, receipt::columns())])
            .collect()
    });
    &TABLES
}

/// Returns the landing table of a table of `otel`, or that of [`RECEIPTS`](crate::RECEIPTS).
pub fn landing_table(of: &str) -> Option<&'static LandingTable> {
    landing_tables().iter().find(|table| table.of == of)
}

/// Returns the landing tables as definitions with which a lake is opened. The sinks make tables of that form.
pub fn definitions() -> &'static [Table] {
    static DEFINITIONS: LazyLock<Vec<Table>> =
        LazyLock::new(|| landing_tables().iter().map(definition).collect());
    &DEFINITIONS
}

fn definition(table: &LandingTable) -> Table {
    let types = table
        .columns
        .iter()
        .map(|column| (column.name, column.form.landing_type()))
        .chain([(INGESTED, ColumnType::Timestamp)]);
    let columns = (1..).zip(types).map(|(id, (name, r#type))| Column {
        id,
        nested_ids: Vec::new(),
        name,
        r#type,
        required: false,
        promoted: false,
        low_cardinality: false,
        doc: "",
    });
    Table {
        name: table.name,
        doc: "",
        columns: columns.collect(),
        time_column: INGESTED,
        sort_order: &[],
        bloom_columns: &[],
    }
}

/// Returns the columns of a table of `otel` in the landing form, without the one that the keeper fills.
fn columns_of(table: &Table) -> Vec<LandingColumn> {
    let filled = table.columns.iter().filter(|column| column.name != ROW_ID);
    filled
        .map(|column| LandingColumn {
            name: landing_name(column.name).leak(),
            form: Form::of(column.r#type),
            required: column.required && is_always_sent(column.r#type),
        })
        .collect()
}

/// Returns true if an event has the value of a required column even if it is the default one.
///
/// Empty texts, `false`, empty maps and empty lists are left out: most promoted columns of a row are empty.
pub(crate) fn is_always_sent(r#type: ColumnType) -> bool {
    matches!(
        r#type,
        ColumnType::Int | ColumnType::Long | ColumnType::Double | ColumnType::Timestamp
    )
}

/// Returns the name of a column in events and landing tables: `Events.Name` is `events_name`.
///
/// Small letters, digits and underscores need no quotes in any SQL.
pub(crate) fn landing_name(column: &str) -> String {
    let mut name = String::new();
    for character in column.chars() {
        match character {
            '.' => {}
            upper if upper.is_ascii_uppercase() => {
                if !name.is_empty() {
                    name.push('_');
                }
                name.push(upper.to_ascii_lowercase());
            }
            other => name.push(other),
        }
    }
    name
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn names_differ_and_need_no_quotes() {
        assert_eq!(landing_name("Events.Name"), "events_name");
        assert_eq!(landing_name("TraceId"), "trace_id");
        for table in landing_tables() {
            let names: HashSet<&str> = table.columns.iter().map(|column| column.name).collect();
            assert_eq!(names.len(), table.columns.len(), "{}", table.name);
            let plain = |name: &&str| {
                name.bytes()
                    .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
            };
            assert!(names.iter().all(plain), "{names:?}");
            assert!(!names.contains(INGESTED));
        }
    }

    /// Cloudflare allows 20 streams, sinks and pipelines in an account.
    #[test]
    fn an_account_holds_this_version_beside_the_next_one() {
        assert!(landing_tables().len() * 2 <= 20);
    }
}
