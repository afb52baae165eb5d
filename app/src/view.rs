//! The state of the dashboard, which is the query string of its URL and nothing else.

use lakefront_api::Preset;
use leptos_router::{location::Url, params::ParamsMap};
use serde::{Deserialize, Serialize};

/// The range that a viewer chose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum RangeChoice {
    /// A span that ends now.
    Preset(Preset),
    /// Two local times of the view's zone (`2026-03-24T12:00`), as the inputs of a form send them.
    Between {
        /// The first minute inside.
        from: String,
        /// The first minute after.
        to: String,
    },
}

impl Default for RangeChoice {
    fn default() -> Self {
        Self::Preset(Preset::D7)
    }
}

/// What the URL says: `?range=24h&service=web&errors_for_user.user_id=u-1`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct View {
    /// The range.
    pub range: RangeChoice,
    /// The zone, where the URL pins one; else it is the viewer's own.
    pub tz: Option<String>,
    /// Only this service; empty for all.
    pub service: String,
    /// Only this environment; empty for all.
    pub environment: String,
    /// Parameters of single panels, by `query.parameter`.
    pub params: Vec<(String, String)>,
}

impl View {
    /// Reads a query string; what makes no sense falls back to its default.
    pub fn from_query(query: &ParamsMap) -> Self {
        let text = |key| query.get(key).filter(|value| !value.is_empty());
        let range = match (text("from"), text("to")) {
            (Some(from), Some(to)) => RangeChoice::Between { from, to },
            _ => text("range")
                .and_then(|name| name.parse().ok())
                .map_or_else(RangeChoice::default, RangeChoice::Preset),
        };
        let params = query.clone().into_iter().filter_map(|(key, value)| {
            (key.contains('.') && !value.is_empty()).then(|| (key.into_owned(), value))
        });
        Self {
            range,
            tz: text("tz"),
            service: text("service").unwrap_or_default(),
            environment: text("environment").unwrap_or_default(),
            params: params.collect(),
        }
    }

    /// The pairs of the query string, defaults left out.
    pub fn pairs(&self) -> Vec<(String, String)> {
        let mut pairs = Vec::new();
        match &self.range {
            _ if self.range == RangeChoice::default() => {}
            RangeChoice::Preset(preset) => pairs.push(("range".into(), preset.name().into())),
            RangeChoice::Between { from, to } => {
                pairs.push(("from".into(), from.clone()));
                pairs.push(("to".into(), to.clone()));
            }
        }
        let tz = self.tz.clone().unwrap_or_default();
        for (key, value) in [
            ("tz", &tz),
            ("service", &self.service),
            ("environment", &self.environment),
        ] {
            if !value.is_empty() {
                pairs.push((key.into(), value.clone()));
            }
        }
        pairs.extend(
            self.params
                .iter()
                .map(|(key, value)| (key.clone(), value.clone())),
        );
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

    /// The query string, to be used as a link from any page.
    pub fn href(&self) -> String {
        let pairs = self.pairs();
        let pairs: Vec<_> = pairs
            .iter()
            .map(|(k, v)| format!("{}={}", Url::escape(k), Url::escape(v)))
            .collect();
        format!("?{}", pairs.join("&"))
    }

    /// The value of a panel's parameter.
    pub fn param(&self, query: &str, name: &str) -> Option<&str> {
        let key = format!("{query}.{name}");
        self.params
            .iter()
            .find(|(name, _)| *name == key)
            .map(|(_, value)| value.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(pairs: &[(&'static str, &str)]) -> View {
        View::from_query(&pairs.iter().copied().collect())
    }

    #[test]
    fn a_bare_url_is_the_default_view() {
        assert_eq!(parse(&[]), View::default());
        assert_eq!(View::default().href(), "?");
    }

    #[test]
    fn a_view_survives_its_url() {
        let view = parse(&[
            ("from", "2026-03-24T12:00"),
            ("to", "2026-03-25T00:00"),
            ("tz", "Asia/Kathmandu"),
            ("service", "web"),
            ("errors_for_user.user_id", "ünï"),
        ]);
        assert_eq!(
            parse(
                &view
                    .pairs()
                    .iter()
                    .map(|(k, v)| (leak(k), v.as_str()))
                    .collect::<Vec<_>>()
            ),
            view
        );
    }

    fn leak(text: &str) -> &'static str {
        text.to_owned().leak()
    }

    #[test]
    fn nonsense_falls_back() {
        assert_eq!(
            parse(&[("range", "8d"), ("from", "2026-03-24T12:00")]),
            View::default()
        );
    }
}
