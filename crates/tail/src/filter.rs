//! The rows that a tail wants.

use lakefront_api::{Problem, ProblemType, Signal};
use lakefront_search::Search;
use url::form_urlencoded;

/// The signal of a tail and the text of its search.
#[derive(Debug, Clone, PartialEq)]
pub struct Filter {
    text: String,
    search: Search,
}

impl Filter {
    /// Reads the query string of a tail's address: `signal`, which is `logs` or `traces`, and `q`, a text in the search
    /// language. Without `q` every row fits. Other parameters count for nothing.
    ///
    /// # Errors
    /// Returns a problem that says what is expected, with the position of a fault in `q`.
    pub fn of_query(query: &str) -> Result<Self, Problem> {
        let parameter = |wanted: &str| {
            let mut pairs = form_urlencoded::parse(query.as_bytes());
            pairs.find(|(name, _)| name == wanted).map(|(_, value)| value)
        };
        let signal = match parameter("signal").as_deref() {
            Some("logs") => Signal::Logs,
            Some("traces") => Signal::Traces,
            _ => {
                let detail = "signal: expected logs or traces, as in /tail?signal=logs&q=level:error";
                return Err(Problem::new(ProblemType::BadRequest, detail));
            }
        };
        let text = parameter("q").unwrap_or_default().into_owned();
        let search = Search::parse(signal, &text).map_err(|fault| {
            Problem::new(ProblemType::BadRequest, format!("q: {fault}")).at(fault.position)
        })?;
        Ok(Self { text, search })
    }

    /// Returns the signal.
    pub fn signal(&self) -> Signal {
        self.search.signal
    }

    /// Returns the query string of an address with this filter.
    pub fn query(&self) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query
            .append_pair("signal", self.signal().name())
            .append_pair("q", &self.text)
            .finish()
    }

    pub(crate) fn search(&self) -> &Search {
        &self.search
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read() {
        let filter = Filter::of_query("x=1&signal=traces&q=status%3A%3E%3D500+cart").unwrap();
        assert_eq!(filter.signal(), Signal::Traces);
        assert_eq!(Filter::of_query(&filter.query()), Ok(filter.clone()));
        assert!(Filter::of_query("signal=logs").is_ok());
    }

    #[test]
    fn what_is_no_filter_has_a_problem() {
        let problem = |query: &str| Filter::of_query(query).unwrap_err();
        for query in ["", "signal=", "signal=metrics", "q=a", "signal=LOGS"] {
            assert!(problem(query).detail.starts_with("signal: "), "{query}");
        }
        assert_eq!(problem("signal=logs&q=a+(b").position, Some(2));
        let long = format!("signal=logs&q={}", "x".repeat(5_000));
        let deep = format!("signal=logs&q={}a{}", "(".repeat(100), ")".repeat(100));
        let wide = format!("signal=logs&q={}", "a+".repeat(100));
        for hostile in [long, deep, wide] {
            let problem = problem(&hostile);
            assert!(problem.status == 400 && problem.detail.len() < 200, "{problem}");
        }
    }
}
