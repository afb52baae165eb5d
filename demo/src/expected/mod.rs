//! The expected answers of the named queries, computed from the events without SQL, tables and the mapping of
//! attributes.

mod api_latency;
mod api_routes;
mod arguments;
mod bounce_rate;
mod cell;
mod error_group;
mod error_queries;
mod funnel;
mod records_per_hour;
mod top_pages;
mod top_sources;
mod totals;
mod trace_spans;
mod unique_visitors_per_day;
mod visitors;
mod web_vitals;

#[cfg(test)]
mod tests;

pub use api_latency::api_latency;
pub use api_routes::{api_heatmap, api_routes};
pub use arguments::Arguments;
pub use bounce_rate::bounce_rate;
pub use cell::{Cell, Row};
pub use error_group::{error_groups, error_occurrences, users_of_error};
pub use error_queries::{GroupOf, errors_for_user, errors_per_hour, top_errors, users_with_errors};
pub use funnel::funnel;
pub use records_per_hour::records_per_hour;
pub use top_pages::top_pages;
pub use top_sources::top_sources;
pub use totals::{service_health, totals};
pub use trace_spans::trace_spans;
pub use unique_visitors_per_day::unique_visitors_per_day;
pub use visitors::{top_countries, top_devices};
pub use web_vitals::{web_vitals, web_vitals_by_device};
