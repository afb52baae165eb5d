//! The width of the steps into which a range is cut.

use jiff::Timestamp;
use lakefront_api::Range;

/// The widths, in seconds. The longest is the queries' largest.
const WIDTHS: [u32; 16] = [
    10, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200, 86_400, 172_800, 604_800,
];

/// The most steps of a range, about as many as a chart of this width can show.
const MOST: i64 = 200;

/// Returns the smallest width with at most [`MOST`] steps in a range.
pub fn width(range: Range) -> u32 {
    let seconds = range.to.duration_since(range.from).as_secs();
    at_least(seconds / MOST)
}

/// Returns the smallest width of at least so many seconds.
fn at_least(seconds: i64) -> u32 {
    let longest = WIDTHS[WIDTHS.len() - 1];
    let fits = WIDTHS.into_iter().find(|&width| i64::from(width) >= seconds);
    fits.unwrap_or(longest)
}

/// Returns a greater width, if most points of a series are further apart than the width in which they were found.
///
/// With the smaller one every point would be between two gaps, and a rate would be that of the one step in which the
/// growth of several was noticed.
pub fn wider<'a>(width: u32, points: impl Iterator<Item = (&'a str, Timestamp)>) -> Option<u32> {
    let mut points: Vec<_> = points.collect();
    points.sort_unstable();
    points.dedup();
    let mut apart: Vec<i64> = points
        .windows(2)
        .filter(|pair| pair[0].0 == pair[1].0)
        .map(|pair| pair[1].1.duration_since(pair[0].1).as_secs())
        .collect();
    apart.sort_unstable();
    let usual = *apart.get(apart.len() / 2)?;
    let wanted = at_least(usual);
    (wanted > width).then_some(wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn a_range_has_at_most_two_hundred_steps() {
        for (seconds, expected) in [
            (60, 10),
            (900, 10),
            (3_600, 30),
            (86_400, 600),
            (7 * 86_400, 3_600),
            (30 * 86_400, 21_600),
            (365 * 86_400, 172_800),
            (100 * 365 * 86_400, 604_800),
        ] {
            let range = Range {
                from: time(0),
                to: time(seconds),
            };
            assert_eq!(width(range), expected, "{seconds}");
        }
    }

    #[test]
    fn steps_are_not_narrower_than_the_points_are_apart() {
        let every = |seconds: i64| (0..20).map(move |at| ("a", time(at * seconds)));
        assert_eq!(wider(600, every(1_800)), Some(1_800));
        assert_eq!(wider(600, every(600)), None);
        // An outage is a gap and no other distance.
        let outage = every(600).filter(|(_, at)| !(3_000..9_000).contains(&at.as_second()));
        assert_eq!(wider(600, outage), None);
        // Two series that take turns.
        let two = every(1_200).chain((0..20).map(|at| ("b", time(at * 1_200 + 600))));
        assert_eq!(wider(600, two), Some(1_800));
        assert_eq!(wider(600, [("a", time(0)), ("b", time(0))].into_iter()), None);
        assert_eq!(wider(600, std::iter::empty()), None);
    }
}
