//! Detects spans that only pass on an exception. Every span that an exception passes may record it, but one throw is
//! one error.

use std::collections::{HashMap, HashSet};

use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, Span};

use super::attributes::{Known, first_text};
use super::exception;

/// Most ancestors of a span that are compared with it. The bound is needed because a sender chooses the depth of its
/// traces.
const MAX_DEPTH: usize = 32;

type Id<'a> = (&'a [u8], &'a [u8]);

/// The spans of a resource, in one request, that only pass on an exception which a span within them recorded.
///
/// Such a span has a descendant with an exception of the same type and message. Exceptions of siblings, such as
/// retries, count as separate errors.
#[derive(Debug, Default)]
pub struct PassedOn<'a>(HashSet<Id<'a>>);

impl<'a> PassedOn<'a> {
    /// Finds the spans of a resource that pass on an exception, by comparing the exceptions of spans with those of
    /// their ancestors.
    pub fn of(resource_spans: &'a ResourceSpans) -> Self {
        let spans = || resource_spans.scope_spans.iter().flat_map(|scope| &scope.spans);
        let thrown: HashMap<Id<'_>, [String; 2]> = spans()
            .filter_map(|span| Some((id(span), thrown(span)?)))
            .collect();
        if thrown.len() < 2 {
            return Self::default();
        }
        let parents: HashMap<Id<'_>, Id<'_>> = spans()
            .filter(|span| !span.parent_span_id.is_empty())
            .map(|span| (id(span), (&*span.trace_id, &*span.parent_span_id)))
            .collect();
        let mut passed_on = HashSet::new();
        for (&innermost, exception) in &thrown {
            let mut span = innermost;
            for _ in 0..MAX_DEPTH {
                match parents.get(&span) {
                    Some(&parent) if parent != innermost => span = parent,
                    _ => break,
                }
                if thrown.get(&span) == Some(exception) {
                    // The ancestors of this span are compared when the loop reaches this span.
                    passed_on.insert(span);
                    break;
                }
            }
        }
        Self(passed_on)
    }

    /// Returns true if the span only passes on an exception.
    pub fn contains(&self, span: &Span) -> bool {
        !self.0.is_empty() && self.0.contains(&id(span))
    }
}

fn id(span: &Span) -> Id<'_> {
    (&span.trace_id, &span.span_id)
}

/// Returns the type and message of the exception that the mapping uses as the span's error.
fn thrown(span: &Span) -> Option<[String; 2]> {
    let known = Known::of(&exception::of_span(span)?.attributes);
    Some([known.exception_type, known.exception_message].map(|value| first_text([value]).into_owned()))
}
