//! Totals, compared with the period before. Only the server has this code.

use lakefront_api::{Better, QueryInfo, QueryReply};
use lakefront_chart::{Unit, words};
use maud::{Markup, html};
use serde_json::Value;

/// The rows of two consecutive periods of the same length. Both periods are over.
pub struct Compared {
    /// The end of the second period in the viewer's zone (`14:30`), if the reply's range ends later.
    pub until: Option<String>,
    /// The rows of the second period, which begins with the reply's range.
    pub now: Vec<Vec<Value>>,
    /// The rows of the first period.
    pub before: Vec<Vec<Value>>,
}

/// Renders the measures of a single row, each beside its value in the period before.
pub fn totals(info: &QueryInfo, reply: &QueryReply, compared: Option<&Compared>) -> Markup {
    let value = |rows: &[Vec<Value>], name: &str| {
        let at = reply.columns.iter().position(|column| column.name == name)?;
        rows.first()?.get(at)?.as_f64()
    };
    html! {
        dl.tiles {
            @for name in &info.chart.y {
                @let column = info.columns.iter().find(|column| column.name == *name);
                @let unit = Unit::parse(column.map_or("", |column| &column.unit));
                @let shown = value(&reply.rows, name);
                @let now = compared.and_then(|compared| value(&compared.now, name));
                @let before = compared.and_then(|compared| value(&compared.before, name));
                div title=[column.map(|column| &column.description)] {
                    dt { (words(name)) }
                    dd { (shown.map_or_else(|| "–".into(), |shown| unit.full(shown))) }
                    dd.change {
                        @match (now, before) {
                            (Some(now), Some(before)) => {
                                @let change = Change::of(now, before);
                                strong.(change.class(column.and_then(|column| column.better))) { (change.words()) }
                                @if let Some(until) = compared.and_then(|compared| compared.until.as_ref()) {
                                    " " span { "until " (until) ": " (unit.full(now)) }
                                }
                                " " span { "before: " (unit.full(before)) }
                            }
                            _ => "nothing before to compare with",
                        }
                    }
                }
            }
        }
    }
}

/// A number and its value in the period before.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Change {
    now: f64,
    before: f64,
}

impl Change {
    fn of(now: f64, before: f64) -> Self {
        Self { now, before }
    }

    /// Returns the change in percent of the value before, or `None` if that was 0.
    fn percent(self) -> Option<f64> {
        (self.before != 0.0).then(|| (self.now - self.before) / self.before.abs() * 100.0)
    }

    /// Describes the change in words with its direction, for people who do not see colours.
    fn words(self) -> String {
        match self.percent() {
            Some(percent) if percent.abs() < 0.5 => "= as before".into(),
            Some(percent) if percent > 999.0 => format!("▲ {:.0} times as much", self.now / self.before),
            Some(percent) if percent > 0.0 => format!("▲ {percent:.0} % more"),
            Some(percent) => format!("▼ {:.0} % less", -percent),
            None if self.now == 0.0 => "= as before".into(),
            None => "▲ new".into(),
        }
    }

    fn class(self, better: Option<Better>) -> &'static str {
        let small = self.percent().is_some_and(|percent| percent.abs() < 0.5);
        let more = self.now > self.before;
        match better {
            Some(_) if small || self.now == self.before => "same",
            Some(Better::More) => {
                if more {
                    "good"
                } else {
                    "bad"
                }
            }
            Some(Better::Less) => {
                if more {
                    "bad"
                } else {
                    "good"
                }
            }
            None => "same",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_has_words_and_a_verdict() {
        let change = |now, before, better| {
            let change = Change::of(now, before);
            (change.words(), change.class(better))
        };
        assert_eq!(
            change(150.0, 100.0, Some(Better::More)),
            ("▲ 50 % more".into(), "good")
        );
        assert_eq!(
            change(150.0, 100.0, Some(Better::Less)),
            ("▲ 50 % more".into(), "bad")
        );
        assert_eq!(
            change(75.0, 100.0, Some(Better::Less)),
            ("▼ 25 % less".into(), "good")
        );
        assert_eq!(
            change(100.2, 100.0, Some(Better::More)),
            ("= as before".into(), "same")
        );
        assert_eq!(change(5.0, 0.0, Some(Better::Less)), ("▲ new".into(), "bad"));
        assert_eq!(
            change(0.0, 0.0, Some(Better::Less)),
            ("= as before".into(), "same")
        );
        assert_eq!(
            change(2_000.0, 100.0, None),
            ("▲ 20 times as much".into(), "same")
        );
    }
}
