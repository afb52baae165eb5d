//! The state of the dashboard, which is the query string of its URL and nothing else.

mod range_choice;
mod refresh;

use lakefront_api::{ParamInfo, QueryInfo};
use leptos_router::{location::Url, params::ParamsMap};

pub use range_choice::RangeChoice;
pub use refresh::Refresh;

/// What the URL says: `?range=24h&service=web&top_pages.limit=20`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct View {
    /// The range.
    pub range: RangeChoice,
    /// The zone, where the URL pins one; else it is the viewer's own.
    pub tz: Option<String>,
    /// How often the page asks again.
    pub refresh: Refresh,
    /// Parameters of queries by their [`key`].
    pub params: Vec<(String, String)>,
}

/// What a parameter is called in the URL: a filter by its name, which is the same for every query, another one with its
/// query's name before it.
pub fn key(query: &QueryInfo, param: &ParamInfo) -> String {
    if param.is_filter() {
        param.name.clone()
    } else {
        format!("{}.{}", query.name, param.name)
    }
}

impl View {
    /// Reads a query string; what makes no sense falls back to its default.
    pub fn from_query(query: &ParamsMap) -> Self {
        let mut view = Self::default();
        let (mut from, mut to) = (None, None);
        for (key, value) in query.clone() {
            match key.as_ref() {
                _ if value.is_empty() => {}
                "range" => {
                    if let Ok(preset) = value.parse() {
                        view.range = RangeChoice::Preset(preset);
                    }
                }
                "from" => from = Some(value),
                "to" => to = Some(value),
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

    /// The pairs of the query string, defaults left out.
    pub fn pairs(&self) -> Vec<(String, String)> {
        let mut pairs = Vec::new();
        let mut add = |key: &str, value: &str| pairs.push((key.to_owned(), value.to_owned()));
        match &self.range {
            range if *range == RangeChoice::default() => {}
            RangeChoice::Preset(preset) => add("range", &preset.name()),
            RangeChoice::Between { from, to } => {
                add("from", from);
                add("to", to);
            }
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

    /// This view with the fields of a form filled in.
    pub fn with(&self, fields: Vec<(String, String)>) -> Self {
        let mut pairs: ParamsMap = self.pairs().into_iter().collect();
        for (name, value) in fields {
            pairs.replace(name, value);
        }
        Self::from_query(&pairs)
    }

    /// The query string, to be used as a link to the same page.
    pub fn href(&self) -> String {
        let pairs = self.pairs();
        let pairs: Vec<_> = pairs
            .iter()
            .map(|(key, value)| format!("{}={}", escaped(key), escaped(value)))
            .collect();
        format!("?{}", pairs.join("&"))
    }

    /// The value of a parameter by its [`key`]; empty when there is none.
    pub fn param(&self, key: &str) -> &str {
        let found = self.params.iter().find(|(name, _)| name == key);
        found.map_or("", |(_, value)| value)
    }
}

/// Text inside of a query string. Server and browser escape different characters; words are the same on both.
fn escaped(text: &str) -> String {
    let word = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-".contains(&byte);
    if text.bytes().all(word) {
        text.to_owned()
    } else {
        Url::escape(text)
    }
}

#[cfg(test)]
mod tests;
