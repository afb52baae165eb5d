//! Renders the choice of a range that is no preset, the steps to other ranges, and the choice of a past state. Only the
//! server has this code: it needs the time-zone database.

use jiff::{SignedDuration, Timestamp, Zoned};
use lakefront_api::{ChartKind, Page, Preset, Problem, ProblemType, TimeRange};
use lakefront_chart::{day, short_day};
use leptos::prelude::use_context;
use maud::{Markup, html};

use super::{PickerRequest, explore::view_of};
use crate::{
    QueryService,
    range::{Ends, Fault, end, minute, read_words, time_range},
    render::{hidden, table::cut},
    view::{RangeChoice, View},
};

/// The most characters of a viewer's text that are shown outside of its field.
const LONGEST: usize = 40;

/// Renders the controls of a page's range. A range that cannot be read is shown as it is written, with what is wrong.
pub fn picker(request: &PickerRequest, now: Timestamp) -> Markup {
    let picker = Picker::new(request, now);
    html! {
        details.custom {
            summary aria-current=(if picker.name().is_some() { "true" } else { "false" }) { (picker.name().unwrap_or_else(|| "Custom".into())) }
            (picker.forms())
        }
        (picker.steps())
        @if has_series(request.page) { (picker.compare()) }
        details.custom.past {
            summary aria-current=(if picker.view.at.is_some() { "true" } else { "false" }) { (picker.state()) }
            (picker.past_form())
        }
        @if let Some(notice) = picker.notice() { p.unknown-range role="status" { (notice) } }
    }
}

/// Returns true if a page has charts that can be compared with the period before.
fn has_series(page: Page) -> bool {
    let host = use_context::<QueryService>();
    let queries = host.iter().flat_map(|host| host.catalogue());
    let mut series = queries.filter(|info| matches!(info.chart.kind, ChartKind::Line | ChartKind::Bar));
    page == Page::Metrics || series.any(|info| info.panels.iter().any(|place| place.page == page))
}

/// The range of a page.
struct Picker {
    view: View,
    /// The IANA zone in which times are shown.
    tz: String,
    /// The range on the clocks of the zone, and the end of presets, or the reason why a part of the address is no time.
    shown: Result<(Ends, Zoned), Problem>,
    /// The reason why the text of the address is no range.
    fault: Option<Fault>,
}

impl Picker {
    fn new(request: &PickerRequest, now: Timestamp) -> Self {
        let view = view_of(&request.query);
        let at = view.at.as_deref();
        let shown = end(at, &request.tz, now).and_then(|end| {
            let range = time_range(&view.range, at, &request.tz, now)?;
            let too_early = || Problem::new(ProblemType::BadRequest, "the range begins before all time");
            Ok((Ends::new(range, &end).ok_or_else(too_early)?, end))
        });
        let fault = match (&view.range, &shown) {
            (RangeChoice::Words(words), Ok((_, end))) => read_words(words, end).err(),
            _ => None,
        };
        Self {
            tz: request.tz.clone(),
            shown,
            fault,
            view,
        }
    }

    /// Returns the name of a range without a link of its own: `Mar 24, 12:00 – 18:30`, `2h`, `yesterday`.
    fn name(&self) -> Option<String> {
        match (&self.view.range, &self.shown) {
            (RangeChoice::Preset(preset), _) => (!Preset::ALL.contains(preset)).then(|| preset.name()),
            (RangeChoice::Words(words), _) => Some(cut(words, LONGEST).into_owned()),
            (RangeChoice::Between { .. }, Ok((Ends { from, to }, _))) => {
                let shown = short(to);
                let clock = shown.split(' ').next_back().filter(|_| from.date() == to.date());
                Some(format!("{} – {}", short(from), clock.unwrap_or(&shown)))
            }
            (RangeChoice::Between { from, to }, Err(_)) => {
                Some(cut(&format!("{from} – {to}"), LONGEST).into_owned())
            }
        }
    }

    /// Returns the texts of the three fields: the range in words, its begin and its end.
    fn fields(&self) -> (String, String, String) {
        let (from, to) = match (&self.view.range, &self.shown) {
            (RangeChoice::Between { from, to }, Err(_)) => (from.clone(), to.clone()),
            (_, Err(_)) => (String::new(), String::new()),
            (_, Ok((ends, _))) => match ends.choice() {
                RangeChoice::Between { from, to } => (from, to),
                _ => (String::new(), String::new()),
            },
        };
        let words = match &self.view.range {
            RangeChoice::Preset(preset) => preset.name(),
            RangeChoice::Words(words) => words.clone(),
            RangeChoice::Between { .. } => format!("{from} to {to}").replace('T', " "),
        };
        (words, from, to)
    }

    /// Renders the form of a range in words, and that of two times.
    fn forms(&self) -> Markup {
        let (words, from, to) = self.fields();
        let kept = self.to(RangeChoice::default());
        html! {
            div.popover {
                form method="get" {
                    label {
                        "Range"
                        input
                            type="text" name="range" value=(words) required maxlength="100" aria-invalid=[self.fault.map(|_| "true")]
                            autocomplete="off" autocapitalize="off" spellcheck="false" translate="no";
                    }
                    p { "Such as " (self.examples()) "." }
                    button { "Show" }
                    (hidden(&kept))
                }
                form method="get" {
                    label { "From" input type="datetime-local" name="from" required value=(from); }
                    label { "To" input type="datetime-local" name="to" required value=(to); }
                    p { "Times of " b translate="no" { (self.tz) } }
                    button { "Apply" }
                    (hidden(&kept))
                }
            }
        }
    }

    /// Renders links to ranges that are written in each way there is.
    fn examples(&self) -> Markup {
        let day = match &self.shown {
            Ok((_, end)) => day(end.date().saturating_sub(THREE_DAYS).at(0, 0, 0, 0)),
            Err(_) => "2026-11-20".into(),
        };
        let examples = [
            "last 3h",
            "last 2 days",
            "yesterday",
            &day,
            &format!("{day} to now"),
        ];
        html! {
            @for (at, text) in examples.iter().enumerate() {
                @if at > 0 { ", " }
                a href=(self.to(RangeChoice::Words((*text).to_owned())).href()) data-noscroll translate="no" { (text) }
            }
        }
    }

    /// Renders the links to the range before, to a wider one, and to the range after.
    fn steps(&self) -> Markup {
        let (before, wider, after) = match &self.shown {
            Err(_) => (None, None, None),
            Ok((ends, end)) => {
                let choice = |ends: Ends| self.to(ends.choice());
                let wider = match &self.view.range {
                    RangeChoice::Preset(preset) => preset
                        .doubled()
                        .filter(|preset| preset.duration() <= TimeRange::LONGEST)
                        .map(|preset| View {
                            range: RangeChoice::Preset(preset),
                            ..self.view.clone()
                        }),
                    _ => ends.wider(end).map(choice),
                };
                (ends.before().map(choice), wider, ends.after(end).map(choice))
            }
        };
        let step = |name: &str, path: &str, to: Option<View>| {
            html! {
                a.again href=[to.as_ref().map(View::href)] data-noscroll title=(name) aria-label=(name) role=[to.is_none().then_some("link")] aria-disabled=[to.is_none().then_some("true")] {
                    svg viewBox="0 0 24 24" aria-hidden="true" { path d=(path) {} }
                }
            }
        };
        html! {
            span.moves {
                (step("The range before", "M15 5l-7 7 7 7", before))
                (step("Zoom out", "M16 16l5 5M7.5 10.5h6M18 10.5a7.5 7.5 0 1 1-15 0 7.5 7.5 0 0 1 15 0", wider))
                (step("The range after", "M9 5l7 7-7 7", after))
            }
        }
    }

    /// Renders the link that shows the period before in the charts, or hides it.
    fn compare(&self) -> Markup {
        let compare = !self.view.compare;
        let other = View {
            compare,
            ..self.view.clone()
        };
        html! {
            a.toggle href=(other.href()) data-noscroll aria-current=(if compare { "false" } else { "true" }) title="Show the period before in charts over time" { "Compare" }
        }
    }

    /// Returns which state of the lake is shown: the newest one, or that of a time.
    fn state(&self) -> String {
        match (&self.view.at, &self.shown) {
            (None, _) => "As of now".into(),
            (Some(_), Ok((_, end))) => format!("As of {}", short(end)),
            (Some(at), Err(_)) => format!("As of {}", cut(at, LONGEST)),
        }
    }

    /// Renders the form that chooses a past state of the lake, by a full hour. It proposes the last one.
    fn past_form(&self) -> Markup {
        let now = View {
            at: None,
            ..self.view.clone()
        };
        let kept = View {
            tz: Some(self.tz.clone()),
            ..now.clone()
        };
        let hour = match (&self.view.at, &self.shown) {
            (Some(_), Ok((_, end))) => minute(end),
            (None, Ok((_, end))) => format!("{}:00", minute(end).split(':').next().unwrap_or_default()),
            (at, Err(_)) => at.clone().unwrap_or_default(),
        };
        html! {
            div.popover {
                form method="get" {
                    label {
                        "As of"
                        input type="datetime-local" name="at" step="3600" required value=(hour);
                    }
                    p { "The lake keeps its state at each full hour of the last week. Every panel then shows what was known at that time." }
                    button { "Apply" }
                    @if self.view.at.is_some() { a href=(now.href()) data-noscroll { "Back to now" } }
                    (hidden(&kept))
                }
            }
        }
    }

    /// Renders what is wrong with the range of the address, and how ranges are written.
    fn notice(&self) -> Option<Markup> {
        let text = match (&self.view.range, &self.shown) {
            (_, Err(problem)) => return Some(html! { (problem.detail) "." }),
            (RangeChoice::Words(words), _) => cut(words, LONGEST),
            _ => return None,
        };
        let reason = match self.fault? {
            Fault::Unknown => " is no range.",
            Fault::Reversed => " ends before it begins.",
        };
        Some(html! {
            b translate="no" { (text) } (reason) " The page shows the last 7 days. A range is written like "
            a href=(self.to(RangeChoice::Preset(Preset::H24)).href()) data-noscroll translate="no" { "24h" } ", " (self.examples()) "."
        })
    }

    /// Returns this page with another range, from its first row. Times of a range are those of the page's zone.
    fn to(&self, range: RangeChoice) -> View {
        View {
            range,
            tz: Some(self.tz.clone()),
            ..self.view.clone()
        }
    }
}

/// The age of the day that is an example.
const THREE_DAYS: SignedDuration = SignedDuration::from_hours(72);

/// Returns a time for people: `Mar 24, 12:00`.
fn short(time: &Zoned) -> String {
    format!(
        "{}, {:02}:{:02}",
        short_day(time.date()),
        time.hour(),
        time.minute()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Renders the picker of an address in Berlin, at a time of the summer.
    fn drawn(query: &str) -> String {
        let request = PickerRequest {
            page: Page::Errors,
            query: query.into(),
            tz: "Europe/Berlin".into(),
        };
        picker(&request, "2026-06-24T10:00:30Z".parse().unwrap()).into_string()
    }

    /// Returns the part of a text between two others.
    fn part<'a>(text: &'a str, from: &str, to: &str) -> &'a str {
        let rest = text
            .split_once(from)
            .unwrap_or_else(|| panic!("no {from} in {text}"))
            .1;
        rest.split_once(to).unwrap().0
    }

    #[test]
    fn the_fields_hold_what_is_shown() {
        for (query, name, words, from, to) in [
            (
                "?range=24h",
                "Custom",
                "24h",
                "2026-06-23T12:01",
                "2026-06-24T12:01",
            ),
            ("?range=2h", "2h", "2h", "2026-06-24T10:01", "2026-06-24T12:01"),
            (
                "?range=yesterday",
                "yesterday",
                "yesterday",
                "2026-06-23T00:00",
                "2026-06-24T00:00",
            ),
            (
                "?from=2026-06-20T10:00&to=2026-06-20T12:30:00Z",
                "Jun 20, 10:00 – 14:30",
                "2026-06-20 10:00 to 2026-06-20 14:30",
                "2026-06-20T10:00",
                "2026-06-20T14:30",
            ),
            // A preset ends at the time of the past that is shown.
            (
                "?range=24h&at=2026-06-20T12:00",
                "Custom",
                "24h",
                "2026-06-19T12:00",
                "2026-06-20T12:00",
            ),
        ] {
            let html = drawn(query);
            assert_eq!(
                part(part(&html, "<summary", "/summary"), ">", "<"),
                name,
                "{query}"
            );
            let field = |name: &str| part(&html, &format!("name=\"{name}\""), "maxlength").to_owned();
            assert!(
                field("range").contains(&format!("value=\"{words}\"")),
                "{query}: {html}"
            );
            assert!(
                html.contains(&format!("name=\"from\" required value=\"{from}\"")),
                "{query}: {html}"
            );
            assert!(
                html.contains(&format!("name=\"to\" required value=\"{to}\"")),
                "{query}: {html}"
            );
            assert!(!html.contains("unknown-range"), "{query}: {html}");
        }
    }

    #[test]
    fn steps_lead_to_the_ranges_beside() {
        let step = |query: &str, name: &str| {
            let html = drawn(query);
            let start = html.find(&format!("title=\"{name}\"")).unwrap();
            let tag = &html[html[..start].rfind('<').unwrap()..start];
            tag.split_once("href=\"").map(|(_, rest)| {
                rest.split('"')
                    .next()
                    .unwrap()
                    .replace("&amp;", "&")
                    .replace("%2D", "-")
            })
        };
        let day = "?range=2026-06-20&service=web";
        assert_eq!(
            step(day, "The range before").unwrap(),
            "?from=2026-06-19T00:00&to=2026-06-20T00:00&tz=Europe%2FBerlin&service=web"
        );
        assert_eq!(
            step(day, "The range after").unwrap(),
            "?from=2026-06-21T00:00&to=2026-06-22T00:00&tz=Europe%2FBerlin&service=web"
        );
        assert_eq!(
            step(day, "Zoom out").unwrap(),
            "?from=2026-06-19T12:00&to=2026-06-21T12:00&tz=Europe%2FBerlin&service=web"
        );
        // A preset goes on to end now, and has no later range.
        assert_eq!(step("?range=7d", "Zoom out").unwrap(), "?range=14d");
        assert_eq!(step("?range=7d", "The range after"), None);
        assert_eq!(step("?range=360d", "Zoom out"), None);
    }

    #[test]
    fn what_is_no_range_is_kept_and_explained() {
        let html = drawn("?range=last%203%20hous&service=web");
        assert!(html.contains("value=\"last 3 hous\""), "{html}");
        assert!(html.contains("aria-invalid=\"true\""), "{html}");
        let notice = part(&html, "role=\"status\">", "</p>");
        assert!(
            notice.contains("</b> is no range. The page shows the last 7 days."),
            "{notice}"
        );
        assert!(
            notice.contains("range=2026%2D06%2D21%20to%20now&amp;tz=Europe%2FBerlin&amp;service=web"),
            "{notice}"
        );
        assert!(drawn("?range=now%20to%20yesterday").contains("ends before it begins"));
        let html = drawn("?from=noon&to=2026-06-20T10:00");
        assert!(html.contains("name=\"from\" required value=\"noon\""), "{html}");
        assert!(html.contains("is no time, write it like"), "{html}");
        let html = drawn(&format!("?range=%3Cb%3E{}", "x".repeat(10_000)));
        assert!(html.contains("&lt;b&gt;") && !html.contains("<b>x"), "{html}");
        // The text is in its field and in the links that keep the state.
        assert!(html.len() < 60_000, "{}", html.len());
    }
}
