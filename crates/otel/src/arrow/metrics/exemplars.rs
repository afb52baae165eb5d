//! The columns of exemplars, which are lists with one element per exemplar.

use arrow_array::builder::Float64Builder;
use opentelemetry_proto::tonic::metrics::v1::Exemplar;
use opentelemetry_proto::tonic::metrics::v1::exemplar::Value;

use crate::arrow::batch::columns;
use crate::arrow::column::{ListColumn, MapColumn, TextColumn, TimeColumn};
use crate::map::{hex_id, micros};

columns! {
    struct ExemplarColumns(exemplars: &[Exemplar]) {
        attributes: ListColumn<MapColumn>, "Exemplars.FilteredAttributes" => attributes
            .append(exemplars, |maps, exemplar| maps.append(&exemplar.filtered_attributes));
        times: ListColumn<TimeColumn>, "Exemplars.TimeUnix" => times
            .append(exemplars, |times, exemplar| times.append_value(micros(exemplar.time_unix_nano, 0)));
        values: ListColumn<Float64Builder>, "Exemplars.Value" => values
            .append(exemplars, |values, exemplar| values.append_value(value_of(exemplar)));
        span_ids: ListColumn<TextColumn>, "Exemplars.SpanId" => span_ids
            .append(exemplars, |ids, exemplar| ids.append_value(hex_id::<8>(&exemplar.span_id).as_str()));
        trace_ids: ListColumn<TextColumn>, "Exemplars.TraceId" => trace_ids
            .append(exemplars, |ids, exemplar| ids.append_value(hex_id::<16>(&exemplar.trace_id).as_str()));
    }
}

fn value_of(exemplar: &Exemplar) -> f64 {
    match exemplar.value {
        Some(Value::AsDouble(value)) => value,
        Some(Value::AsInt(value)) => value as f64,
        None => 0.0,
    }
}
