//! Builder of columns of strings.

use std::io::Write;
use std::mem;
use std::sync::Arc;

use arrow_array::{ArrayRef, StringArray};
use arrow_buffer::{Buffer, OffsetBuffer};
use arrow_schema::DataType;
use opentelemetry_proto::tonic::common::v1::AnyValue;
use opentelemetry_proto::tonic::common::v1::any_value::Value;

use super::{Column, Offsets};
use crate::map::text;

/// A builder of a required `string` column. It is leaner than Arrow's builder, because it keeps no nulls.
///
/// Rows without text can be left out until a row with text comes ([`TextColumn::set`]). Most promoted columns are
/// filled that way, since they are mostly empty.
#[derive(Default)]
pub(in crate::arrow) struct TextColumn {
    bytes: Vec<u8>,
    offsets: Offsets,
}

impl TextColumn {
    /// Appends a text.
    pub(in crate::arrow) fn append_value(&mut self, text: impl AsRef<str>) {
        self.bytes.extend_from_slice(text.as_ref().as_bytes());
        self.offsets.push(self.bytes.len());
    }

    /// Appends a value as text. Avoids a `String` in between for strings and integers.
    pub(in crate::arrow) fn append_any(&mut self, value: Option<&AnyValue>) {
        match value.and_then(|value| value.value.as_ref()) {
            Some(Value::IntValue(int)) => {
                write!(self.bytes, "{int}").expect("a Vec takes everything");
                self.offsets.push(self.bytes.len());
            }
            _ => self.append_value(value.map(text).unwrap_or_default()),
        }
    }

    /// Sets the text of a row, if it is not empty. Rows before it that were not set become empty.
    pub(in crate::arrow) fn set(&mut self, row: usize, text: &str) {
        if !text.is_empty() {
            self.fill(row);
            self.append_value(text);
        }
    }

    /// Returns the number of texts.
    pub(in crate::arrow) fn len(&self) -> usize {
        self.offsets.len()
    }
}

impl Column for TextColumn {
    fn finish_as(&mut self, _: &DataType) -> ArrayRef {
        let offsets: OffsetBuffer<i32> = self.offsets.finish();
        // The next batch is likely as large, and growing by doubling would copy it once more. Unused capacity costs no
        // memory.
        let next = Vec::with_capacity(self.bytes.len());
        let bytes = Buffer::from_vec(mem::replace(&mut self.bytes, next));
        Arc::new(StringArray::new(offsets, bytes, None))
    }

    fn fill(&mut self, rows: usize) {
        self.offsets.repeat_last_until(rows);
    }
}
