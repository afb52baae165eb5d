//! Handlers of pointer and keyboard events on charts.

use jiff::Timestamp;
use leptos::{
    ev::{KeyboardEvent, PointerEvent},
    prelude::*,
};
use web_sys::Element;

use super::{
    charts::{Charts, TIMED, panel_of},
    geometry::Geometry,
};
use crate::{browser, navigator::Navigator};

/// The shortest drag, in pixels. A shorter one counts as a click.
const LEAST: f64 = 6.0;

/// Handles pointer and keyboard events on the charts of a page.
#[derive(Clone)]
pub struct PointerHandlers {
    charts: Charts,
    navigator: Navigator,
    /// The share of the time axis at which a drag began.
    start: StoredValue<Option<f64>>,
    /// The time that the charts show.
    time: StoredValue<Option<Timestamp>>,
    /// The last event on a chart whose data had not arrived, with the name of the chart's panel.
    waiting: StoredValue<Option<(String, Gesture)>>,
}

/// An event on a chart.
#[derive(Clone, Copy)]
enum Gesture {
    /// The pointer is at a share of the time axis.
    Point(f64),
    /// A drag between two shares of the time axis has ended.
    Drag(f64, f64),
    /// A key moves by so many buckets.
    Step(isize),
    /// The bucket at a share of the time axis is chosen, or without one that of the shown time.
    Choose(Option<f64>),
}

impl PointerHandlers {
    /// Creates the handlers for the charts of a page. A drag makes `go` navigate to another range.
    pub fn new(charts: Charts, navigator: Navigator) -> Self {
        let handlers = Self {
            charts,
            navigator,
            start: StoredValue::new(None),
            time: StoredValue::new(None),
            waiting: StoredValue::new(None),
        };
        let again = handlers.clone();
        Effect::new(move |_| {
            charts.track_arrivals();
            let again = again.clone();
            // The new drawing is in the page by the next frame.
            request_animation_frame(move || again.catch_up());
        });
        handlers
    }

    /// Handles a pressed button, which may begin a drag. Touch is left to scrolling: the presets are there for touch.
    pub fn down(&self, event: &PointerEvent) {
        let Some(chart) = browser::closest(event, TIMED).filter(|_| event.button() == 0) else {
            return;
        };
        if event.pointer_type() != "touch"
            && let Some(plot) = Geometry::of(&chart)
        {
            self.start.set_value(Some(plot.share(event.client_x().into())));
            // With the pointer captured, the drag goes on outside of the chart.
            let _ = chart.set_pointer_capture(event.pointer_id());
        }
    }

    /// Handles a pointer that moves: shows the values at that time, and the band of a drag.
    pub fn moved(&self, event: &PointerEvent) {
        let Some((chart, plot)) = pointed(event) else {
            return self.leave();
        };
        let share = plot.share(event.client_x().into());
        if let Some(start) = self.start.get_value() {
            self.charts.mark(&chart, start, share);
        }
        self.act(&chart, Gesture::Point(share));
    }

    /// Handles a released button: a drag becomes the range of the page, a click leads to the rows of a bucket.
    pub fn up(&self, event: &PointerEvent) {
        let start = self.start.try_update_value(Option::take).flatten();
        let (Some(start), Some((chart, plot))) = (start, pointed(event)) else {
            return;
        };
        let end = plot.share(event.client_x().into());
        self.leave();
        if (end - start).abs() * plot.width < LEAST {
            return self.act(&chart, Gesture::Choose(Some(end)));
        }
        self.act(&chart, Gesture::Drag(start.min(end), start.max(end)));
    }

    /// Handles keys: the arrows move by one bucket, Enter leads to the rows of the bucket, Escape hides the marks and ends
    /// a drag.
    pub fn key(&self, event: &KeyboardEvent) {
        let key = event.key();
        if key == "Escape" {
            self.start.set_value(None);
            return self.leave();
        }
        let gesture = match key.as_str() {
            "ArrowLeft" => Gesture::Step(-1),
            "ArrowRight" => Gesture::Step(1),
            "Enter" => Gesture::Choose(None),
            _ => return,
        };
        if let Some(chart) = browser::closest(event, TIMED) {
            event.prevent_default();
            self.act(&chart, gesture);
        }
    }

    /// Acts on an event, or keeps it until the data of its chart arrives.
    fn act(&self, chart: &Element, gesture: Gesture) {
        self.charts.want();
        let panel = panel_of(chart).filter(|panel| !self.charts.has(panel));
        self.waiting.set_value(panel.map(|panel| (panel, gesture)));
        if self.waiting.with_value(Option::is_some) {
            return;
        }
        let time = |share| self.charts.time(chart, share);
        match gesture {
            Gesture::Point(share) => self.show(time(share)),
            Gesture::Step(by) => self.show(self.charts.moved(chart, self.time.get_value(), by)),
            Gesture::Choose(share) => {
                let chosen = match share {
                    Some(share) => time(share),
                    None => self.time.get_value(),
                };
                let ends = chosen.and_then(|time| self.charts.bucket(chart, time));
                if let (Some([from, to]), Some(rows)) = (ends, rows_of(chart)) {
                    // The last range of an address is the one that counts.
                    browser::leave_for(&format!("{rows}&from={from}&to={to}"));
                }
            }
            Gesture::Drag(from, to) => {
                if let (Some(from), Some(to)) = (time(from), time(to))
                    && let Some((from, to)) = self.charts.minutes(chart, from, to)
                {
                    self.navigator
                        .set_fields(vec![("from".into(), from), ("to".into(), to)]);
                }
            }
        }
    }

    /// Acts on the event that waited for data, or shows the same time on the charts that have arrived.
    fn catch_up(&self) {
        let Some(waiting) = self.waiting.try_get_value() else {
            return;
        };
        match waiting {
            Some((panel, gesture)) if self.charts.has(&panel) => {
                let charts = browser::query_all(TIMED);
                let mut charts = charts.filter(|chart| panel_of(chart).as_ref() == Some(&panel));
                if let Some(chart) = charts.next() {
                    self.act(&chart, gesture);
                }
            }
            Some(_) => {}
            None => {
                if let Some(time) = self.time.get_value() {
                    self.charts.show(time);
                }
            }
        }
    }

    fn show(&self, time: Option<Timestamp>) {
        self.time.set_value(time);
        match time {
            Some(time) => self.charts.show(time),
            None => self.charts.hide(),
        }
    }

    fn leave(&self) {
        self.waiting.update_value(|waiting| {
            *waiting = waiting
                .take()
                .filter(|(_, gesture)| matches!(gesture, Gesture::Drag(..) | Gesture::Choose(_)))
        });
        if self.time.get_value().is_some() {
            self.show(None);
        }
    }
}

/// Returns the address of the rows behind the panel of a chart.
fn rows_of(chart: &Element) -> Option<String> {
    let panel = chart.closest("[data-panel]").ok()??;
    panel.query_selector("[data-rows]").ok()??.get_attribute("href")
}

fn pointed(event: &PointerEvent) -> Option<(Element, Geometry)> {
    let chart = browser::closest(event, TIMED)?;
    let plot = Geometry::of(&chart)?;
    Some((chart, plot))
}
