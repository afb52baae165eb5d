//! What the named queries must answer, computed from the events themselves: no SQL, no tables, no mapping of attributes.

mod api_latency;
mod ask;
mod bounce_rate;
mod cell;
mod error_queries;
mod funnel;
mod top_pages;
mod unique_visitors_per_day;
mod web_vitals;

#[cfg(test)]
mod tests;

pub use api_latency::api_latency;
pub use ask::Ask;
pub use bounce_rate::bounce_rate;
pub use cell::{Cell, Row};
pub use error_queries::{errors_for_user, errors_per_hour, top_errors};
pub use funnel::funnel;
pub use top_pages::top_pages;
pub use unique_visitors_per_day::unique_visitors_per_day;
pub use web_vitals::web_vitals;
