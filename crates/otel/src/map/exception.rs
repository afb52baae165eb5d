//! The columns of an error, from a log record or a span's exception.

use std::borrow::Cow;
use std::ops::RangeInclusive;

use opentelemetry_proto::tonic::trace::v1::Span;
use opentelemetry_proto::tonic::trace::v1::span::Event;

use super::attributes::{Known, first_text};
use super::mapper::Mapper;
use super::promoted::Promoted;

/// Name of the event of an error, in logs and in spans.
pub(super) const EVENT: &str = "exception";

/// The severities that make a log record an error: ERROR to FATAL4. Numbers outside of 1 to 24, such as 99, are no
/// severity.
pub(super) const SEVERITIES: RangeInclusive<i32> = 17..=24;

/// Value of `ErrorType` if no attribute names a type.
const UNTYPED: &str = "untyped";

/// Returns the exception that is the span's error: the last one.
pub(super) fn of_span(span: &Span) -> Option<&Event> {
    span.events.iter().rfind(|event| event.name == EVENT)
}

/// Fills the columns of an error. `known` has the attributes of the record or of the span's event, and `outer` those of
/// the span. `message` returns the message to show if the exception has none.
pub(super) fn fill<'a>(
    row: &mut Promoted<'a>,
    known: &Known<'a>,
    outer: &Known<'a>,
    message: impl FnOnce() -> Cow<'a, str>,
    mapper: &mut Mapper,
) {
    row.error_type = first_text([known.exception_type, known.error_type, outer.error_type]);
    if row.error_type.is_empty() {
        row.error_type = Cow::Borrowed(UNTYPED);
    }
    row.error_message = first_text([known.exception_message]);
    if row.error_message.is_empty() {
        row.error_message = message();
    }
    row.error_group = first_text([known.error_group, outer.error_group]);
    if row.error_group.is_empty() {
        let stack = first_text([known.exception_stacktrace]);
        row.error_group = Cow::Owned(mapper.error_group(&row.error_type, &row.error_message, &stack));
    }
}
