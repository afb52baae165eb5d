use jiff::civil::Date;
use jiff::tz::TimeZone;
use lakefront_api::{Problem, ProblemType, Range};

use crate::range::widen;
use crate::{Resolved, zone};

/// The range without what lies before the lake's first day; it still begins with a whole bucket.
///
/// # Errors
/// [`ProblemType::BadRequest`] when a calendar has no such time.
pub fn clip(resolved: &Resolved, first_day: Option<Date>) -> Result<Range, Problem> {
    let range = resolved.range;
    let bad = |error: jiff::Error| Problem::new(ProblemType::BadRequest, format!("timeRange: {error}"));
    let Some(first_day) = first_day else {
        return Ok(range);
    };
    let begin = first_day.to_zoned(TimeZone::UTC).map_err(bad)?.timestamp();
    if range.from >= begin {
        return Ok(range);
    }
    let (zone, _) = zone::zone(&resolved.tz)?;
    let clipped = Range {
        from: begin.min(range.to),
        to: range.to,
    };
    widen(clipped, resolved.query.info.bucket, &zone).map_err(bad)
}
