//! The expected answer of `records_per_hour`.

use std::collections::BTreeMap;

use super::{Arguments, Cell, Row};
use crate::{Event, Record};

/// Returns the number of records per hour and signal.
///
/// Columns: hour, signal, records.
pub fn records_per_hour(events: &[Event], arguments: &Arguments) -> Vec<Row> {
    let mut records = BTreeMap::<(i64, &str), usize>::new();
    for event in arguments.hours(events) {
        let signal = match &event.record {
            Record::Log(_) => "logs",
            Record::Span(_) => "spans",
        };
        *records.entry((arguments.hour(event.time), signal)).or_default() += 1;
    }
    records
        .into_iter()
        .map(|((hour, signal), records)| vec![Cell::Time(hour), signal.into(), records.into()])
        .collect()
}
