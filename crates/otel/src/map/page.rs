//! The columns of pages and visits: path, route, referrer and campaign.

use std::borrow::Cow;

use url::Url;

use super::any_value::is_true;
use super::attributes::{Lookup, first_text};
use super::promoted::Promoted;
use super::route::page_route;

/// Returns true if a record is a page view: `browser.page_view`, or a navigation that changes more than the hash.
pub(super) fn is_page_view(event_name: &str, attributes: &Lookup<'_, '_>) -> bool {
    match event_name {
        "browser.navigation" => !is_true(attributes.record.browser_navigation_hash_change),
        "browser.page_view" => true,
        _ => false,
    }
}

/// Fills the columns of pages and, for page views, those of visits.
pub(super) fn fill<'a>(row: &mut Promoted<'a>, attributes: &Lookup<'_, 'a>) {
    let document = || attributes.text(|known| known.browser_document_url_full);
    let url = if row.is_page_view {
        let url = first_text([attributes.record.url_full]);
        if url.is_empty() { document() } else { url }
    } else {
        document()
    };
    row.page_path = first_text([attributes.record.url_path]);
    if row.page_path.is_empty() {
        row.page_path = part(&url, path);
    }
    row.page_route = part(&row.page_path, page_route);
    if row.is_page_view {
        fill_visit(row, attributes, &url);
    }
}

/// Fills the referrer and the campaign of a page view.
fn fill_visit(row: &mut Promoted<'_>, attributes: &Lookup<'_, '_>, url: &str) {
    let referrer = first_text([
        attributes.record.browser_document_referrer,
        attributes.record.document_referrer,
    ]);
    if referrer.is_empty() && !url.contains("utm_") {
        return;
    }
    let url = Url::parse(url).ok();
    let own = url.as_ref().and_then(Url::host_str);
    row.referrer_host = referrer_host(&referrer, own).map(Cow::Owned).unwrap_or_default();
    let Some(url) = url else { return };
    for (key, value) in url.query_pairs() {
        let column = match &*key {
            "utm_source" => &mut row.utm_source,
            "utm_medium" => &mut row.utm_medium,
            "utm_campaign" => &mut row.utm_campaign,
            _ => continue,
        };
        // The ClickHouse views use NUL as a separator.
        *column = Cow::Owned(value.replace('\0', ""));
    }
}

/// The website of each app that opens links, by the app's package name.
const APPS: &[(&str, &str)] = &[
    ("com.google.android.googlequicksearchbox", "www.google.com"),
    ("com.google.android.gm", "mail.google.com"),
    ("com.google.android.youtube", "www.youtube.com"),
    ("com.facebook.katana", "www.facebook.com"),
    ("com.facebook.orca", "www.messenger.com"),
    ("com.instagram.android", "www.instagram.com"),
    ("com.instagram.barcelona", "www.threads.com"),
    ("com.linkedin.android", "www.linkedin.com"),
    ("com.pinterest", "www.pinterest.com"),
    ("com.reddit.frontpage", "www.reddit.com"),
    ("com.slack", "slack.com"),
    ("com.twitter.android", "x.com"),
    ("com.whatsapp", "www.whatsapp.com"),
    ("org.telegram.messenger", "t.me"),
];

/// Returns the source of a visit: the host of a web page or the website of an app. Returns `None` for the page's own
/// site.
fn referrer_host(referrer: &str, own: Option<&str>) -> Option<String> {
    let referrer = Url::parse(referrer).ok()?;
    let host = referrer.host_str()?;
    match referrer.scheme() {
        "http" | "https" if own.map(site) != Some(site(host)) => Some(host.to_owned()),
        "android-app" => {
            let app = APPS.iter().find(|(package, _)| *package == host);
            Some(app.map_or(host, |(_, site)| site).to_owned())
        }
        // Other referrers are the page's own site, files and extensions.
        _ => None,
    }
}

/// Returns the host without `www.` and without a dot at the end, since both forms are the same site.
fn site(host: &str) -> &str {
    host.strip_prefix("www.").unwrap_or(host).trim_end_matches('.')
}

/// Returns the path of a URL with a host, or of a path with a query. Returns `""` for `about:blank` and the like, which
/// are no pages.
fn path(url: &str) -> Cow<'_, str> {
    let (has_host, after) = match url.split_once("://") {
        Some((_, after)) if !url.starts_with('/') => {
            (true, &after[after.find(['/', '?', '#']).unwrap_or(after.len())..])
        }
        _ => (false, url),
    };
    let path = &after[..after.find(['?', '#']).unwrap_or(after.len())];
    Cow::Borrowed(match path {
        "" if has_host => "/",
        path if path.starts_with('/') => path,
        _ => "",
    })
}

/// Returns a part of a text, borrowed for as long as the text itself if that is borrowed.
fn part<'a>(text: &Cow<'a, str>, of: impl for<'b> Fn(&'b str) -> Cow<'b, str>) -> Cow<'a, str> {
    match text {
        Cow::Borrowed(text) => of(text),
        Cow::Owned(text) => Cow::Owned(of(text).into_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::path;

    #[test]
    fn paths_of_urls() {
        for (url, expected) in [
            (
                "https://shop.example/products/42?utm_source=news#reviews",
                "/products/42",
            ),
            ("https://shop.example", "/"),
            ("https://shop.example?x=/y", "/"),
            ("https://user:pass@shop.example:8443/a//b/", "/a//b/"),
            ("/cart?x=https://other.example/", "/cart"),
            ("file:///srv/index.html", "/srv/index.html"),
            ("about:blank", ""),
            ("cart", ""),
            ("", ""),
        ] {
            assert_eq!(path(url), expected, "{url}");
        }
    }
}
