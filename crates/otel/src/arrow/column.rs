//! Builders of columns, whose nested fields are exactly those of the schema.

use std::borrow::Cow;
use std::mem;
use std::sync::Arc;

use arrow_array::builder::TimestampMicrosecondBuilder;
use arrow_array::{ArrayRef, ListArray, MapArray, StructArray};
use arrow_buffer::OffsetBuffer;
use arrow_schema::DataType;
use opentelemetry_proto::tonic::common::v1::KeyValue;

use super::schema::UTC;
use crate::map::distinct;

mod text;

pub(super) use text::TextColumn;

/// A column builder that finishes into an array of the schema's type.
pub(super) trait Column {
    /// Returns the values as an array, and empties the builder.
    fn finish_as(&mut self, data_type: &DataType) -> ArrayRef;

    /// Appends empty values until there are as many as `rows`, if rows may be left out of the column.
    fn fill(&mut self, _rows: usize) {}
}

impl<B: arrow_array::builder::ArrayBuilder> Column for B {
    fn finish_as(&mut self, _: &DataType) -> ArrayRef {
        self.finish()
    }
}

/// A builder of times in UTC, in microseconds since 1970.
pub(super) struct TimeColumn(TimestampMicrosecondBuilder);

impl Default for TimeColumn {
    fn default() -> Self {
        Self(TimestampMicrosecondBuilder::new().with_timezone(UTC))
    }
}

impl TimeColumn {
    /// Appends a time.
    pub(super) fn append_value(&mut self, micros: i64) {
        self.0.append_value(micros);
    }

    /// Appends a time, or null.
    pub(super) fn append_option(&mut self, micros: Option<i64>) {
        self.0.append_option(micros);
    }
}

impl Column for TimeColumn {
    fn finish_as(&mut self, data_type: &DataType) -> ArrayRef {
        self.0.finish_as(data_type)
    }
}

/// A builder of a `map<string, string>` column.
#[derive(Default)]
pub(super) struct MapColumn {
    offsets: Offsets,
    keys: TextColumn,
    values: TextColumn,
}

impl MapColumn {
    /// Appends a map of attributes, each key once.
    pub(super) fn append(&mut self, attributes: &[KeyValue]) {
        for attribute in distinct(attributes) {
            self.keys.append_value(&attribute.key);
            self.values.append_any(attribute.value.as_ref());
        }
        self.offsets.push(self.keys.len());
    }

    /// Appends a map of attributes that are text already.
    pub(super) fn append_texts(&mut self, attributes: &[(&str, Cow<'_, str>)]) {
        for (key, value) in attributes {
            self.keys.append_value(key);
            self.values.append_value(value);
        }
        self.offsets.push(self.keys.len());
    }
}

impl Column for MapColumn {
    fn finish_as(&mut self, data_type: &DataType) -> ArrayRef {
        let DataType::Map(entry, sorted) = data_type else {
            unreachable!("a map column has a map type")
        };
        let DataType::Struct(fields) = entry.data_type() else {
            unreachable!("entries of a map are structs")
        };
        let arrays: Vec<ArrayRef> = vec![
            self.keys.finish_as(&DataType::Utf8),
            self.values.finish_as(&DataType::Utf8),
        ];
        let entries = StructArray::new(fields.clone(), arrays, None);
        Arc::new(MapArray::new(
            Arc::clone(entry),
            self.offsets.finish(),
            entries,
            None,
            *sorted,
        ))
    }
}

/// A builder of a `list<element>` column.
#[derive(Default)]
pub(super) struct ListColumn<C> {
    offsets: Offsets,
    elements: C,
}

impl<C> ListColumn<C> {
    /// Appends a list with an element for each item. `append` appends the element.
    pub(super) fn append<T>(&mut self, items: &[T], mut append: impl FnMut(&mut C, &T)) {
        for item in items {
            append(&mut self.elements, item);
        }
        self.offsets.push(self.offsets.last() + items.len());
    }
}

impl<C: Column> Column for ListColumn<C> {
    fn finish_as(&mut self, data_type: &DataType) -> ArrayRef {
        let DataType::List(element) = data_type else {
            unreachable!("a list column has a list type")
        };
        let elements = self.elements.finish_as(element.data_type());
        Arc::new(ListArray::new(
            Arc::clone(element),
            self.offsets.finish(),
            elements,
            None,
        ))
    }
}

/// The end offset of each text, list or map.
struct Offsets(Vec<i32>);

impl Default for Offsets {
    fn default() -> Self {
        Self(vec![0])
    }
}

impl Offsets {
    fn last(&self) -> usize {
        self.0.last().map_or(0, |&last| last as usize)
    }

    fn push(&mut self, end: usize) {
        // This does not overflow, because a batch is bounded in bytes.
        self.0.push(i32::try_from(end).unwrap_or(i32::MAX));
    }

    /// Returns the number of values.
    fn len(&self) -> usize {
        self.0.len() - 1
    }

    /// Appends empty values until there are `length`.
    fn repeat_last_until(&mut self, length: usize) {
        if self.len() < length {
            let last = self.0.last().copied().unwrap_or_default();
            self.0.resize(length + 1, last);
        }
    }

    fn finish(&mut self) -> OffsetBuffer<i32> {
        let mut next = Vec::with_capacity(self.0.len());
        next.push(0);
        OffsetBuffer::new(mem::replace(&mut self.0, next).into())
    }
}
