//! One throw is one error, though every span that an exception passes records it.

use std::collections::{HashMap, HashSet};

use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, Span};

use super::attributes::{Known, first_text};
use super::exception;

/// How many ancestors of a span are compared with it: a sender chooses the depth of its traces.
const MAX_DEPTH: usize = 32;

type Id<'a> = (&'a [u8], &'a [u8]);

/// The spans of a resource in a request that only pass on an exception which a span within them recorded.
///
/// Such a span has a descendant with an exception of the same type and message. Siblings, such as retries, are throws of
/// their own.
#[derive(Debug, Default)]
pub struct PassedOn<'a>(HashSet<Id<'a>>);

impl<'a> PassedOn<'a> {
    /// Compares the exceptions of spans with those of their ancestors.
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
                    // Its own ancestors are found from it.
                    passed_on.insert(span);
                    break;
                }
            }
        }
        Self(passed_on)
    }

    /// Whether the span is one of them.
    pub fn contains(&self, span: &Span) -> bool {
        !self.0.is_empty() && self.0.contains(&id(span))
    }
}

fn id(span: &Span) -> Id<'_> {
    (&span.trace_id, &span.span_id)
}

/// Type and message of the exception that the mapping takes for the span's error.
fn thrown(span: &Span) -> Option<[String; 2]> {
    let known = Known::of(&exception::of_span(span)?.attributes);
    Some([known.exception_type, known.exception_message].map(|value| first_text([value]).into_owned()))
}
