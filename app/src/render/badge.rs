//! The badge of an answer.

use lakefront_api::{QueryReply, Zone};
use lakefront_chart::{Unit, bytes, clock, count, span};
use maud::{Markup, html};

/// Renders how a query was answered: by which engine, why, how fresh the data is, the duration, and what was read.
pub fn badge(reply: &QueryReply, zone: &Zone) -> Markup {
    let millis = |value: f64| Unit::Millis.full(value);
    html! {
        p.badge data-backend=(reply.backend.name()) data-reason=(reply.reason.name()) {
            span.engine.(reply.backend.name()) data-part="engine" {
                (reply.backend.title())
                @if let Some(region) = &reply.region { " " (region) }
            }
            span data-part="reason" title={ "reason: " (reply.reason.name()) } { (reply.reason.sentence()) }
            @if let Some(as_of) = reply.as_of {
                @let shown = clock(as_of, zone);
                span data-part="freshness" {
                    "as of "
                    // The page shows the day already. The time of the day shows how late the data is.
                    time datetime={ (clock(as_of, &Zone::utc()).replace(' ', "T")) "Z" } title=(shown) { (shown.rsplit(' ').next().unwrap_or_default()) }
                    @if let Some(lag) = reply.lag_seconds { " (" (span(lag)) " behind)" }
                }
            }
            span data-part="elapsed" title={ (millis(reply.backend_ms)) " of it in the engine" } { (millis(reply.elapsed_ms)) }
            span data-part="read" {
                (count(reply.stats.rows_read as f64)) " rows, " (bytes(reply.stats.bytes_read as f64)) " read"
                @if let Some(requests) = reply.stats.store_requests { ", " (count(requests as f64)) @if requests == 1 { " request" } @else { " requests" } }
            }
        }
    }
}
