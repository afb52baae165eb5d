use lakefront_api::{BackendKind, QueryReply, Zone};
use lakefront_chart::{Unit, bytes, clock, count};
use leptos::prelude::*;

use crate::components::health_pill::engine;

/// How an answer came to be: which engine, why, how fresh, how long it took and what it read.
#[component]
pub fn BackendBadge<'a>(reply: &'a QueryReply, zone: &'a Zone) -> impl IntoView + use<> {
    let class = match reply.backend {
        BackendKind::Chdb => "engine chdb",
        BackendKind::Clickhouse => "engine clickhouse",
    };
    let region = reply.region.clone().map(|region| format!(" {region}"));
    let fresh = reply.as_of.map(|as_of| {
        let shown = clock(as_of, zone);
        // The day is on the page already; what matters is how late it is.
        let time = shown.rsplit(' ').next().unwrap_or_default().to_owned();
        let lag = reply.lag_seconds.map(|lag| format!(" ({} behind)", span(lag)));
        view! {
            <span data-part="freshness">
                "as of "
                <time datetime=as_of.to_string() title=shown.clone()>{time}</time>
                {lag}
            </span>
        }
    });
    let elapsed = format!("{} ({} in the engine)", Unit::Millis.full(reply.elapsed_ms), Unit::Millis.full(reply.backend_ms));
    let read = format!("{} rows, {} read", count(reply.stats.rows_read as f64), bytes(reply.stats.bytes_read as f64));
    view! {
        <footer class="badge" data-backend=reply.backend.name() data-reason=reply.reason.name()>
            <span class=class data-part="engine">{engine(reply.backend)}{region}</span>
            <span data-part="reason" title=format!("reason: {}", reply.reason.name())>{reply.reason.sentence()}</span>
            {fresh}
            <span data-part="elapsed" title=elapsed>{Unit::Millis.full(reply.elapsed_ms)}</span>
            <span data-part="read">{read}</span>
        </footer>
    }
}

/// A span of seconds in its largest unit.
fn span(seconds: u64) -> String {
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min", seconds / 60),
        7_200..172_800 => format!("{} h", seconds / 3_600),
        _ => format!("{} days", seconds / 86_400),
    }
}
