//! Rows of a landing table as rows of `otel`.

use std::collections::HashMap;
use std::fmt;
use std::ops::RangeInclusive;
use std::sync::Arc;

use arrow_array::builder::{
    BooleanBuilder, Float64Builder, Int32Builder, Int64Builder, ListBuilder, MapBuilder, MapFieldNames,
    StringBuilder, TimestampMicrosecondBuilder,
};
use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use arrow_array::{Array, ArrayRef, BooleanArray, Int64Array, RecordBatch, StringArray};
use arrow_cast::cast;
use arrow_schema::{ArrowError, DataType, FieldRef};
use arrow_select::filter::filter_record_batch;
use lakefront_otel::arrow::arrow_schema;
use lakefront_otel::{Column, ColumnType, Table};
use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer, MapAccess, Visitor};

use crate::form::{Form, ROW_ID, key, landing_name};
use crate::receipt::{self, Receipt};

/// The chunk that a landed row belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// Id of the chunk.
    pub chunk: u128,
    /// Number of the row in the chunk, below `rows`.
    pub row: u32,
    /// Number of rows of the chunk.
    pub rows: u32,
    /// When the Worker accepted the row, in microseconds since 1970 UTC.
    pub accepted: i64,
}

/// The rows of a landing batch that can be stored.
#[derive(Clone, Debug)]
pub struct Moved {
    /// The rows, with the schema of their table. Their `RowId` counts up from 0.
    pub rows: RecordBatch,
    /// For each wanted row of the landing batch, true if it is in `rows`. The others cannot be read, or have a time out
    /// of bounds.
    pub is_readable: Vec<bool>,
}

/// The most rows of a chunk. A chunk of [`MAX_BYTES`](crate::MAX_BYTES) has fewer.
const MOST_ROWS: i64 = 100_000;

/// Returns the mark of each row of a landing batch. A row without a valid one was not sent by a Worker.
///
/// # Errors
/// When a column has another type than a sink makes of the SQL.
pub fn marks(batch: &RecordBatch) -> Result<Vec<Option<Mark>>, ArrowError> {
    let chunks = texts(batch, key::CHUNK)?;
    let [rows, counts, times] = [key::ROW, key::ROWS, key::ACCEPTED].map(|name| integers(batch, name));
    let (rows, counts, times) = (rows?, counts?, times?);
    let mark = |row: usize| {
        let chunk = chunks.as_ref().and_then(|chunks| text(chunks, row))?;
        let count = integer(&counts, row).filter(|count| (1..=MOST_ROWS).contains(count))?;
        let number = integer(&rows, row).filter(|number| (0..count).contains(number))?;
        Some(Mark {
            chunk: u128::from_str_radix(chunk, 16)
                .ok()
                .filter(|_| chunk.len() == 32)?,
            row: u32::try_from(number).ok()?,
            rows: u32::try_from(count).ok()?,
            accepted: integer(&times, row)?,
        })
    };
    Ok((0..batch.num_rows()).map(mark).collect())
}

/// Returns the receipts of a batch of their landing table. Others are left out: they were not sent by a Worker.
///
/// # Errors
/// When a column has another type than a sink makes of the SQL.
pub fn receipts(batch: &RecordBatch) -> Result<Vec<Receipt>, ArrowError> {
    let tables = texts(batch, receipt::TABLE)?;
    let marks = marks(batch)?;
    let receipt = |(row, mark): (usize, Option<Mark>)| {
        let mark = mark?;
        Some(Receipt {
            table: text(tables.as_ref()?, row)?.to_owned(),
            rows: mark.rows,
            accepted: mark.accepted,
        })
    };
    Ok(marks.into_iter().enumerate().filter_map(receipt).collect())
}

/// Returns the time of each row of a landing batch by its table's time column, in microseconds since 1970 UTC.
///
/// # Errors
/// When the column has another type than a sink makes of the SQL.
pub fn times(table: &Table, batch: &RecordBatch) -> Result<Vec<Option<i64>>, ArrowError> {
    let times = integers(batch, &landing_name(table.time_column))?;
    Ok((0..batch.num_rows()).map(|row| integer(&times, row)).collect())
}

/// Returns the rows of a table of `otel` that landed in the batch and are wanted. `times` are the valid times of a row,
/// in microseconds since 1970 UTC.
///
/// # Errors
/// When a column has another type than a sink makes of the SQL.
pub fn rows(
    table: &Table,
    batch: &RecordBatch,
    wanted: &BooleanArray,
    times: &RangeInclusive<i64>,
) -> Result<Moved, ArrowError> {
    let landed = filter_record_batch(batch, wanted)?;
    let schema = arrow_schema(table);
    let mut is_readable = vec![true; landed.num_rows()];
    // The lists of a group, such as `Events`, have one length.
    let mut lengths: HashMap<&str, Vec<usize>> = HashMap::new();
    let mut columns = Vec::with_capacity(table.columns.len());
    for (column, field) in table.columns.iter().zip(schema.fields()) {
        if column.name == ROW_ID {
            columns.push(Arc::new(Int64Array::from_iter_values(0..landed.num_rows() as i64)) as ArrayRef);
            continue;
        }
        let mut reader = ColumnReader {
            column,
            field,
            is_readable: &mut is_readable,
        };
        let (array, of_lists) = reader.read(&landed)?;
        if column.name == table.time_column {
            let micros = array.as_primitive::<arrow_array::types::TimestampMicrosecondType>();
            for (row, is_readable) in is_readable.iter_mut().enumerate() {
                *is_readable &= times.contains(&micros.value(row));
            }
        }
        if let (Some(own), Some((group, _))) = (of_lists, column.name.split_once('.')) {
            match lengths.get(group) {
                Some(others) => {
                    for (is_readable, (own, other)) in is_readable.iter_mut().zip(own.iter().zip(others)) {
                        *is_readable &= own == other;
                    }
                }
                None => drop(lengths.insert(group, own)),
            }
        }
        columns.push(array);
    }
    let read = RecordBatch::try_new(Arc::clone(&schema), columns)?;
    let rows = filter_record_batch(&read, &BooleanArray::from(is_readable.clone()))?;
    let ids: ArrayRef = Arc::new(Int64Array::from_iter_values(0..rows.num_rows() as i64));
    let place = schema.index_of(ROW_ID)?;
    let mut columns = rows.columns().to_vec();
    columns[place] = ids;
    Ok(Moved {
        rows: RecordBatch::try_new(schema, columns)?,
        is_readable,
    })
}

/// Reads one column of landed rows. A value that cannot be read makes its row unreadable.
struct ColumnReader<'a> {
    column: &'a Column,
    field: &'a FieldRef,
    is_readable: &'a mut [bool],
}

impl ColumnReader<'_> {
    /// Returns the column, and the lengths of its lists if it has lists.
    fn read(&mut self, landed: &RecordBatch) -> Result<(ArrayRef, Option<Vec<usize>>), ArrowError> {
        let name = landing_name(self.column.name);
        Ok(match Form::of(self.column.r#type) {
            Form::Text => (self.texts(texts(landed, &name)?.as_ref()), None),
            Form::Integer => (self.integers(integers(landed, &name)?.as_ref()), None),
            Form::Boolean => (self.booleans(booleans(landed, &name)?.as_ref()), None),
            Form::Json => self.json(texts(landed, &name)?.as_ref())?,
        })
    }

    fn texts(&mut self, landed: Option<&StringArray>) -> ArrayRef {
        let value = |row: usize| landed.and_then(|landed| text(landed, row)).unwrap_or_default();
        let rows = 0..self.is_readable.len();
        if self.column.r#type == ColumnType::String {
            return Arc::new(StringArray::from_iter_values(rows.map(value)));
        }
        let mut numbers = Float64Builder::with_capacity(rows.len());
        for row in rows {
            match value(row).parse() {
                Ok(number) => numbers.append_value(number),
                Err(_) if value(row).is_empty() && !self.column.required => numbers.append_null(),
                Err(_) => {
                    self.is_readable[row] = false;
                    numbers.append_value(0.0);
                }
            }
        }
        Arc::new(numbers.finish())
    }

    fn integers(&mut self, landed: Option<&Int64Array>) -> ArrayRef {
        let values: Vec<Option<i64>> = (0..self.is_readable.len())
            .map(|row| integer_of(landed, row))
            .collect();
        let missing = |is_readable: &mut bool, required: bool| {
            *is_readable &= !required;
            (!required).then_some(()).map_or(Some(0), |()| None)
        };
        let required = self.column.required;
        let each = values.into_iter().zip(self.is_readable.iter_mut());
        match self.column.r#type {
            ColumnType::Int => {
                let mut array = Int32Builder::new();
                for (value, is_readable) in each {
                    let small = value.map(i32::try_from);
                    *is_readable &= !matches!(small, Some(Err(_)));
                    let value = small.and_then(Result::ok);
                    array.append_option(value.or_else(|| missing(is_readable, required)));
                }
                Arc::new(array.finish())
            }
            ColumnType::Timestamp => {
                let mut array =
                    TimestampMicrosecondBuilder::new().with_data_type(self.field.data_type().clone());
                for (value, is_readable) in each {
                    array.append_option(value.or_else(|| missing(is_readable, required).map(i64::from)));
                }
                Arc::new(array.finish())
            }
            _ => {
                let mut array = Int64Builder::new();
                for (value, is_readable) in each {
                    array.append_option(value.or_else(|| missing(is_readable, required).map(i64::from)));
                }
                Arc::new(array.finish())
            }
        }
    }

    fn booleans(&self, landed: Option<&BooleanArray>) -> ArrayRef {
        let mut array = BooleanBuilder::new();
        for row in 0..self.is_readable.len() {
            array.append_value(landed.is_some_and(|landed| landed.is_valid(row) && landed.value(row)));
        }
        Arc::new(array.finish())
    }

    /// Reads maps and lists. Returns the lengths of lists.
    fn json(&mut self, landed: Option<&StringArray>) -> Result<(ArrayRef, Option<Vec<usize>>), ArrowError> {
        let DataType::List(element) = self.field.data_type() else {
            let maps: Vec<Entries> = self.parse(landed);
            let mut array = map_builder(self.field.data_type())?;
            for map in &maps {
                map.append_to(&mut array)?;
            }
            return Ok((Arc::new(array.finish()), None));
        };
        let element = Arc::clone(element);
        macro_rules! lists {
            ($Type:ty, $values:expr, |$builder:ident, $item:ident| $append:expr) => {{
                let lists: Vec<Vec<$Type>> = self.parse(landed);
                let mut array = ListBuilder::new($values).with_field(element);
                for list in &lists {
                    let $builder = array.values();
                    for $item in list {
                        $append;
                    }
                    array.append(true);
                }
                let lengths = lists.iter().map(Vec::len).collect();
                (Arc::new(array.finish()) as ArrayRef, Some(lengths))
            }};
        }
        let of = match self.column.r#type {
            ColumnType::List(of) => *of,
            other => other,
        };
        Ok(match of {
            ColumnType::Double => {
                lists!(Number, Float64Builder::new(), |array, number| array
                    .append_value(number.0))
            }
            ColumnType::Long => lists!(i64, Int64Builder::new(), |array, number| array
                .append_value(*number)),
            ColumnType::Timestamp => {
                let values = TimestampMicrosecondBuilder::new().with_data_type(element.data_type().clone());
                lists!(i64, values, |array, micros| array.append_value(*micros))
            }
            ColumnType::StringMap => {
                let values = map_builder(element.data_type())?;
                lists!(Entries, values, |array, map| map.append_to(array)?)
            }
            _ => lists!(String, StringBuilder::new(), |array, text| array
                .append_value(text)),
        })
    }

    /// Parses each text. A missing one is the empty value, because events leave it out.
    fn parse<T: DeserializeOwned + Default>(&mut self, landed: Option<&StringArray>) -> Vec<T> {
        let each = self.is_readable.iter_mut().enumerate();
        each.map(|(row, is_readable)| {
            let text = landed.and_then(|landed| text(landed, row)).unwrap_or_default();
            if text.is_empty() {
                return T::default();
            }
            serde_json::from_str(text).unwrap_or_else(|_| {
                *is_readable = false;
                T::default()
            })
        })
        .collect()
    }
}

/// A floating-point number as a text, as `NaN` must be.
#[derive(Clone, Copy)]
struct Number(f64);

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map(Self).map_err(serde::de::Error::custom)
    }
}

/// The entries of a map, in their order.
#[derive(Default)]
struct Entries(Vec<(String, String)>);

impl Entries {
    fn append_to(&self, array: &mut MapBuilder<StringBuilder, StringBuilder>) -> Result<(), ArrowError> {
        for (key, value) in &self.0 {
            array.keys().append_value(key);
            array.values().append_value(value);
        }
        array.append(true)
    }
}

impl<'de> Deserialize<'de> for Entries {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Pairs;
        impl<'de> Visitor<'de> for Pairs {
            type Value = Entries;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object of texts")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Entries, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Entries(entries))
            }
        }
        deserializer.deserialize_map(Pairs)
    }
}

/// Returns a builder whose arrays have the map type of a column.
fn map_builder(data_type: &DataType) -> Result<MapBuilder<StringBuilder, StringBuilder>, ArrowError> {
    let DataType::Map(entry, _) = data_type else {
        return Err(ArrowError::SchemaError(format!("{data_type} is no map")));
    };
    let DataType::Struct(fields) = entry.data_type() else {
        return Err(ArrowError::SchemaError(format!("{data_type} has no entries")));
    };
    let names = MapFieldNames {
        entry: entry.name().clone(),
        key: fields[0].name().clone(),
        value: fields[1].name().clone(),
    };
    let builder = MapBuilder::new(Some(names), StringBuilder::new(), StringBuilder::new());
    Ok(builder
        .with_keys_field(Arc::clone(&fields[0]))
        .with_values_field(Arc::clone(&fields[1])))
}

fn text(array: &StringArray, row: usize) -> Option<&str> {
    array.is_valid(row).then(|| array.value(row))
}

fn integer(array: &Option<Int64Array>, row: usize) -> Option<i64> {
    integer_of(array.as_ref(), row)
}

fn integer_of(array: Option<&Int64Array>, row: usize) -> Option<i64> {
    let array = array?;
    array.is_valid(row).then(|| array.value(row))
}

/// Returns a column of texts, or `None` if the sink's table lacks it.
fn texts(batch: &RecordBatch, name: &str) -> Result<Option<StringArray>, ArrowError> {
    Ok(as_type(batch, name, &DataType::Utf8)?.map(|array| array.as_string().clone()))
}

fn integers(batch: &RecordBatch, name: &str) -> Result<Option<Int64Array>, ArrowError> {
    Ok(as_type(batch, name, &DataType::Int64)?.map(|array| array.as_primitive::<Int64Type>().clone()))
}

fn booleans(batch: &RecordBatch, name: &str) -> Result<Option<BooleanArray>, ArrowError> {
    Ok(as_type(batch, name, &DataType::Boolean)?.map(|array| array.as_boolean().clone()))
}

/// Returns a column as that type. A sink may write another width of the same kind, such as large texts.
fn as_type(batch: &RecordBatch, name: &str, wanted: &DataType) -> Result<Option<ArrayRef>, ArrowError> {
    let Some(column) = batch.column_by_name(name) else {
        return Ok(None);
    };
    Ok(Some(match column.data_type() == wanted {
        true => Arc::clone(column),
        false => cast(column, wanted)?,
    }))
}

#[cfg(test)]
#[path = "rows_tests.rs"]
mod tests;
