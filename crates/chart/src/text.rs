//! The measurement and escaping of texts.

/// The font size of every text in a chart, in pixels of the drawing.
pub const FONT_SIZE: f64 = 11.5;

/// The distance from the middle of a text to its baseline, in pixels. It follows from the heights of small letters and
/// capitals in ordinary fonts.
pub const DROP: f64 = 4.0;

/// Returns the width of a text in an ordinary sans-serif font, in pixels. The estimate is rather too wide than too
/// narrow.
pub fn width(text: &str) -> f64 {
    text.chars().map(em).sum::<f64>() * FONT_SIZE
}

/// Returns the width of a character in em, the font size.
fn em(char: char) -> f64 {
    match char {
        'i' | 'j' | 'l' | '.' | ',' | ':' | ';' | '\'' | '|' | '!' => 0.30,
        ' ' | 'f' | 't' | 'r' | '(' | ')' | '[' | ']' | '/' | '-' => 0.38,
        'm' | 'w' | 'M' | 'W' | '@' | '%' => 0.90,
        'A'..='Z' => 0.70,
        char if char.is_ascii() => 0.60,
        // Ideographs are square, and characters of other scripts are rarely wider.
        char if char >= '\u{1100}' => 1.0,
        _ => 0.70,
    }
}

/// Escapes a text for SVG. Characters that XML cannot hold become spaces.
pub fn escape(text: &str, out: &mut String) {
    for char in text.chars() {
        match char {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            char if char.is_control() || matches!(char, '\u{fffe}' | '\u{ffff}') => out.push(' '),
            char => out.push(char),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_and_control_characters_are_harmless() {
        let mut out = String::new();
        escape("<a&\"\u{1}>", &mut out);
        assert_eq!(out, "&lt;a&amp;&quot; &gt;");
    }
}
