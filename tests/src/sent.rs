//! The numbers of records that the demo reports as delivered.

/// The numbers of records that the demo reports as delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sent {
    /// Number of log records.
    pub logs: u64,
    /// Number of spans.
    pub spans: u64,
    /// Number of data points of metrics.
    pub points: u64,
}

impl Sent {
    /// Parses the demo's closing line.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let before = |unit: &str| text.split(unit).next()?.rsplit([' ', '(']).next()?.parse().ok();
        Some(Self {
            logs: before(" log records")?,
            spans: before(" spans")?,
            points: before(" data points")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Sent;

    #[test]
    fn the_closing_line_is_read() {
        let line = "97 events accepted (52 log records, 41 spans, 4 data points), 0 refused, 0.1 s\n";
        assert_eq!(
            Sent::read(line),
            Some(Sent {
                logs: 52,
                spans: 41,
                points: 4
            })
        );
        assert_eq!(Sent::read("not everything was delivered"), None);
    }
}
