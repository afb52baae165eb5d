//! Rules for single keys, by the names of the keys: the origins whose pages may use a key, and what it may send in a day.

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;

use http::HeaderMap;
use http::header::ORIGIN;

/// Values of named keys, as in `shop=VALUE,blog=VALUE`. A name may have several.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ByKey<T> {
    values: BTreeMap<String, Vec<T>>,
}

impl<T> Default for ByKey<T> {
    fn default() -> Self {
        Self {
            values: BTreeMap::new(),
        }
    }
}

impl<T> ByKey<T> {
    /// Returns the names.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.values.keys().map(String::as_str)
    }

    /// Returns the values of a key, or nothing without a rule for it.
    pub fn of(&self, name: &str) -> Option<&[T]> {
        self.values.get(name).map(Vec::as_slice)
    }
}

/// A text that is not of the form `shop=VALUE,blog=VALUE`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected the names of keys with values, as in shop={example},blog={example}, got {given:?}")]
pub struct InvalidRule {
    example: &'static str,
    given: String,
}

impl<T> ByKey<T> {
    /// Parses rules. `parse` returns a value, or `None` if the text is none; `example` is one, for the message.
    ///
    /// # Errors
    /// Returns the first rule that has no name, or no valid value.
    pub fn parse(
        text: &str,
        example: &'static str,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Result<Self, InvalidRule> {
        let mut rules = Self::default();
        for rule in text.split(',').map(str::trim).filter(|rule| !rule.is_empty()) {
            let named = rule.split_once('=').filter(|(name, _)| !name.is_empty());
            let parsed = named.and_then(|(name, value)| Some((name, parse(value.trim())?)));
            let (name, value) = parsed.ok_or_else(|| InvalidRule {
                example,
                given: rule.to_owned(),
            })?;
            rules.values.entry(name.to_owned()).or_default().push(value);
        }
        Ok(rules)
    }
}

/// An origin, such as `https://shop.example`, in the form in which browsers send it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin(String);

/// The origins whose pages may use a key.
pub type KeyOrigins = ByKey<Origin>;

impl FromStr for KeyOrigins {
    type Err = InvalidRule;

    fn from_str(text: &str) -> Result<Self, InvalidRule> {
        Self::parse(text, "https://shop.example", |value| {
            let (scheme, host) = value.split_once("://")?;
            let is_origin = !scheme.is_empty() && !host.is_empty() && !host.contains(['/', '?', '#', '@']);
            is_origin.then(|| Origin(value.to_ascii_lowercase()))
        })
    }
}

impl KeyOrigins {
    /// Returns true if a request may use a key. One with a rule may be used by pages of its origins alone: browsers send the
    /// origin with each request that a page makes.
    pub fn allow(&self, name: &str, headers: &HeaderMap) -> bool {
        let Some(allowed) = self.of(name) else {
            return true;
        };
        let given = headers.get(ORIGIN).map(http::HeaderValue::as_bytes);
        given.is_some_and(|given| allowed.iter().any(|origin| origin.0.as_bytes() == given))
    }
}

/// Returns the names of rules without a key of that name. Such a rule would limit nothing.
pub fn unknown_names<'a>(
    rules: impl IntoIterator<Item = &'a str>,
    keys: &crate::BearerKeys,
) -> BTreeSet<&'a str> {
    rules.into_iter().filter(|name| !keys.has_name(name)).collect()
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn a_key_is_used_by_pages_of_its_origins_alone() {
        let rules: KeyOrigins =
            "shop=https://shop.example, shop=https://www.Shop.example:8443,blog=http://blog.example"
                .parse()
                .unwrap();
        let from = |origin: &'static str| HeaderMap::from_iter([(ORIGIN, HeaderValue::from_static(origin))]);
        assert!(rules.allow("shop", &from("https://shop.example")));
        assert!(rules.allow("shop", &from("https://www.shop.example:8443")));
        for other in [
            "https://blog.example",
            "http://shop.example",
            "https://shop.example.evil",
            "null",
            "",
        ] {
            assert!(!rules.allow("shop", &from(other)), "{other}");
        }
        assert!(!rules.allow("shop", &HeaderMap::new()));
        assert!(rules.allow("server", &HeaderMap::new()), "a key without a rule");
        assert!("".parse::<KeyOrigins>().unwrap().names().next().is_none());
        for wrong in [
            "https://shop.example",
            "shop",
            "shop=",
            "=https://a",
            "shop=shop.example",
            "shop=https://a/b",
        ] {
            let error = wrong.parse::<KeyOrigins>().unwrap_err().to_string();
            assert!(error.contains(wrong), "{error}");
        }
    }

    #[test]
    fn a_rule_needs_a_key_of_its_name() {
        let keys = "shop=abc,def".parse().unwrap();
        let rules: KeyOrigins = "shop=https://a,blog=https://b".parse().unwrap();
        assert_eq!(unknown_names(rules.names(), &keys), BTreeSet::from(["blog"]));
    }
}
