//! Clips the range of a request to the days that the lake has.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use lakefront_api::{Problem, ProblemType, Range, time_zone};

use crate::Resolved;
use crate::range::widen;

/// Returns the range without the part before the lake's first day. Both ends are still ends of whole buckets.
///
/// A long range may get a coarser bucket ([`QueryInfo::grain`](lakefront_api::QueryInfo::grain)); its ends then move
/// outward to that bucket.
///
/// # Errors
/// [`ProblemType::BadRequest`] for a time that the calendar cannot represent.
pub fn clip(resolved: &Resolved, first_day: Option<Date>) -> Result<Range, Problem> {
    let info = &resolved.query.info;
    let bad = |error: jiff::Error| Problem::new(ProblemType::BadRequest, format!("timeRange: {error}"));
    let zone = time_zone(&resolved.tz)?;
    let mut range = resolved.range;
    if let Some(first_day) = first_day {
        let begin = first_day.to_zoned(TimeZone::UTC).map_err(bad)?.timestamp();
        if range.from < begin {
            let clipped = Range {
                from: begin.min(range.to),
                to: range.to,
            };
            range = widen(clipped, info.bucket, &zone).map_err(bad)?;
        }
    }
    match info.grain(range) {
        grain if grain == info.bucket => Ok(range),
        coarser => widen(range, coarser, &zone).map_err(bad),
    }
}
