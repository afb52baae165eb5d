//! The badge of an answer.

use lakefront_api::{QueryReply, Reason, Zone};
use lakefront_chart::{Unit, bytes, clock, count, span};
use maud::{Markup, html};

/// Renders how a query was answered: by which engine, why, how fresh the data is, the duration, the age of a kept
/// answer, and what was read.
pub fn badge(reply: &QueryReply, zone: &Zone) -> Markup {
    let millis = |value: f64| Unit::Millis.full(value);
    html! {
        p.badge.loud[is_loud(reply)] data-backend=(reply.backend.name()) data-reason=(reply.reason.name()) {
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
                    time datetime={ (clock(as_of, &Zone::utc()).replace(' ', "T")) "Z" } title=(shown) { (if reply.reason == Reason::At { shown.as_str() } else { shown.rsplit(' ').next().unwrap_or_default() }) }
                    @if let Some(lag) = reply.lag_seconds { " (" (span(lag)) " behind)" }
                }
            }
            span data-part="elapsed" title={ (millis(reply.backend_ms)) " of it in the engine" } { (millis(reply.elapsed_ms)) }
            @if let Some(waking) = reply.waking_ms {
                span data-part="waking" title="It sleeps without queries. The next ones are answered at once." { "started in " (millis(waking as f64)) }
            }
            @if let Some(age) = reply.age_ms {
                span data-part="age" title="the answer of an engine to the same question a moment ago" { "kept for " (millis(age as f64)) }
            }
            span data-part="read" {
                (count(reply.stats.rows_read as f64)) " rows, " (bytes(reply.stats.bytes_read as f64)) " read"
                @if let Some(requests) = reply.stats.store_requests { ", " (count(requests as f64)) @if requests == 1 { " request" } @else { " requests" } }
            }
        }
    }
}

/// The lag from which an answer is late, in seconds: twice the time between two runs of sync.
const LATE: u64 = 600;

/// Returns true if a reader should know how the query was answered: the answer is late, of the past, cut, of an engine
/// that stepped in, or of one that had to start.
fn is_loud(reply: &QueryReply) -> bool {
    let stepped_in = [
        Reason::At,
        Reason::Failover,
        Reason::Lagging,
        Reason::LakeDown,
        Reason::UnhealthyClickhouse,
    ];
    reply.truncated
        || reply.waking_ms.is_some()
        || reply.lag_seconds.is_some_and(|lag| lag > LATE)
        || stepped_in.contains(&reply.reason)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_late_or_cut_answer_is_loud() {
        let reply: QueryReply = serde_json::from_value(json!({
            "columns": [], "rows": [], "truncated": false, "backend": "clickhouse", "reason": "view", "lagSeconds": LATE,
            "elapsedMs": 1.0, "backendMs": 1.0, "stats": { "rowsRead": 0, "bytesRead": 0 }
        }))
        .unwrap();
        assert!(!is_loud(&reply));
        let changed = |change: fn(&mut QueryReply)| {
            let mut reply = reply.clone();
            change(&mut reply);
            reply
        };
        assert!(is_loud(&changed(|reply| reply.truncated = true)));
        assert!(is_loud(&changed(|reply| reply.waking_ms = Some(0))));
        assert!(is_loud(&changed(|reply| reply.lag_seconds = Some(LATE + 1))));
        assert!(is_loud(&changed(|reply| reply.reason = Reason::Failover)));
    }

    #[test]
    fn an_answer_that_woke_its_engine_says_so() {
        let reply: QueryReply = serde_json::from_value(json!({
            "columns": [], "rows": [], "truncated": false, "backend": "chdb", "reason": "no-clickhouse",
            "elapsedMs": 2500.0, "backendMs": 2400.0, "wakingMs": 2300, "stats": { "rowsRead": 0, "bytesRead": 0 }
        }))
        .unwrap();
        assert!(badge(&reply, &Zone::utc()).0.contains(">started in 2.3 s<"));
    }

    #[test]
    fn a_kept_answer_says_its_age() {
        let mut reply: QueryReply = serde_json::from_value(json!({
            "columns": [], "rows": [], "truncated": false, "backend": "chdb", "reason": "no-clickhouse",
            "elapsedMs": 1.0, "backendMs": 1.0, "stats": { "rowsRead": 0, "bytesRead": 0 }
        }))
        .unwrap();
        assert!(!badge(&reply, &Zone::utc()).0.contains("data-part=\"age\""));
        reply.age_ms = Some(1_500);
        assert!(badge(&reply, &Zone::utc()).0.contains("kept for 1.5 s"));
    }
}
