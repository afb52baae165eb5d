//! Time ranges: checks the requested range and moves its ends outward to whole buckets in the caller's time zone.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan, Zoned};
use lakefront_api::{Bucket, Problem, ProblemType, Range, TimeRange};

/// The bucket of most views: 15 minutes.
const QUARTER: SignedDuration = SignedDuration::from_mins(15);

/// The first accepted instant. All engines compute the same local times from here to [`LAST`].
const FIRST: Timestamp = Timestamp::UNIX_EPOCH;
/// The last accepted instant.
const LAST: Timestamp = Timestamp::constant(7_258_118_400, 0); // 2200-01-01

/// Returns the range that a query answers. Presets end at `now`, and both ends move outward to whole buckets.
///
/// # Errors
/// [`ProblemType::BadRequest`] for a range that is reversed, longer than 366 days, or outside the years 1970 to 2199.
pub fn range(
    requested: TimeRange,
    bucket: Bucket,
    zone: &TimeZone,
    now: Timestamp,
) -> Result<Range, Problem> {
    let bad = |detail: String| Problem::new(ProblemType::BadRequest, format!("timeRange: {detail}"));
    let (from, to) = match requested {
        TimeRange::Preset(preset) => (now - preset.duration(), now),
        TimeRange::Absolute { from, to } => (from, to),
    };
    if from > to {
        return Err(bad(format!("from ({from}) is after to ({to}); swap them")));
    }
    if to.duration_since(from) > TimeRange::LONGEST {
        return Err(bad("expected at most 366 days between from and to".into()));
    }
    if from < FIRST || to > LAST {
        return Err(bad("expected times between 1970 and 2200".into()));
    }
    widen(Range { from, to }, bucket, zone).map_err(|error| bad(error.to_string()))
}

/// Returns the end of the part of a range for which an engine has data. The engine has all data up to `complete_until`.
///
/// A range that ends now ends in an unfinished bucket. Rates divide by the time up to the returned instant, not by the
/// whole range. A range that begins after `complete_until` counts as a whole.
pub fn until(range: Range, complete_until: Timestamp) -> Timestamp {
    if complete_until > range.from {
        range.to.min(complete_until)
    } else {
        range.to
    }
}

/// Moves both ends of a range outward to whole buckets. Stored times are whole microseconds, so that finer fractions
/// are cut off first.
///
/// # Errors
/// When an end falls outside the times that jiff can represent.
pub fn widen(range: Range, bucket: Bucket, zone: &TimeZone) -> Result<Range, jiff::Error> {
    let from = Timestamp::from_microsecond(range.from.as_microsecond())?;
    let to = Timestamp::from_microsecond(range.to.as_microsecond())?;
    let (from, _) = bucket_of(from, bucket, zone)?;
    // The end of a range is exclusive. An end on a boundary is already the end of a bucket.
    let to = match bucket_of(to, bucket, zone)? {
        (begin, _) if begin == to => to,
        (_, end) => end,
    };
    Ok(Range { from, to })
}

/// Returns the bucket that contains an instant, as a half-open interval. [`Bucket::Exact`] gives an empty one.
///
/// Hours are counted from the local midnight, as ClickHouse's `toStartOfHour` does. They are the full hours of the
/// local clock, except on days whose offset changes by a part of an hour (Australia/Lord_Howe).
fn bucket_of(at: Timestamp, bucket: Bucket, zone: &TimeZone) -> Result<(Timestamp, Timestamp), jiff::Error> {
    match bucket {
        Bucket::Exact => return Ok((at, at)),
        Bucket::Quarter => {
            let into =
                SignedDuration::from_micros(at.as_microsecond().rem_euclid(QUARTER.as_micros() as i64));
            let begin = at.checked_sub(into)?;
            return Ok((begin, begin.checked_add(QUARTER)?));
        }
        Bucket::Hour | Bucket::Day => {}
    }
    let day = at.to_zoned(zone.clone()).start_of_day()?;
    let next_day = following_day(&day)?;
    let day = day.timestamp();
    if bucket == Bucket::Day {
        return Ok((day, next_day));
    }
    let hour = SignedDuration::from_hours(at.duration_since(day).as_hours());
    let begin = day.checked_add(hour)?;
    Ok((
        begin,
        begin.checked_add(SignedDuration::from_hours(1))?.min(next_day),
    ))
}

/// Returns the instant at which the next local day begins. A zone that crosses the date line skips a day of the
/// calendar, so that the next day can be two dates later.
fn following_day(day: &Zoned) -> Result<Timestamp, jiff::Error> {
    day.date()
        .checked_add(1.day())?
        .to_zoned(day.time_zone().clone())?
        .start_of_day()
        .map(|next| next.timestamp())
}
