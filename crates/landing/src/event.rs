//! Events: rows of a record batch as the fields of JSON objects.

use std::fmt::Write as _;

use arrow_array::cast::AsArray;
use arrow_array::types::{Float64Type, Int32Type, Int64Type, TimestampMicrosecondType};
use arrow_array::{
    Array, ArrayRef, BooleanArray, Float64Array, Int32Array, Int64Array, ListArray, MapArray, RecordBatch,
    StringArray, TimestampMicrosecondArray,
};
use arrow_schema::DataType;

use crate::form::{LandingTable, ROW_ID};

/// The events of a record batch, in the order of its rows. Each is the fields of a JSON object, without braces.
pub struct Events {
    columns: Vec<(String, Values)>,
    rows: std::ops::Range<usize>,
}

/// The values of a column.
enum Values {
    Text(StringArray),
    Int(Int32Array),
    Long(Int64Array),
    Time(TimestampMicrosecondArray),
    Double(Float64Array),
    Boolean(BooleanArray),
    Map(MapArray),
    List(ListArray, Box<Values>),
}

impl Events {
    /// Returns the events of a batch with the columns of the table that lands in `table`, in their order.
    ///
    /// The batch has the schema of `lakefront_otel::arrow::arrow_schema`.
    pub fn new(table: &LandingTable, batch: &RecordBatch) -> Self {
        let schema = batch.schema();
        let sent = schema
            .fields()
            .iter()
            .zip(batch.columns())
            .filter(|(field, _)| field.name() != ROW_ID);
        // The first columns of a landing table are those of the chunk.
        let control = table.columns.len() - (batch.num_columns() - 1);
        let columns = table.columns[control..].iter().zip(sent);
        Self {
            columns: columns
                .map(|(column, (_, array))| (format!("\"{}\":", column.name), Values::of(array)))
                .collect(),
            rows: 0..batch.num_rows(),
        }
    }
}

impl Iterator for Events {
    type Item = String;

    fn next(&mut self) -> Option<String> {
        let row = self.rows.next()?;
        let mut fields = String::new();
        for (key, values) in &self.columns {
            if values.is_left_out(row) {
                continue;
            }
            if !fields.is_empty() {
                fields.push(',');
            }
            fields.push_str(key);
            values.write(row, &mut fields);
        }
        Some(fields)
    }
}

impl Values {
    fn of(array: &ArrayRef) -> Self {
        match array.data_type() {
            DataType::Utf8 => Self::Text(array.as_string().clone()),
            DataType::Int32 => Self::Int(array.as_primitive::<Int32Type>().clone()),
            DataType::Int64 => Self::Long(array.as_primitive::<Int64Type>().clone()),
            DataType::Timestamp(..) => Self::Time(array.as_primitive::<TimestampMicrosecondType>().clone()),
            DataType::Float64 => Self::Double(array.as_primitive::<Float64Type>().clone()),
            DataType::Boolean => Self::Boolean(array.as_boolean().clone()),
            DataType::Map(..) => Self::Map(array.as_map().clone()),
            DataType::List(_) => {
                let list = array.as_list::<i32>().clone();
                let elements = Box::new(Self::of(list.values()));
                Self::List(list, elements)
            }
            other => unreachable!("{other} is no type of a table"),
        }
    }

    /// Returns true if an event has no value for the row: null, or the default of a type that mostly has it.
    fn is_left_out(&self, row: usize) -> bool {
        match self {
            Self::Text(values) => values.is_null(row) || values.value(row).is_empty(),
            Self::Boolean(values) => values.is_null(row) || !values.value(row),
            Self::Map(values) => values.is_null(row) || values.value_length(row) == 0,
            Self::List(values, _) => values.is_null(row) || values.value_length(row) == 0,
            Self::Int(values) => values.is_null(row),
            Self::Long(values) => values.is_null(row),
            Self::Time(values) => values.is_null(row),
            Self::Double(values) => values.is_null(row),
        }
    }

    fn write(&self, row: usize, json: &mut String) {
        // Writing to a String does not fail.
        let _ = match self {
            Self::Text(values) => {
                write_text(json, values.value(row));
                Ok(())
            }
            Self::Int(values) => write!(json, "{}", values.value(row)),
            Self::Long(values) => write!(json, "{}", values.value(row)),
            Self::Time(values) => write!(json, "{}", values.value(row)),
            // The shortest text that is read back as the same number, `NaN` and `inf` included.
            Self::Double(values) => write!(json, "\"{:?}\"", values.value(row)),
            Self::Boolean(values) => write!(json, "{}", values.value(row)),
            Self::Map(values) => {
                write_map(json, values, row);
                Ok(())
            }
            Self::List(values, elements) => {
                let offsets = values.value_offsets();
                json.push('[');
                for element in offsets[row]..offsets[row + 1] {
                    if element > offsets[row] {
                        json.push(',');
                    }
                    elements.write(element as usize, json);
                }
                json.push(']');
                Ok(())
            }
        };
    }
}

fn write_map(json: &mut String, map: &MapArray, row: usize) {
    let (keys, values) = (map.keys().as_string::<i32>(), map.values().as_string::<i32>());
    let offsets = map.value_offsets();
    json.push('{');
    for entry in offsets[row]..offsets[row + 1] {
        if entry > offsets[row] {
            json.push(',');
        }
        write_text(json, keys.value(entry as usize));
        json.push(':');
        write_text(json, values.value(entry as usize));
    }
    json.push('}');
}

fn write_text(json: &mut String, text: &str) {
    // A text always serializes.
    json.push_str(&serde_json::to_string(text).unwrap_or_default());
}
