//! What an isolate of the Worker hands to the Durable Object, as text.
//!
//! Lines of `missed SIGNAL ROWS`, then for each filter a line `found MATCHED QUERY` and a line of JSON for each row. A
//! second form of serialization would cost the Worker several kilobytes.

use std::fmt;
use std::str::FromStr;

use lakefront_api::Signal;

use crate::{Filter, Found};

/// Rows that fit searches of open tails.
#[derive(Debug, Default, PartialEq)]
pub struct Delivery {
    /// Numbers of accepted rows of a signal that earlier deliveries lost.
    pub missed: Vec<(Signal, u64)>,
    /// The rows that fit each filter.
    pub found: Vec<(Filter, Found)>,
}

impl fmt::Display for Delivery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (signal, rows) in &self.missed {
            writeln!(f, "missed {} {rows}", signal.name())?;
        }
        for (filter, found) in &self.found {
            writeln!(f, "found {} {}", found.matched, filter.query())?;
            // JSON and query strings have no line breaks.
            for row in &found.rows {
                writeln!(f, "{row}")?;
            }
        }
        Ok(())
    }
}

impl FromStr for Delivery {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut delivery = Self::default();
        for line in text.lines() {
            let mut read = || {
                if line.starts_with('{') {
                    delivery.found.last_mut()?.1.rows.push(line.to_owned());
                    return Some(());
                }
                let mut words = line.split(' ');
                match (words.next()?, words.next()?, words.next()?) {
                    ("missed", "logs", rows) => delivery.missed.push((Signal::Logs, rows.parse().ok()?)),
                    ("missed", "traces", rows) => delivery.missed.push((Signal::Traces, rows.parse().ok()?)),
                    ("found", matched, query) => {
                        let found = Found {
                            rows: Vec::new(),
                            matched: matched.parse().ok()?,
                        };
                        delivery.found.push((Filter::of_query(query).ok()?, found));
                    }
                    _ => return None,
                }
                Some(())
            };
            read().ok_or_else(|| format!("a delivery has no line {line:?}"))?;
        }
        Ok(delivery)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delivery_is_read_as_it_is_written() {
        let filter = |query| Filter::of_query(query).unwrap();
        let found = |rows: &[&str], matched| Found {
            rows: rows.iter().map(|row| (*row).to_owned()).collect(),
            matched,
        };
        let delivery = Delivery {
            missed: vec![(Signal::Logs, 7), (Signal::Traces, 1)],
            found: vec![
                (
                    filter("signal=logs"),
                    found(&[r#"{"body":"a\nb missed"}"#, "{}"], 300),
                ),
                (filter("signal=traces&q=%0Afound+1+%26"), found(&[], 0)),
            ],
        };
        assert_eq!(delivery.to_string().parse(), Ok(delivery));
        assert_eq!("".parse(), Ok(Delivery::default()));
    }

    #[test]
    fn anything_else_is_none() {
        for text in [
            "{}",
            "found",
            "found x signal=logs",
            "found 1 signal=x",
            "missed logs",
            "missed metrics 1",
            "\n",
        ] {
            assert!(text.parse::<Delivery>().is_err(), "{text}");
        }
    }
}
