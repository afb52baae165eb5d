//! Sparklines: small bars beside a text.

use std::fmt::Write;

/// The size of a sparkline in pixels: width, height.
const SIZE: (f64, f64) = (96.0, 22.0);

/// Draws a row of small bars without axes, as SVG. It is decoration, hidden from screen readers: the text beside it has the
/// facts.
pub fn spark(values: &[f64]) -> String {
    let most = values.iter().copied().fold(0.0, f64::max).max(1.0);
    let width = SIZE.0 / values.len().max(1) as f64;
    let mut path = String::new();
    for (at, value) in values.iter().enumerate().filter(|(_, value)| **value > 0.0) {
        // A value other than zero is visible, however small.
        let height = (value / most * SIZE.1).max(1.5);
        let _ = write!(
            path,
            "M{:.1} {:.1}h{:.1}v{height:.1}h-{:.1}z",
            at as f64 * width,
            SIZE.1 - height,
            width * 0.8,
            width * 0.8
        );
    }
    format!(
        r#"<svg class="spark" viewBox="0 0 {} {}" aria-hidden="true" focusable="false"><path d="{path}"/></svg>"#,
        SIZE.0, SIZE.1
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_are_as_high_as_their_share() {
        let svg = spark(&[0.0, 1.0, 2.0, f64::NAN]);
        assert!(
            svg.contains(r#"d="M24.0 11.0h19.2v11.0h-19.2zM48.0 0.0h19.2v22.0h-19.2z""#),
            "{svg}"
        );
        assert!(spark(&[]).contains(r#"d="""#));
    }
}
