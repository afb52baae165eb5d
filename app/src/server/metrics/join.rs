//! Joins the points of several metrics, so that a formula can be computed for each step and group.

use std::collections::{BTreeMap, BTreeSet};

use super::{formula::Formula, function::Point, letter::Letter};

/// The name that the queries give to the sum of the smaller groups.
const OTHER: &str = "other";

/// The points of one metric.
pub struct Side<'a> {
    /// The metric.
    pub letter: Letter,
    /// The points, of one series for each group.
    pub points: &'a [Point],
    /// True if the points have groups. A series without groups is joined with every group of the others.
    pub is_grouped: bool,
}

/// Computes a formula for each step and each group of the sides. A step of a group in which a metric of the formula has no
/// value has no point.
///
/// The groups of one name belong together, as Prometheus matches series one to one. `other` is left out if more than one
/// side has groups: it is the sum of other groups on each side.
pub fn joined(formula: &Formula, sides: &[Side<'_>]) -> Vec<Point> {
    let is_used = |side: &&Side<'_>| formula.letters.iter().any(|(letter, _)| *letter == side.letter);
    let used: Vec<_> = sides.iter().filter(is_used).collect();
    let grouped = used.iter().filter(|side| side.is_grouped).count();
    let mut values = BTreeMap::new();
    let mut places = BTreeSet::new();
    for side in used {
        for point in side.points {
            let Some(value) = point.value else { continue };
            let series = if side.is_grouped {
                point.series.as_str()
            } else {
                ""
            };
            values.insert((side.letter, point.time.as_str(), series), value);
            if side.is_grouped || grouped == 0 {
                places.insert((point.time.as_str(), series));
            }
        }
    }
    let is_grouped = |letter: Letter| sides.iter().any(|side| side.letter == letter && side.is_grouped);
    let points = places
        .into_iter()
        .filter(|(_, series)| grouped < 2 || *series != OTHER);
    points
        .filter_map(|(time, series)| {
            let value = formula.value(&|letter| {
                let series = if is_grouped(letter) { series } else { "" };
                values.get(&(letter, time, series)).copied()
            });
            Some(Point {
                time: time.to_owned(),
                series: series.to_owned(),
                value: Some(value?),
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const A: Letter = Letter::ALL[0];
    const B: Letter = Letter::ALL[1];

    fn points(points: &[(&str, &str, Option<f64>)]) -> Vec<Point> {
        let point = |(time, series, value): &(&str, &str, Option<f64>)| Point {
            time: (*time).to_owned(),
            series: (*series).to_owned(),
            value: *value,
        };
        points.iter().map(point).collect()
    }

    /// Computes `a / b` and returns time, group and value.
    fn divided(a: (&[Point], bool), b: (&[Point], bool)) -> Vec<(String, String, f64)> {
        let formula = Formula::parse("a / b", &[A, B]).unwrap();
        let sides = [(A, a), (B, b)].map(|(letter, (points, is_grouped))| Side {
            letter,
            points,
            is_grouped,
        });
        let joined = joined(&formula, &sides).into_iter();
        joined
            .map(|point| (point.time, point.series, point.value.unwrap()))
            .collect()
    }

    fn point(time: &str, series: &str, value: f64) -> (String, String, f64) {
        (time.to_owned(), series.to_owned(), value)
    }

    #[test]
    fn groups_of_one_name_belong_together() {
        let a = points(&[
            ("t1", "x", Some(4.0)),
            ("t1", "y", Some(9.0)),
            ("t1", "other", Some(1.0)),
            ("t2", "x", Some(8.0)),
        ]);
        let b = points(&[
            ("t1", "x", Some(2.0)),
            ("t1", "other", Some(1.0)),
            ("t1", "z", Some(1.0)),
            ("t2", "x", Some(4.0)),
        ]);
        // y and z have no other side, and "other" is of other groups on each side.
        assert_eq!(
            divided((&a, true), (&b, true)),
            [point("t1", "x", 2.0), point("t2", "x", 2.0)]
        );
    }

    #[test]
    fn a_series_without_groups_is_joined_with_every_group() {
        let a = points(&[
            ("t1", "x", Some(4.0)),
            ("t1", "other", Some(6.0)),
            ("t2", "x", Some(5.0)),
        ]);
        let b = points(&[("t1", "", Some(2.0)), ("t3", "", Some(2.0))]);
        assert_eq!(
            divided((&a, true), (&b, false)),
            [point("t1", "other", 3.0), point("t1", "x", 2.0)]
        );
        assert_eq!(
            divided((&b, false), (&a, true)),
            [point("t1", "other", 1.0 / 3.0), point("t1", "x", 0.5)]
        );
    }

    #[test]
    fn a_gap_on_one_side_is_a_gap() {
        let a = points(&[
            ("t1", "", Some(4.0)),
            ("t2", "", None),
            ("t3", "", Some(1.0)),
            ("t4", "", Some(3.0)),
        ]);
        let b = points(&[
            ("t1", "", Some(2.0)),
            ("t2", "", Some(2.0)),
            ("t3", "", Some(0.0)),
            ("t5", "", Some(1.0)),
        ]);
        assert_eq!(divided((&a, false), (&b, false)), [point("t1", "", 2.0)]);
    }

    #[test]
    fn a_metric_outside_of_the_formula_changes_nothing() {
        let a = points(&[("t1", "", Some(4.0))]);
        let b = points(&[("t1", "x", Some(2.0)), ("t2", "x", Some(2.0))]);
        let formula = Formula::parse("a * 2", &[A, B]).unwrap();
        let sides = [(A, &a, false), (B, &b, true)].map(|(letter, points, is_grouped)| Side {
            letter,
            points,
            is_grouped,
        });
        assert_eq!(joined(&formula, &sides), points_of_one("t1", 8.0));
    }

    fn points_of_one(time: &str, value: f64) -> Vec<Point> {
        points(&[(time, "", Some(value))])
    }

    proptest! {
        /// Every point is what a plain search finds for its step and group, and no other step and group has one.
        #[test]
        fn the_join_finds_what_a_search_finds(
            a in prop::collection::btree_map((0u8..4, 0u8..4), -2i8..3, 0..12),
            b in prop::collection::btree_map((0u8..4, 0u8..4), -2i8..3, 0..12),
            is_grouped in any::<(bool, bool)>(),
        ) {
            type Cells = BTreeMap<(u8, u8), i8>;
            let only = |cells: Cells, is_grouped: bool| -> Cells {
                cells.into_iter().filter(|((_, series), _)| is_grouped || *series == 0).collect()
            };
            let (a, b) = (only(a, is_grouped.0), only(b, is_grouped.1));
            let of = |cells: &Cells| -> Vec<Point> {
                let point = |(&(time, series), &value): (&(u8, u8), &i8)| Point {
                    time: time.to_string(),
                    series: series.to_string(),
                    value: Some(value.into()),
                };
                cells.iter().map(point).collect()
            };
            let found = divided((&of(&a), is_grouped.0), (&of(&b), is_grouped.1));
            let mut expected = Vec::new();
            for time in 0..4u8 {
                for series in 0..4u8 {
                    if series > 0 && is_grouped == (false, false) {
                        continue;
                    }
                    let at = |cells: &Cells, is_grouped: bool| {
                        cells.get(&(time, if is_grouped { series } else { 0 })).copied()
                    };
                    let (Some(left), Some(right)) = (at(&a, is_grouped.0), at(&b, is_grouped.1)) else { continue };
                    if right != 0 {
                        let name = if is_grouped == (false, false) { String::new() } else { series.to_string() };
                        expected.push((time.to_string(), name, f64::from(left) / f64::from(right)));
                    }
                }
            }
            prop_assert_eq!(found, expected);
        }
    }
}
