//! The lines of a chart, as the answer of a named query.

use std::collections::HashMap;

use lakefront_api::{
    Bucket, ChartKind, ChartSpec, Column, ColumnInfo, Page, PanelPlace, QueryInfo, QueryReply,
};

use super::{function::Point, unit::shown};

/// The most lines that a chart draws.
const LINES: usize = 8;

/// The columns of the answer with their types.
const COLUMNS: [(&str, &str); 3] = [
    ("time", "DateTime('UTC')"),
    ("series", "String"),
    ("value", "Float64"),
];

/// A metric or a formula, with a line for each of its groups.
pub struct Drawn<'a> {
    /// The name before that of a group, or an empty text if the chart shows nothing else.
    pub name: String,
    /// The name of a line without a group.
    pub alone: String,
    /// The points.
    pub points: Vec<Point>,
    /// The unit of the values (UCUM).
    pub unit: &'a str,
}

/// The lines of a chart with their values, in the form of a named query and its answer.
pub struct Drawing {
    /// The chart and its columns.
    pub info: QueryInfo,
    /// The values: time, series, value.
    pub reply: QueryReply,
    /// True if the values have different units, so that they are plain numbers.
    pub has_units: bool,
    /// The number of groups that are drawn of each metric, if some are left out.
    pub most: Option<usize>,
}

/// Returns the drawing of metrics and formulas over the range of their answers, of which there is at least one.
///
/// A chart has a limited number of lines. Several metrics get equal shares of it, so that one with many groups or great
/// values leaves room for the others.
pub fn drawing(
    title: String,
    kind: ChartKind,
    width: u32,
    drawn: &[Drawn<'_>],
    replies: &[QueryReply],
) -> Option<Drawing> {
    let first = replies.first()?;
    let mut units = drawn.iter().map(|drawn| shown(drawn.unit));
    let unit = units.next()?;
    let has_units = !units.all(|other| other.unit == unit.unit);
    let unit = if has_units { "" } else { unit.unit };
    let share = (drawn.len() > 1).then(|| LINES / drawn.len());
    let mut most = None;
    let mut rows: Vec<(&str, String, f64)> = Vec::new();
    for drawn in drawn {
        let factor = if has_units { 1.0 } else { shown(drawn.unit).factor };
        let left_out = share
            .map(|share| beyond(&drawn.points, share))
            .unwrap_or_default();
        if !left_out.is_empty() {
            most = share;
        }
        for point in &drawn.points {
            let Some(value) = point.value else { continue };
            if left_out.contains(&point.series.as_str()) {
                continue;
            }
            let series = match (drawn.name.as_str(), point.series.as_str()) {
                (_, "") => drawn.alone.clone(),
                ("", series) => series.to_owned(),
                (name, series) => format!("{name} {series}"),
            };
            rows.push((point.time.as_str(), series, value * factor));
        }
    }
    rows.sort_by(|a, b| (a.0, &a.1).cmp(&(b.0, &b.1)));
    let until = first.range.map(|range| range.to);
    let as_of = replies.iter().filter_map(|reply| reply.as_of).min();
    let reply = QueryReply {
        columns: COLUMNS
            .map(|(name, data_type)| Column {
                name: name.into(),
                data_type: data_type.into(),
            })
            .into(),
        rows: rows
            .into_iter()
            .map(|(time, series, value)| vec![time.into(), series.into(), value.into()])
            .collect(),
        // A step that ends after the range is not complete either.
        as_of: as_of
            .map(|time| until.map_or(time, |until| time.min(until)))
            .or(until),
        truncated: replies.iter().any(|reply| reply.truncated),
        statement: None,
        ..first.clone()
    };
    Some(Drawing {
        info: info(title, kind, unit, width),
        reply,
        has_units,
        most,
    })
}

/// Returns the groups beyond the greatest, by their greatest values.
fn beyond(points: &[Point], share: usize) -> Vec<&str> {
    let mut greatest: HashMap<&str, f64> = HashMap::new();
    for point in points {
        let value = point.value.unwrap_or_default().abs();
        let known = greatest.entry(&point.series).or_default();
        *known = known.max(value);
    }
    let mut groups: Vec<_> = greatest.into_iter().collect();
    groups.sort_by(|(a, of_a), (b, of_b)| of_b.total_cmp(of_a).then(a.cmp(b)));
    groups.into_iter().skip(share).map(|(group, _)| group).collect()
}

fn info(title: String, kind: ChartKind, unit: &str, width: u32) -> QueryInfo {
    QueryInfo {
        name: "metrics".into(),
        title,
        description: String::new(),
        bucket: Bucket::Exact,
        params: Vec::new(),
        columns: COLUMNS
            .map(|(name, data_type)| ColumnInfo {
                name: name.into(),
                data_type: data_type.into(),
                unit: if name == "value" {
                    unit.to_owned()
                } else {
                    String::new()
                },
                better: None,
                description: String::new(),
            })
            .into(),
        order: String::new(),
        chart: ChartSpec {
            kind,
            x: "time".into(),
            y: vec!["value".into()],
            series: vec!["series".into()],
            unit: unit.to_owned(),
            step_seconds: Some(width),
        },
        panels: vec![PanelPlace {
            page: Page::Metrics,
            position: 0,
            wide: true,
            rows: 0,
        }],
        rows: Vec::new(),
        retention_days: None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn reply(as_of: &str) -> QueryReply {
        serde_json::from_value(json!({
            "columns": [], "rows": [], "truncated": false, "backend": "chdb", "reason": "no-clickhouse",
            "asOf": as_of, "lagSeconds": null, "elapsedMs": 1.0, "backendMs": 1.0, "stats": {"rowsRead": 0, "bytesRead": 0}
        }))
        .unwrap()
    }

    fn drawn<'a>(name: &str, unit: &'a str, groups: &[(&str, f64)]) -> Drawn<'a> {
        let point = |(series, value): &(&str, f64)| Point {
            time: "2026-03-24T10:00:00Z".into(),
            series: (*series).to_owned(),
            value: Some(*value),
        };
        Drawn {
            name: name.into(),
            alone: format!("{name} alone"),
            points: groups.iter().map(point).collect(),
            unit,
        }
    }

    fn series(drawing: &Drawing) -> Vec<(String, f64)> {
        let rows = drawing.reply.rows.iter();
        rows.map(|row| (row[1].as_str().unwrap().to_owned(), row[2].as_f64().unwrap()))
            .collect()
    }

    fn of(drawn: &[Drawn<'_>]) -> Drawing {
        let replies = [reply("2026-03-24T12:00:00Z"), reply("2026-03-24T11:00:00Z")];
        drawing(String::new(), ChartKind::Line, 60, drawn, &replies).unwrap()
    }

    #[test]
    fn values_of_one_unit_are_shown_in_it_and_others_as_they_are() {
        let alike = of(&[drawn("a", "s", &[("", 2.0)]), drawn("b", "ms", &[("", 5.0)])]);
        assert_eq!((alike.info.chart.unit.as_str(), alike.has_units), ("ms", false));
        assert_eq!(
            series(&alike),
            [("a alone".into(), 2000.0), ("b alone".into(), 5.0)]
        );
        let mixed = of(&[drawn("a", "s", &[("", 2.0)]), drawn("b", "By", &[("", 5.0)])]);
        assert_eq!((mixed.info.chart.unit.as_str(), mixed.has_units), ("", true));
        assert_eq!(series(&mixed), [("a alone".into(), 2.0), ("b alone".into(), 5.0)]);
    }

    #[test]
    fn several_metrics_share_the_lines() {
        let many: Vec<_> = (0..10)
            .map(|at| (["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"][at], at as f64))
            .collect();
        let one = of(&[drawn("", "", &many)]);
        assert_eq!((series(&one).len(), one.most), (10, None));
        let two = of(&[drawn("a", "", &many), drawn("b", "", &[("", 0.5)])]);
        let names: Vec<_> = series(&two).into_iter().map(|(name, _)| name).collect();
        assert_eq!(
            (names, two.most),
            (
                ["a 6", "a 7", "a 8", "a 9", "b alone"].map(String::from).into(),
                Some(4)
            )
        );
    }

    #[test]
    fn a_chart_is_as_complete_as_the_last_of_its_answers() {
        let drawing = of(&[drawn("a", "", &[("", 1.0)])]);
        assert_eq!(drawing.reply.as_of.unwrap().to_string(), "2026-03-24T11:00:00Z");
    }
}
