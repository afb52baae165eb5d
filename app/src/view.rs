//! The state of the dashboard. All of it is in the query string of the URL.

mod range_choice;
mod refresh;

use lakefront_api::{ParamInfo, QueryInfo};
use leptos_router::{location::Url, params::ParamsMap};

pub use range_choice::RangeChoice;
pub use refresh::Refresh;

/// The state in a query string such as `?range=24h&service=web&top_pages.limit=20`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct View {
    /// The time range.
    pub range: RangeChoice,
    /// The point in the lake's past that is shown, as the URL holds it: a local time in the view's zone, or an instant.
    pub at: Option<String>,
    /// True if charts over time also show the period before.
    pub compare: bool,
    /// The zone that the URL pins. Without one, the viewer's own zone applies.
    pub tz: Option<String>,
    /// The interval of the auto-refresh.
    pub refresh: Refresh,
    /// The parameters of queries, by their [`key`].
    pub params: Vec<(String, String)>,
}

/// Returns the name of a parameter in the URL. A filter has the same name for every query; another parameter has the
/// query's name before its own (`top_pages.limit`).
pub fn key(query: &QueryInfo, param: &ParamInfo) -> String {
    if param.is_filter() {
        param.name.clone()
    } else {
        format!("{}.{}", query.name, param.name)
    }
}

impl View {
    /// Parses a query string. An invalid value becomes the default.
    pub fn from_query(query: &ParamsMap) -> Self {
        let mut view = Self::default();
        let (mut from, mut to) = (None, None);
        for (key, value) in query.clone() {
            match key.as_ref() {
                _ if value.is_empty() => {}
                "range" => {
                    view.range = value
                        .parse()
                        .map_or(RangeChoice::Words(value), RangeChoice::Preset);
                }
                "from" => from = Some(value),
                "to" => to = Some(value),
                "at" => view.at = Some(value),
                "compare" => view.compare = value == "1",
                "tz" => view.tz = Some(value),
                "refresh" => view.refresh = Refresh::parse(&value),
                _ => view.params.push((key.into_owned(), value)),
            }
        }
        if let (Some(from), Some(to)) = (from, to) {
            view.range = RangeChoice::Between { from, to };
        }
        view
    }

    /// Returns the pairs of the query string, without defaults.
    pub fn pairs(&self) -> Vec<(String, String)> {
        let mut pairs = Vec::new();
        let mut add = |key: &str, value: &str| pairs.push((key.to_owned(), value.to_owned()));
        match &self.range {
            range if *range == RangeChoice::default() => {}
            RangeChoice::Preset(preset) => add("range", &preset.name()),
            RangeChoice::Words(words) => add("range", words),
            RangeChoice::Between { from, to } => {
                add("from", from);
                add("to", to);
            }
        }
        if let Some(at) = &self.at {
            add("at", at);
        }
        if self.compare {
            add("compare", "1");
        }
        if let Some(tz) = &self.tz {
            add("tz", tz);
        }
        if self.refresh != Refresh::Off {
            add("refresh", self.refresh.name());
        }
        for (key, value) in &self.params {
            add(key, value);
        }
        pairs
    }

    /// Returns this view with the fields of a form replaced.
    pub fn with(&self, fields: Vec<(String, String)>) -> Self {
        let mut pairs: ParamsMap = self.pairs().into_iter().collect();
        // Two times are a range before a text is.
        if fields.iter().any(|(name, _)| name == "range") {
            pairs.remove("from");
        }
        for (name, value) in fields {
            pairs.replace(name, value);
        }
        Self::from_query(&pairs)
    }

    /// Returns this view without some parameters of queries.
    pub fn without(&self, names: &[&str]) -> Self {
        let mut view = self.clone();
        view.params.retain(|(name, _)| !names.contains(&name.as_str()));
        view
    }

    /// Returns the query string with its `?`, which is a link to the same page.
    pub fn href(&self) -> String {
        let pairs = self.pairs();
        let pairs: Vec<_> = pairs
            .iter()
            .map(|(key, value)| format!("{}={}", escaped(key), escaped(value)))
            .collect();
        format!("?{}", pairs.join("&"))
    }

    /// Returns the value of a parameter by its [`key`], or an empty text.
    pub fn param(&self, key: &str) -> &str {
        let found = self.params.iter().find(|(name, _)| name == key);
        found.map_or("", |(_, value)| value)
    }
}

/// Escapes text for a query string. Server and browser escape different characters, so plain words and times are
/// returned unescaped.
fn escaped(text: &str) -> String {
    let word = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-:".contains(&byte);
    if text.bytes().all(word) {
        text.to_owned()
    } else {
        Url::escape(text)
    }
}

#[cfg(test)]
mod tests;
