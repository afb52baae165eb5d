//! How the values of a unit are shown.

/// How the values of a unit are shown.
#[derive(Debug, Clone, PartialEq)]
pub struct Shown {
    /// The number by which a value is multiplied.
    pub factor: f64,
    /// The unit of the chart, as [`lakefront_chart::Unit::parse`] takes it.
    pub unit: &'static str,
    /// The unit in words, if the values are shown without it.
    pub words: String,
}

/// Returns how the values of a unit (UCUM, as OpenTelemetry writes it) are shown.
///
/// `1` is a plain number: some senders count with it, others give shares.
pub fn shown(unit: &str) -> Shown {
    let (factor, chart, words) = match unit {
        "ns" => (1e-6, "ms", ""),
        "us" => (1e-3, "ms", ""),
        "ms" => (1.0, "ms", ""),
        "s" => (1e3, "ms", ""),
        "min" => (6e4, "ms", ""),
        "h" => (3.6e6, "ms", ""),
        "By" => (1.0, "By", ""),
        "kBy" => (1e3, "By", ""),
        "MBy" => (1e6, "By", ""),
        "GBy" => (1e9, "By", ""),
        "KiBy" => (1024.0, "By", ""),
        "MiBy" => (1_048_576.0, "By", ""),
        "GiBy" => (1_073_741_824.0, "By", ""),
        "%" => (0.01, "1", ""),
        "1" => (1.0, "", ""),
        // An annotation: `{order}`.
        other => (1.0, "", other.trim_start_matches('{').trim_end_matches('}')),
    };
    Shown {
        factor,
        unit: chart,
        words: words.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use lakefront_chart::Unit;

    use super::*;

    #[test]
    fn values_are_shown_by_their_unit() {
        let full = |unit: &str, value: f64| {
            let shown = shown(unit);
            format!(
                "{} {}",
                Unit::parse(shown.unit).full(value * shown.factor),
                shown.words
            )
        };
        assert_eq!(full("s", 0.25).trim(), "250 ms");
        assert_eq!(full("MiBy", 1.0).trim(), "1.05 MB");
        assert_eq!(full("%", 12.0).trim(), "12 %");
        assert_eq!(full("1", 12.0).trim(), "12");
        assert_eq!(full("{order}", 12.0), "12 order");
        assert_eq!(full("Cel", 21.5), "21.5 Cel");
    }
}
