//! Formats the cells of a table for people.

use lakefront_api::{Zone, instant};
use lakefront_chart::{Unit, clock};
use serde_json::Value;

/// The format of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CellFormat {
    /// Text, shown unchanged.
    Text,
    /// Sentences. Their column is wide enough to read them.
    Prose,
    /// An identifier, shown unchanged in a fixed-width font.
    Id,
    /// A time in the zone of the page.
    Time,
    /// A time of which its age matters, such as when something was last seen.
    Age,
    /// A number with its unit, aligned to the right.
    Number(Unit),
    /// An array of numbers at equal distances, as a small line drawing.
    Trend,
    /// A word that is highlighted: `new`.
    Mark,
    /// Text of many lines, folded.
    Lines,
    /// A column for programs. It is not shown.
    Hidden,
}

impl CellFormat {
    /// Chooses the format by the column's name, ClickHouse type and unit.
    pub fn of(name: &str, data_type: &str, unit: &str) -> Self {
        let bare = data_type
            .strip_prefix("Nullable(")
            .or(data_type.strip_prefix("LowCardinality("))
            .unwrap_or(data_type);
        let numeric = ["Int", "UInt", "Float", "Decimal"]
            .iter()
            .any(|prefix| bare.starts_with(prefix));
        match name {
            "row_id" => Self::Hidden,
            "stack" => Self::Lines,
            "message" | "last_message" | "error_message" => Self::Prose,
            "state" | "status" => Self::Mark,
            "last_seen" => Self::Age,
            _ if bare.starts_with("DateTime") => Self::Time,
            _ if bare.starts_with("Array(") => Self::Trend,
            name if name.ends_with("_id") || name.ends_with("_group") => Self::Id,
            _ if numeric => Self::Number(Unit::parse(unit)),
            _ => Self::Text,
        }
    }

    /// Returns the CSS class of the column's cells.
    pub const fn class(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Prose => "text prose",
            Self::Id => "id",
            Self::Time => "time",
            Self::Age => "age",
            Self::Number(_) => "number",
            Self::Trend => "trend",
            Self::Mark => "mark",
            Self::Lines => "lines",
            Self::Hidden => "hidden",
        }
    }

    /// Returns a value as text. `null` and an empty text become a dash.
    pub fn show(self, value: &Value, zone: &Zone) -> String {
        match (self, value) {
            (_, Value::Null) => "–".into(),
            (_, Value::String(text)) if text.is_empty() => "–".into(),
            (Self::Time | Self::Age, Value::String(text)) => {
                instant::time(text).map_or_else(|| text.clone(), |time| clock(time, zone))
            }
            (Self::Number(unit), Value::Number(number)) => number
                .as_f64()
                .map_or_else(|| number.to_string(), |number| unit.full(number)),
            (_, Value::String(text)) => text.clone(),
            (_, other) => other.to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_written_by_their_column() {
        let zone = Zone::utc();
        let show =
            |name, data_type, unit, value: Value| CellFormat::of(name, data_type, unit).show(&value, &zone);
        assert_eq!(
            show("time", "DateTime64(6)", "", "2026-03-24T12:03:10.5Z".into()),
            "2026-03-24 12:03:10"
        );
        assert_eq!(show("views", "UInt64", "", 1234.into()), "1,234");
        assert_eq!(
            show("row_id", "Int64", "", 281474976710656_i64.into()),
            "281474976710656"
        );
        assert_eq!(show("bounce_rate", "Float64", "1", 0.25.into()), "25 %");
        assert_eq!(show("p75", "Nullable(Float64)", "", Value::Null), "–");
        assert_eq!(show("page", "String", "", "".into()), "–");
        assert_eq!(show("day", "Date", "", "2026-03-24".into()), "2026-03-24");
    }
}
