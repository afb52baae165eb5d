/// What the demo says it delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sent {
    /// Log records.
    pub logs: u64,
    /// Spans.
    pub spans: u64,
    /// Data points of metrics.
    pub points: u64,
}

impl Sent {
    /// Reads the demo's closing line.
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
