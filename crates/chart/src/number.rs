//! Numbers as texts for people.

/// Formats an integer with separated thousands, such as `1,234,567`.
pub fn count(value: f64) -> String {
    if !value.is_finite() || value.abs() >= 1e15 {
        return compact(value);
    }
    let digits = format!("{:.0}", value.abs());
    let mut out = String::with_capacity(digits.len() + digits.len() / 3 + 1);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    if value <= -0.5 { format!("-{out}") } else { out }
}

/// Formats a duration in seconds in a readable unit, such as `41 s` or `5 min`.
pub fn span(seconds: u64) -> String {
    match seconds {
        0..120 => format!("{seconds} s"),
        120..7_200 => format!("{} min", seconds / 60),
        7_200..172_800 => format!("{} h", seconds / 3_600),
        _ => format!("{} days", seconds / 86_400),
    }
}

/// Formats a number with three significant digits and a magnitude, such as `12.3 k` or `4.56 M`.
pub fn compact(value: f64) -> String {
    scaled(value, 1000.0, &["", " k", " M", " G", " T", " P", " E"])
}

/// Formats bytes in powers of 1,000, such as `40.9 kB`.
pub fn bytes(value: f64) -> String {
    scaled(value, 1000.0, &[" B", " kB", " MB", " GB", " TB", " PB", " EB"])
}

fn scaled(value: f64, base: f64, names: &[&str]) -> String {
    let mut value = value;
    let mut names = names.iter();
    let mut name = names.next().copied().unwrap_or_default();
    // From 999.5 on, rounding would give 1000 of the smaller magnitude.
    for larger in names {
        if value.abs() < base * 0.9995 {
            break;
        }
        value /= base;
        name = larger;
    }
    format!("{}{name}", significant(value))
}

/// Formats a number with at most three significant digits and no trailing zeros. Integers below 1,000 are exact.
pub fn significant(value: f64) -> String {
    if !value.is_finite() {
        return "–".into();
    }
    let size = value.abs();
    if size == 0.0 {
        return "0".into();
    }
    if size < 1e-6 {
        return "≈ 0".into();
    }
    let decimals = (2 - size.log10().floor() as i32).clamp(0, 6) as usize;
    let text = format!("{value:.decimals$}");
    let text = if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.')
    } else {
        &text
    };
    if text == "-0" { "0".into() } else { text.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_set_apart() {
        let cases = [
            (0.0, "0"),
            (999.0, "999"),
            (1000.0, "1,000"),
            (1_234_567.0, "1,234,567"),
            (-1234.0, "-1,234"),
        ];
        for (value, text) in cases {
            assert_eq!(count(value), text);
        }
    }

    #[test]
    fn magnitudes_change_before_a_fourth_digit_appears() {
        let cases = [
            (0.0, "0"),
            (12.0, "12"),
            (999.0, "999"),
            (999.9, "1 k"),
            (12_345.0, "12.3 k"),
            (4.56e6, "4.56 M"),
        ];
        for (value, text) in cases {
            assert_eq!(compact(value), text);
        }
        assert_eq!(bytes(40_960.0), "41 kB");
        assert_eq!(bytes(1e18), "1 EB");
    }

    #[test]
    fn three_digits_are_enough() {
        let cases = [
            (0.12345, "0.123"),
            (1.5, "1.5"),
            (99.96, "100"),
            (0.00001, "0.00001"),
            (1e-9, "≈ 0"),
            (f64::NAN, "–"),
        ];
        for (value, text) in cases {
            assert_eq!(significant(value), text);
        }
    }
}
