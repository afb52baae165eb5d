//! The definition of a table as plain data, from which the Iceberg schema, Arrow schema, ClickHouse DDL and docs are
//! derived.

use crate::clickhouse;

/// The type of a column. The backquoted names are Iceberg's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ColumnType {
    /// `boolean`
    Boolean,
    /// `int`, 32 bits
    Int,
    /// `long`, 64 bits
    Long,
    /// `double`
    Double,
    /// `string`
    String,
    /// `timestamptz`, microseconds
    Timestamp,
    /// `map<string, string>`; keys and values are required
    StringMap,
    /// `list<element>`; elements are required. The element is a scalar or a [`ColumnType::StringMap`].
    List(&'static ColumnType),
}

impl ColumnType {
    /// Returns the name of the type in ClickHouse.
    pub fn clickhouse_name(self) -> String {
        clickhouse::type_name(self)
    }

    /// Returns true if ClickHouse has the type as `Nullable`. It reads null lists and maps as empty ones.
    pub fn is_scalar(self) -> bool {
        !matches!(self, Self::StringMap | Self::List(_))
    }

    /// Returns the number of nested field ids of the type: one for a list's element, two for a map's key and value.
    fn nested_ids(self) -> usize {
        match self {
            Self::StringMap => 2,
            Self::List(element) => 1 + element.nested_ids(),
            _ => 0,
        }
    }
}

/// One column of a [`Table`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Column {
    /// Iceberg field id, which never changes; see [`Table`].
    pub id: i32,
    /// Nested field ids, outermost first: `[element]`, `[key, value]` or `[element, key, value]`.
    pub nested_ids: Vec<i32>,
    /// Name of the column; that of the OpenTelemetry Collector's ClickHouse exporter, if it has the column.
    pub name: &'static str,
    /// Type of the values.
    pub r#type: ColumnType,
    /// True if the column can't be null. A required string is `''` when absent.
    pub required: bool,
    /// True if Lakefront fills the column from attributes, so that no named query reads a map.
    pub promoted: bool,
    /// True if few distinct values are expected, so that dictionaries pay off (`LowCardinality` in ClickHouse).
    pub low_cardinality: bool,
    /// One sentence on what the column holds.
    pub doc: &'static str,
}

/// One of the seven tables of namespace `otel`.
///
/// Field ids are those that a catalog assigns when it creates the table: first the columns, in order, then their nested
/// fields, in order. A column that is added later belongs to a new generation (`Table::new`), whose ids follow the
/// highest assigned one. No column is ever renumbered, reordered or removed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Table {
    /// Name of the table, e.g. `otel_logs`.
    pub name: &'static str,
    /// One sentence on what a row is.
    pub doc: &'static str,
    /// Columns, in the order of the schema.
    pub columns: Vec<Column>,
    /// The column whose UTC day is the partition.
    pub time_column: &'static str,
    /// Columns by which rows are sorted within a file, ascending.
    pub sort_order: &'static [&'static str],
    /// Columns with Parquet bloom filters, for point look-ups.
    pub bloom_columns: &'static [&'static str],
}

impl Table {
    /// Returns a table whose field ids are numbered generation by generation.
    pub(crate) fn new(
        name: &'static str,
        doc: &'static str,
        generations: &[&[&[ColumnDef]]],
        time_column: &'static str,
        sort_order: &'static [&'static str],
        bloom_columns: &'static [&'static str],
    ) -> Self {
        let mut ids = 1..;
        let mut take = |count: usize| ids.by_ref().take(count).collect::<Vec<i32>>();
        let mut columns = Vec::new();
        for groups in generations {
            let definitions: Vec<&ColumnDef> = groups.iter().copied().flatten().collect();
            let own = take(definitions.len());
            for (definition, id) in definitions.into_iter().zip(own) {
                columns.push(definition.numbered(id, take(definition.r#type.nested_ids())));
            }
        }
        Self {
            name,
            doc,
            columns,
            time_column,
            sort_order,
            bloom_columns,
        }
    }

    /// Returns the column of that name.
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }
}

/// A column before it has its field ids.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ColumnDef {
    name: &'static str,
    r#type: ColumnType,
    required: bool,
    promoted: bool,
    low_cardinality: bool,
    doc: &'static str,
}

impl ColumnDef {
    /// Defines a required column.
    pub(crate) const fn required(name: &'static str, r#type: ColumnType, doc: &'static str) -> Self {
        Self {
            name,
            r#type,
            required: true,
            promoted: false,
            low_cardinality: false,
            doc,
        }
    }

    /// Defines a column that may be null.
    pub(crate) const fn optional(name: &'static str, r#type: ColumnType, doc: &'static str) -> Self {
        Self {
            name,
            r#type,
            required: false,
            promoted: false,
            low_cardinality: false,
            doc,
        }
    }

    /// Marks the column as promoted.
    pub(crate) const fn promoted(self) -> Self {
        Self {
            promoted: true,
            ..self
        }
    }

    /// Marks the column as one with few distinct values.
    pub(crate) const fn low_cardinality(self) -> Self {
        Self {
            low_cardinality: true,
            ..self
        }
    }

    /// Returns the column with its field ids.
    fn numbered(&self, id: i32, nested_ids: Vec<i32>) -> Column {
        let Self {
            name,
            r#type,
            required,
            promoted,
            low_cardinality,
            doc,
        } = *self;
        Column {
            id,
            nested_ids,
            name,
            r#type,
            required,
            promoted,
            low_cardinality,
            doc,
        }
    }
}
