//! The columns of exemplars, which are lists with one element per exemplar.

use arrow_array::builder::{Float64Builder, TimestampMicrosecondBuilder};
use opentelemetry_proto::tonic::metrics::v1::Exemplar;
use opentelemetry_proto::tonic::metrics::v1::exemplar::Value;

use crate::arrow::batch::columns;
use crate::arrow::column::{Column, ListColumn, MapColumn, TextColumn, timestamps};
use crate::map::{hex_id, micros};

pub(super) struct ExemplarColumns {
    filtered_attributes: ListColumn<MapColumn>,
    time_unix: ListColumn<TimestampMicrosecondBuilder>,
    value: ListColumn<Float64Builder>,
    span_id: ListColumn<TextColumn>,
    trace_id: ListColumn<TextColumn>,
}

impl Default for ExemplarColumns {
    fn default() -> Self {
        Self {
            filtered_attributes: ListColumn::default(),
            time_unix: ListColumn::new(timestamps()),
            value: ListColumn::default(),
            span_id: ListColumn::default(),
            trace_id: ListColumn::default(),
        }
    }
}

impl ExemplarColumns {
    pub(super) fn append(&mut self, exemplars: &[Exemplar]) {
        for exemplar in exemplars {
            self.filtered_attributes
                .elements
                .append(&exemplar.filtered_attributes);
            self.time_unix
                .elements
                .append_value(micros(exemplar.time_unix_nano, 0));
            self.value.elements.append_value(match exemplar.value {
                Some(Value::AsDouble(value)) => value,
                Some(Value::AsInt(value)) => value as f64,
                None => 0.0,
            });
            self.span_id
                .elements
                .append_value(hex_id::<8>(&exemplar.span_id).as_str());
            self.trace_id
                .elements
                .append_value(hex_id::<16>(&exemplar.trace_id).as_str());
        }
        self.filtered_attributes.close(exemplars.len());
        self.time_unix.close(exemplars.len());
        self.value.close(exemplars.len());
        self.span_id.close(exemplars.len());
        self.trace_id.close(exemplars.len());
    }

    pub(super) fn columns(&mut self) -> Vec<(&'static str, &mut dyn Column)> {
        columns!(self;
            filtered_attributes = "Exemplars.FilteredAttributes",
            time_unix = "Exemplars.TimeUnix",
            value = "Exemplars.Value",
            span_id = "Exemplars.SpanId",
            trace_id = "Exemplars.TraceId",
        )
    }
}
